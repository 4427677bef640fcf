import { defaultMissed } from '../../contract/jobs/trainer';
import type { ProjectStatus } from '../../contract/views';
import { BUILTIN_ENCODER, type Project } from '../../contract/model';
import type { Embedding } from './embedding';
import type { Training } from './training';

/** What the page is told of the work on the open project. */
export function statusOf(
  project: Project,
  scan: ProjectStatus['scan'],
  embedding: Embedding,
  training: Training,
  tuning: boolean,
  failures: ProjectStatus['failures'],
): ProjectStatus {
  const { opened } = embedding;
  return {
    project: project.id,
    scan: scan,
    embedding: {
      state: embedding.state,
      done: embedding.done,
      total: embedding.total,
      failed: embedding.failures.size,
      redrawn: embedding.redrawn,
      rate: embedding.rate,
      secondsLeft: embedding.secondsLeft,
      damaged: embedding.damaged,
    },
    encoder: opened && {
      id: opened.card.id,
      name: opened.card.name,
      builtin: project.encoder === BUILTIN_ENCODER,
      provider: opened.provider,
      reason: opened.reason,
      precision: opened.card.precision,
      quantisation: opened.card.quantisation,
      tokenBytes: halves(opened.card.outputs.tokens),
      blockBytes: opened.card.kind === 'eva-x' ? halves(opened.card.outputs.blockInput) : null,
    },
    trainer: {
      backend: training.backend,
      reason: training.reason,
      stage: training.stage,
      tuning: tuning,
      tunedWaits: training.tunedWaits,
      milliseconds: training.milliseconds,
      settings: chosen(training),
    },
    failures,
  };
}

const chosen = ({ settings: { strategy, head, combine, missed } }: Training): ProjectStatus['trainer']['settings'] => ({
  strategy,
  head,
  combine: combine ?? 'mean',
  missed: missed ?? defaultMissed,
});

/** Bytes of so many values in half precision. */
const halves = (shape: readonly [number, number] | undefined): number | null => (shape ? 2 * shape[0] * shape[1] : null);
