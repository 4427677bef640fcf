import { useState } from 'react';
import type { TunedKind } from '../../contract/head';
import type { TuneOutcome } from '../../contract/jobs/trainer';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { bytes, count } from '../controls/figures';
import { JobProgress } from '../controls/JobProgress';
import { Term } from '../controls/Term';
import { TunedPart } from './TunedPart';
import { tunedParts } from './choices';

/** Offers to learn more than a linear head, once there are labels for it. Says nothing where the encoder gives no image regions. */
export function FineTune() {
  const { bridge } = useServices();
  const { id: project, status, proposals } = useSession();
  const { encoder, embedding, trainer } = useSignal(status);
  const round = useSignal(proposals.round);
  const [outcome, setOutcome] = useState<TuneOutcome | null>(null);
  const [wish, setWish] = useState<TunedKind>('attentive');
  if (!encoder || encoder.tokenBytes === null) return null;
  const labelled = round?.metrics.labelled ?? 0;
  const { from } = tunedParts.attentive;
  /** Why the encoder's last block is not on offer. */
  const blockNot =
    encoder.blockBytes === null
      ? 'Only with EVA-X encoders.'
      : labelled < tunedParts.block.from
        ? `From ${count(tunedParts.block.from)} labelled images on, since it has millions of numbers to learn; now ${count(labelled)}.`
        : null;
  const kind = blockNot === null ? wish : 'attentive';
  const size = (kind === 'block' ? encoder.blockBytes : null) ?? encoder.tokenBytes;
  const start = async () => {
    setOutcome(null);
    const result = await bridge.call('tuning.start', { project, kind });
    // What fails is said with all other work in the background.
    if (result.ok) setOutcome(result.value);
  };
  return (
    <section data-testid="fine-tune">
      <h3>
        <Term means="Training more than a linear head on the encoder's embedding: attention pooling, or the encoder's last block">
          Fine-tuning
        </Term>
      </h3>
      {trainer.tunedWaits && !trainer.tuning && embedding.state === 'done' && (
        <p className="warning" data-testid="tuned-waits">
          Images were added or are missing since the head was fine-tuned: it waits, and the linear head makes the proposals. Fine-tune again
          to have one for the images that there are now.
        </p>
      )}
      {trainer.tuning ? (
        <JobProgress job="tune" title="Fine-tuning" />
      ) : labelled < from ? (
        <p className="muted">
          From {from} labelled images on Collimate can learn where in the image to look for each finding; now {count(labelled)}.
        </p>
      ) : (
        <>
          <p className="muted">
            {tunedParts[kind].about} Takes up to {bytes(size * embedding.total)} on the disk; proposals change only where the result is
            clearly better.
          </p>
          <button className="button small" onClick={() => void start()} disabled={embedding.state !== 'done'} data-testid="start-tuning">
            Fine-tune
          </button>
          <TunedPart chosen={kind} blockNot={blockNot} onChoose={setWish} />
        </>
      )}
      {outcome && (
        <p role="status" data-testid="tuning-outcome">
          {outcome.wins ? 'Clearly better: it makes the proposals from now on.' : 'Not clearly better: the head stays as it is.'}{' '}
          <span className="muted">
            <Term means="Mean surprise at the true answers, on patients left out of training; lower is better">Log loss</Term>{' '}
            {outcome.loss.toFixed(3)} against {outcome.linearLoss.toFixed(3)}, {count(outcome.labels)} images.
          </span>
        </p>
      )}
    </section>
  );
}
