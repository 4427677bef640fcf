import type { Finding, Id } from '../../contract/model';
import type { Session } from '../app/session';
import { absentRest, allUnsure, cleared, type Answer } from '../labels/answers';
import { cellOf, type ImageView } from '../labels/labels';
import { count } from '../controls/figures';

/** The bound of the contract's labels.apply. */
const MOST_CELLS = 200_000;

export interface GridContext {
  readonly session: Session;
  readonly hidden: boolean;
  readonly hint: (text: string) => void;
}

/**
 * A finding's key on the selection: one action, one undo step. Multi-label: present, or absent if it is present in all
 * of them, or not read if it is absent in all of them; with Shift unsure.
 */
export function assign(context: GridContext, finding: Finding, unsure: boolean): void {
  const { session } = context;
  const { task } = session.project();
  const views = selected(context);
  if (views.length === 0) return;
  if (task === 'multiclass') {
    if (unsure) return context.hint('In this project unsure is about the whole image: press 0.');
    // The present cell says it all, main makes the others absent; naming them would reach the bound three times as early.
    return apply(context, views, () => [{ finding: finding.id, state: 'present' }]);
  }
  const all = (state: string) => views.every((view) => cellOf(view, finding.id).state === state);
  const state = unsure ? 'unsure' : all('present') ? 'absent' : all('absent') ? 'none' : 'present';
  return apply(context, views, () => [{ finding: finding.id, state }]);
}

export function unsureSelection(context: GridContext): void {
  const { task, findings } = context.session.project();
  if (task === 'multilabel') return context.hint('Press Shift and a finding’s key to make it unsure.');
  return apply(context, selected(context), () => allUnsure(findings));
}

export function absentRestOfSelection(context: GridContext): void {
  const { task, findings } = context.session.project();
  if (task === 'multiclass') return context.hint('In this project an image has one finding: choose it by its key.');
  return apply(context, selected(context), (view) => absentRest(findings, view));
}

export function clearSelection(context: GridContext): void {
  const { findings } = context.session.project();
  apply(context, selected(context), (view) => cleared(findings, view));
}

/** Enter: the cell with the keyboard, large. */
export function openActive(session: Session): void {
  const { active } = session.selection.view.get();
  const image = session.selection.list[active];
  if (image !== undefined) openImage(session, image);
}

export function openImage(session: Session, image: Id): void {
  session.queue.goTo(image);
  session.view.set('queue');
}

function selected({ session, hint }: GridContext): ImageView[] {
  const images = [...session.selection.view.get().selected];
  if (images.length === 0) hint('Select images first: click, Ctrl+click, Shift+click, or Ctrl+A.');
  return images.map((image) => session.labels.of(image));
}

function apply({ session, hidden, hint }: GridContext, views: readonly ImageView[], answers: (view: ImageView) => Answer[]): void {
  const cells: { image: Id; answers: Answer[] }[] = [];
  let many = 0;
  for (const view of views) {
    const own = answers(view).filter(({ finding, state }) => cellOf(view, finding).state !== state);
    if (own.length === 0) continue;
    cells.push({ image: view.id, answers: own });
    many += own.length;
  }
  if (many > MOST_CELLS) return hint(`At most ${count(MOST_CELLS)} labels fit into one step: select fewer images.`);
  if (cells.length > 0) void session.writer.apply(cells, views.length === 1 ? 'typed' : 'bulk', !hidden);
}
