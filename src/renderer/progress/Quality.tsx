import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count, counted, percent } from '../controls/figures';
import { enoughLabels, whenFitted, whyNoHead } from '../labels/head-state';
import { isFitted } from '../labels/said';
import { useProject } from '../labels/use-labels';
import type { Metrics } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import { AccuracyCurve } from './AccuracyCurve';
import { LearningCurve } from './LearningCurve';
import { commonerShare } from './commoner';
import { Reliability } from './Reliability';

/** How good the head is, each figure with its number of images and its interval. */
export function Quality() {
  const { proposals, labels, status } = useSession();
  const { task } = useProject();
  const totals = useSignal(labels.totals);
  const standing = useSignal(status);
  const round = useSignal(proposals.round);
  if (!round?.head || !isFitted(round)) {
    return (
      <section>
        <h3>Quality</h3>
        <p className="muted">
          {enoughLabels(task, totals) ? whyNoHead(task, totals, standing) : `Figures appear with the first head, ${whenFitted(task)}.`}
        </p>
      </section>
    );
  }
  const { prequential, audit, calibration, findings, lowEvidence, learningCurve, stop, sets } = round.metrics;
  const names = round.head.findings;
  const judged = findings.filter(({ auroc }) => auroc !== null);
  return (
    <section>
      <h3>Quality {lowEvidence && <span className="badge warn">low evidence</span>}</h3>
      {audit && audit.n > 0 && (
        <Figure title="Audit accuracy" value={audit.correct / audit.n} low={audit.low} high={audit.high} n={audit.n} testId="audit">
          Random draws that were never trained on: the unbiased figure.
        </Figure>
      )}
      {prequential && prequential.n > 0 ? (
        <>
          <Figure
            title="Running accuracy"
            value={prequential.correct / prequential.n}
            low={prequential.low}
            high={prequential.high}
            n={prequential.n}
            testId="prequential"
          >
            {runningNote(task, findings)}
          </Figure>
          {prequential.curve.length > 1 && <AccuracyCurve points={prequential.curve} />}
        </>
      ) : (
        <p className="muted">No running accuracy yet: no image was predicted before it was labelled.</p>
      )}
      {calibration && calibration.n > 0 && (
        <>
          <h4>Calibration</h4>
          <Reliability bins={calibration.bins} />
          <p className="figures" data-testid="calibration">
            ECE {calibration.ece.toFixed(3)}, Brier {calibration.brier.toFixed(3)}, n = {count(calibration.n)}
          </p>
        </>
      )}
      {learningCurve && (
        <>
          <h4>Learning curve, AUROC on held-out labels</h4>
          <LearningCurve curve={learningCurve} />
        </>
      )}
      {stop && <StopAdvice stop={stop} />}
      {sets && (
        <p className="figures" data-testid="proposal-sets">
          Proposal sets miss the truth in at most {percent(sets.alpha)}, from n = {count(Math.min(...sets.n))} audit draws of each finding.
        </p>
      )}
      {judged.length > 0 && (
        <>
          <h4>AUROC, out of fold</h4>
          <table className="counts">
            <thead>
              <tr>
                <th scope="col">Finding</th>
                <th scope="col">AUROC</th>
                <th scope="col">95 %</th>
                <th scope="col">n</th>
              </tr>
            </thead>
            <tbody>
              {judged.map(({ finding, auroc, aurocLow, aurocHigh, present, absent }) => (
                <tr key={finding}>
                  <th scope="row">{names[finding]}</th>
                  <td>{auroc?.toFixed(2)}</td>
                  <td>{aurocLow === null || aurocHigh === null ? '–' : `${aurocLow.toFixed(2)} to ${aurocHigh.toFixed(2)}`}</td>
                  <td title={`${counted(present, 'image')} present, ${count(absent)} absent`}>{count(present + absent)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}

function StopAdvice({ stop: { kappas, gain, advised } }: { readonly stop: NonNullable<Metrics['stop']> }) {
  return (
    <div className="figure" data-testid="stop-advice">
      <p>{advised ? 'This may be enough: the head hardly changes any more.' : 'More labels still change the head.'}</p>
      <p className="figures">
        {kappas.length > 0 &&
          `Agreement of the last ${String(kappas.length + 1)} heads: kappa ${kappas.map((kappa) => kappa.toFixed(2)).join(', ')}. `}
        {gain !== null && `Expected gain in AUROC ${gain.toFixed(3)}. `}Advice only.
      </p>
    </div>
  );
}

function Figure(props: { title: string; value: number; low: number; high: number; n: number; testId: string; children: string }) {
  return (
    <div className="figure" data-testid={props.testId}>
      <div className="figure-line">
        <span>{props.title}</span>
        <strong>{percent(props.value)}</strong>
      </div>
      <p className="figures">
        95 % interval {percent(props.low)} to {percent(props.high)}, n = {count(props.n)}
      </p>
      <p className="muted">{props.children}</p>
    </div>
  );
}

/** What the running accuracy counts, and what it has to beat. */
function runningNote(task: Task, findings: Metrics['findings']): string {
  const commoner = commonerShare(task, findings);
  return [
    'Each image was predicted before its label was used. Pessimistic, since the queue asks for the hard ones.',
    task === 'multilabel' ? 'n counts answers, one for each finding; those of one image hang together.' : '',
    commoner === null ? '' : `Always giving the commoner answer would score ${percent(commoner)}.`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
