import type { Acceptance } from '../../contract/jobs/trainer';
import type { RoundView } from '../../contract/views';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count, counted, percent } from '../controls/figures';
import { Term } from '../controls/Term';
import { useProject } from '../labels/use-labels';

/** Of 100 images with a finding. */
const LIMITS = [1, 2, 5, 10, 20];
const SKILL =
  'On patients that it had not seen, the model’s probabilities are better than always answering how frequent the finding is, by two standard errors of the log loss';

/** What Enter may take over, how sure that is, and how far the person lets it go. */
export function EnterRule() {
  const { proposals } = useSession();
  const { task } = useProject();
  const round = useSignal(proposals.round);
  return (
    <section data-testid="enter-rule">
      <h3>What Enter accepts</h3>
      {task === 'multilabel' && <Limit />}
      {round?.acceptance && round.head ? (
        <Accepted task={task} acceptance={round.acceptance} names={round.head.findings} />
      ) : (
        <p className="muted">Nothing yet: there are not enough labels to say whether the model is right.</p>
      )}
    </section>
  );
}

function Limit() {
  const { bridge, problems } = useServices();
  const { id: project, status } = useSession();
  const { settings } = useSignal(status).trainer;
  const choices = [...new Set([...LIMITS, Math.round(settings.missed * 100)])].sort((a, b) => a - b);
  const choose = async (missed: number) => {
    const result = await bridge.call('queue.settings', { project, ...settings, missed });
    if (!result.ok) problems.failure(result.failure);
  };
  return (
    <label className="limit">
      <span>Of 100 images with a finding, accepted as absent at most</span>
      <select
        value={Math.round(settings.missed * 100)}
        onChange={(event) => void choose(Number(event.target.value) / 100)}
        data-testid="missed"
      >
        {choices.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

function Accepted(props: {
  readonly task: string;
  readonly acceptance: Acceptance;
  readonly names: NonNullable<RoundView['head']>['findings'];
}) {
  const { task, acceptance, names } = props;
  const { skill, enough, present, absent, needed, positives, wrong } = acceptance;
  const skilled = skill.filter(Boolean).length;
  const without = names.length - skilled;
  if (task === 'multiclass') {
    const few = names.filter((_, k) => !enough[k]);
    return (
      <p className="muted">
        {skilled === 0 ? (
          'Nothing yet: there are not enough labels to say whether the model is right.'
        ) : (
          <>
            The likeliest class from 50 % on: the model has <Term means={SKILL}>skill</Term>.
            {few.length > 0 && ` Not where ${few.join(' or ')} is one of the two likeliest: fewer than 5 labels.`}
          </>
        )}
      </p>
    );
  }
  return (
    <>
      {skilled > 0 && (
        <table className="counts enter-table" data-testid="enter-table">
          <thead>
            <tr>
              <th scope="col">Finding</th>
              <th scope="col">Present from</th>
              <th scope="col">Absent below</th>
              <th scope="col">
                <Term means="Of the blind audits that Enter would have called absent: the share that has the finding, with a 95 % interval">
                  Expected wrong
                </Term>
              </th>
            </tr>
          </thead>
          <tbody>
            {names.map((name, k) =>
              skill[k] ? (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{limit(present[k])}</td>
                  <td title={absentTitle(absent[k], positives[k], needed)}>{limit(absent[k])}</td>
                  <td>{wrongOf(wrong[k])}</td>
                </tr>
              ) : null,
            )}
          </tbody>
        </table>
      )}
      {without > 0 && (
        <p className="muted" data-testid="enter-without">
          {skilled === 0
            ? 'None of the findings has labels enough yet: Enter leaves all of them unread.'
            : `${counted(without, 'other finding')} ${without === 1 ? 'has' : 'have'} too few labels yet: Enter leaves ${without === 1 ? 'it' : 'them'} unread.`}
        </p>
      )}
      <p className="muted">
        Absent takes {counted(needed, 'patient')} with the finding at this limit: the threshold is the one under which at most{' '}
        {percent(acceptance.missed)} of unseen images with it fall.
      </p>
    </>
  );
}

/** More digits near zero, where the thresholds for absent lie. */
const limit = (at: number | null | undefined): string =>
  at === null || at === undefined ? 'never' : at < 0.1 ? `${(at * 100).toFixed(1)} %` : percent(at);

const absentTitle = (limit: number | null | undefined, have = 0, needed = 0): string | undefined =>
  limit === null && have < needed ? `${count(have)} of ${counted(needed, 'patient')} with the finding` : undefined;

function wrongOf(wrong: Acceptance['wrong'][number] | undefined) {
  if (!wrong || wrong.n === 0) return <span className="muted">not enough yet to say</span>;
  return (
    <>
      {percent(wrong.wrong / wrong.n)}
      <span className="range">
        {percent(wrong.low)} to {percent(wrong.high)}
      </span>
      <span className="range">n = {count(wrong.n)}</span>
    </>
  );
}
