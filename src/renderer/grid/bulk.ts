import type { Id, Task } from '../../contract/model';
import type { Answer } from '../labels/answers';
import { cellOf, type ImageView } from '../labels/labels';

/** What one action on many images would write. */
export interface Bulk {
  readonly cells: readonly { readonly image: Id; readonly answers: readonly Answer[] }[];
  /** Images among them. */
  readonly images: number;
  /** Labels that somebody has given already and that would change; and of those, how many blind answers of the audit. */
  readonly read: number;
  readonly blind: number;
  /** The same action without them. */
  readonly unread: Bulk['cells'];
}

/** Only what would be another state than it is. */
export function bulkOf(task: Task, views: readonly ImageView[], answers: (view: ImageView) => readonly Answer[]): Bulk {
  const cells: { image: Id; answers: Answer[] }[] = [];
  const unread: { image: Id; answers: Answer[] }[] = [];
  let [read, blind] = [0, 0];
  for (const view of views) {
    const own = answers(view).filter(({ finding, state }) => cellOf(view, finding).state !== state);
    if (own.length === 0) continue;
    const fresh = own.filter(({ finding }) => cellOf(view, finding).state === 'none');
    cells.push({ image: view.id, answers: own });
    if (fresh.length > 0) unread.push({ image: view.id, answers: fresh });
    const given = own.filter((answer) => !fresh.includes(answer));
    read += labels(task, given);
    blind += labels(
      task,
      given.filter(({ finding }) => cellOf(view, finding).blind),
    );
  }
  return { cells, images: cells.length, read, blind, unread };
}

/** In a multi-class project the answer of an image is one label, however many cells it has. */
export const labels = (task: Task, answers: readonly Answer[]): number =>
  task === 'multiclass' ? Math.min(1, answers.length) : answers.length;
