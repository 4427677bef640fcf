import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count, counted, percent } from '../controls/figures';
import { useProject } from '../labels/use-labels';
import { OpenReserveButton } from './OpenReserve';

const SHARES = [0, 0.05, 0.1, 0.15, 0.2, 0.3];

/** How large the reserve is, how much of it was asked, what of it measures nothing, and how its negatives came about. */
export function AuditState() {
  const { bridge, problems } = useServices();
  const { id: project, labels, proposals } = useSession();
  const { audit, task } = useProject();
  const round = useSignal(proposals.round);
  const totals = useSignal(labels.totals);
  const choose = async (share: number) => {
    const result = await bridge.call('projects.audit', { project, share });
    if (!result.ok) problems.failure(result.failure);
  };
  const { reserve = { patients: 0, asked: 0 }, notBlind = 0 } = round?.metrics ?? {};
  const shares = [...new Set([...SHARES, audit.share])].sort((a, b) => a - b);
  return (
    <section data-testid="audit-state">
      <h3>Audit</h3>
      {audit.opened === undefined ? (
        <>
          <label className="limit">
            <span>Share of the patients that is reserved</span>
            <select value={audit.share} onChange={(event) => void choose(Number(event.target.value))} data-testid="audit-share">
              {shares.map((each) => (
                <option key={each} value={each}>
                  {Math.round(each * 100)} %
                </option>
              ))}
            </select>
          </label>
          <p className="muted">
            Drawn once from the whole pool. Their images are answered without the model’s opinion and kept out of training: they measure the
            model.
          </p>
          {round && (
            <p className="figures" data-testid="reserve">
              {count(reserve.asked)} of {counted(reserve.patients, 'patient')} asked
            </p>
          )}
          <OpenReserveButton />
        </>
      ) : (
        <p className="muted">
          The reserve was opened on {audit.opened.slice(0, 10)}: nothing is reserved any more. What was answered blind before stays out of
          training.
        </p>
      )}
      {notBlind > 0 && (
        <p className="muted" data-testid="not-blind">
          {counted(notBlind, 'image')} of the audit {notBlind === 1 ? 'was' : 'were'} not answered blind (an older audit, in bulk, or
          imported): kept out of training, and never mixed into the figures.
        </p>
      )}
      {task === 'multilabel' && totals.restAbsent > 0 && (
        <p className="figures" data-testid="rest-absent">
          By A: {counted(totals.restAbsent, 'label')} absent
          {totals.blindAbsent > 0 &&
            `; of ${counted(totals.blindAbsent, 'audit negative')} ${count(totals.blindRestAbsent)} (${percent(totals.blindRestAbsent / totals.blindAbsent)})`}
        </p>
      )}
    </section>
  );
}
