import type { Finding, Id } from '../../contract/model';
import type { Session } from '../app/session';
import { absentRest, allUnsure, cleared, type Answer } from '../labels/answers';
import { cellOf, type ImageView } from '../labels/labels';
import { count, counted } from '../controls/figures';
import type { Manner } from '../labels/writer';
import { bulkOf, type Bulk } from './bulk';

/** The bound of the contract's labels.apply. */
const MOST_CELLS = 200_000;

export interface GridContext {
  readonly session: Session;
  readonly hidden: boolean;
  readonly hint: (text: string) => void;
  /** What was read already would change: the person decides. */
  readonly ask: (bulk: Bulk, run: (bulk: Bulk) => void) => void;
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
  return apply(context, selected(context), (view) => absentRest(findings, view), 'restAbsent');
}

export function clearSelection(context: GridContext): void {
  const { findings } = context.session.project();
  const views = selected(context);
  const { cells, images } = bulkOf(context.session.project().task, views, (view) => cleared(findings, view));
  if (cells.length === 0) return;
  write(context, views, cells);
  context.hint(`The labels of ${counted(images, 'image')} were taken away; undo puts them back.`);
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

/** One action. Of several images, labels that are there already are changed only where the person says so. */
function apply(context: GridContext, views: readonly ImageView[], answers: (view: ImageView) => Answer[], by?: Manner['by']): void {
  const bulk = bulkOf(context.session.project().task, views, answers);
  const run = ({ cells }: Bulk) => write(context, views, cells, by);
  if (views.length > 1 && bulk.read > 0) return context.ask(bulk, run);
  return run(bulk);
}

function write({ session, hidden, hint }: GridContext, views: readonly ImageView[], cells: Bulk['cells'], by?: Manner['by']): void {
  const many = cells.reduce((sum, { answers }) => sum + answers.length, 0);
  if (many > MOST_CELLS) return hint(`At most ${count(MOST_CELLS)} labels fit into one step: select fewer images.`);
  if (many > 0) void session.writer.apply(cells, { source: views.length === 1 ? 'typed' : 'bulk', shown: !hidden, by });
}
