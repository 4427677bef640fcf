import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count, counted, percent } from '../controls/figures';
import { Term } from '../controls/Term';
import { enoughLabels, whenFitted, whyNoHead } from '../labels/head-state';
import { isFitted } from '../labels/said';
import { useProject } from '../labels/use-labels';
import type { Acceptance, Metrics } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import { AccuracyCurve } from './AccuracyCurve';
import { LearningCurve } from './LearningCurve';
import { commonerShare } from './commoner';
import { Calibration } from './Calibration';
import { FindingTable } from './FindingTable';
import { HeadComparison } from './HeadComparison';
import { StopAdvice } from './StopAdvice';
import { AUROC } from './terms';

/** How good the head is, each figure with the number of answers behind it; an interval only where it holds the truth (test/bench/honesty). */
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
      {audit && audit.images >= FEW ? (
        <div className="figure" data-testid="audit">
          <div className="figure-line">
            <span>Audit accuracy</span>
            <strong>{percent(audit.correct / audit.n)}</strong>
          </div>
          <p className="figures">
            <Term means="95 % interval (Wilson); the answers of one patient count together, so that it is not too narrow">Between</Term>{' '}
            {percent(audit.low)} and {percent(audit.high)}, n = {count(audit.n)} answers of {counted(audit.images, 'blind audit')}
          </p>
          <p className="muted">
            Images drawn at random from the whole pool, answered without the model’s opinion and never trained on, one a patient: the
            unbiased figure.
          </p>
        </div>
      ) : (
        <p className="muted" data-testid="audit-too-few">
          How often the model is right on images drawn at random: not enough labels yet to say ({counted(audit?.images ?? 0, 'blind audit')}{' '}
          of {FEW}).
        </p>
      )}
      {prequential && prequential.n >= FEW ? (
        <>
          <div className="figure" data-testid="prequential">
            <div className="figure-line">
              <span>Running accuracy</span>
              <strong>{percent(prequential.correct / prequential.n)}</strong>
            </div>
            <p className="figures">n = {count(prequential.n)}</p>
            <p className="muted">{runningNote(task, findings, prequential, hasSkill(round.acceptance))}</p>
          </div>
          {prequential.curve.length > 1 && <AccuracyCurve points={prequential.curve} />}
        </>
      ) : (
        <p className="muted">How often the model was right before it was told: not enough labels yet to say.</p>
      )}
      {round.head.ready && (
        <p className="muted" data-testid="own-head-figures">
          Running accuracy and learning curve are of the head that your labels fit; for{' '}
          {counted(round.head.ready.findings.filter(Boolean).length, 'finding')} the encoder file’s own head still proposes, and
          calibration, AUROC and audit are of what is proposed.
        </p>
      )}
      {calibration && calibration.n >= FEW && <Calibration calibration={calibration} />}
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
          <Term means="Conformal prediction sets, from blind audits">Proposal sets</Term> miss the truth in at most {percent(sets.alpha)},
          from n = {count(Math.min(...sets.n))} blind audits of each finding.
        </p>
      )}
      <FindingTable names={names} findings={findings} />
      <HeadComparison heads={heads ?? []} used={round.head.kind} />
    </section>
  );
}

/** Below so many answers a share says nothing. */
const FEW = 10;

const hasSkill = (acceptance: Acceptance | null) => acceptance?.skill.some(Boolean) ?? false;

/**
 * What the running accuracy counts, and what it has to beat. Where the model has shown skill on unseen patients, finding by finding, that is what
 * Enter goes by; the running figure is of all findings since the first label, and is not held against it.
 */
function runningNote(task: Task, findings: Metrics['findings'], { correct, n }: { correct: number; n: number }, skill: boolean): string {
  const commoner = commonerShare(task, findings);
  const beaten = commoner !== null && correct / n > commoner;
  return [
    'Each image was predicted before its label was used. Pessimistic, since the queue asks for the hard ones.',
    task === 'multilabel' ? 'n counts answers, one for each finding.' : '',
    commoner === null || (skill && !beaten) ? '' : `Always giving the commoner answer would score ${percent(commoner)}.`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
