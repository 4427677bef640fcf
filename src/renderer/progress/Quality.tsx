import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count, counted, percent } from '../controls/figures';
import { Term } from '../controls/Term';
import { enoughLabels, whenFitted, whyNoHead } from '../labels/head-state';
import { isFitted } from '../labels/said';
import { useProject } from '../labels/use-labels';
import type { Metrics } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import { AccuracyCurve } from './AccuracyCurve';
import { LearningCurve } from './LearningCurve';
import { commonerShare } from './commoner';
import { Calibration } from './Calibration';
import { FindingTable } from './FindingTable';
import { HeadComparison } from './HeadComparison';
import { StopAdvice } from './StopAdvice';
import { AUROC } from './terms';

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
  const { prequential, audit, calibration, findings, lowEvidence, learningCurve, stop, sets, heads } = round.metrics;
  const names = round.head.findings;
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
      {round.head.ready && (
        <p className="muted" data-testid="own-head-figures">
          Running accuracy and learning curve are of the head that your labels fit; for{' '}
          {counted(round.head.ready.findings.filter(Boolean).length, 'finding')} the encoder file’s own head still proposes, and
          calibration, AUROC and audit are of what is proposed.
        </p>
      )}
      {calibration && calibration.n > 0 && <Calibration calibration={calibration} />}
      {learningCurve && (
        <>
          <h4>
            More labels, better <Term means={AUROC}>ranking</Term>?
          </h4>
          <LearningCurve curve={learningCurve} />
        </>
      )}
      {stop && <StopAdvice stop={stop} />}
      {sets && (
        <p className="figures" data-testid="proposal-sets">
          <Term means="Conformal prediction sets, from audit draws">Proposal sets</Term> miss the truth in at most {percent(sets.alpha)},
          from n = {count(Math.min(...sets.n))} audit draws of each finding.
        </p>
      )}
      <FindingTable names={names} findings={findings} />
      <HeadComparison heads={heads ?? []} used={round.head.kind} />
    </section>
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
        <Term means="95 % interval (Wilson); the answers of one patient count together, so that it is not too narrow">Between</Term>{' '}
        {percent(props.low)} and {percent(props.high)}, n = {count(props.n)}
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
    task === 'multilabel' ? 'n counts answers, one for each finding.' : '',
    commoner === null ? '' : `Always giving the commoner answer would score ${percent(commoner)}.`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
