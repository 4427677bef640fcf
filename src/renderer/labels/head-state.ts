import type { ProjectStatus } from '../../contract/views';
import type { Task } from '../../contract/model';
import type { Totals } from './labels';

/** Whether a head can be fitted on these labels: it needs two states of one question. */
export function enoughLabels(task: Task, { perFinding }: Pick<Totals, 'perFinding'>): boolean {
  const counts = [...perFinding.values()];
  return task === 'multilabel'
    ? counts.some(({ present, absent }) => present > 0 && absent > 0)
    : counts.filter(({ present }) => present > 0).length >= 2;
}

/** When the first head comes, as the end of a sentence. */
export const whenFitted = (task: Task): string =>
  task === 'multilabel' ? 'once one finding has both present and absent labels' : 'once two classes have labels';

/** Why there is no head yet. */
export function whyNoHead(
  task: Task,
  totals: Pick<Totals, 'perFinding'>,
  { trainer, embedding, scan, failures }: Pick<ProjectStatus, 'trainer' | 'embedding' | 'scan' | 'failures'>,
): string {
  if (!enoughLabels(task, totals)) return `Proposals appear ${whenFitted(task)}.`;
  if (trainer.stage !== 'idle') return 'The first head is being fitted…';
  if (scan.state === 'failed') return 'The folder could not be read: the first head is fitted when it can be.';
  if (embedding.state === 'failed') return 'Embedding has stopped: the first head is fitted when it goes on.';
  if (embedding.state === 'paused') return 'Embedding is paused: the first head is fitted when it goes on.';
  if (embedding.state === 'running' || embedding.state === 'waiting' || scan.state === 'running')
    return 'Images are being embedded: the first head is fitted as soon as the labelled ones are.';
  if (failures.some(({ work }) => work === 'round' || work === 'hand-over'))
    return 'The first head could not be fitted; the reason is shown above.';
  return 'Enough labels for a first head: it has not been begun yet.';
}
