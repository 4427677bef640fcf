import type { Id } from '../../contract/model';
import { Signal } from '../app/signal';

export interface SelectionView {
  readonly selected: ReadonlySet<Id>;
  /** The cell with the keyboard, as a place in the shown list; -1: none. */
  readonly active: number;
  /** Where a range begins. */
  readonly anchor: number;
}

/** Which images of the grid are selected. Works on the list of ids, so that a range reaches over cells that are not rendered. */
export class GridSelection {
  readonly view = new Signal<SelectionView>({ selected: new Set(), active: -1, anchor: -1 });
  #list: readonly Id[] = [];

  get list(): readonly Id[] {
    return this.#list;
  }

  /** Another list is shown: what is no longer in it is no longer selected. */
  show(list: readonly Id[]): void {
    const { selected, active } = this.view.get();
    const activeImage = this.#list[active];
    this.#list = list;
    const inList = selected.size === 0 ? null : new Set(list);
    const place = activeImage === undefined ? -1 : list.indexOf(activeImage);
    this.view.set({
      selected: inList ? new Set([...selected].filter((image) => inList.has(image))) : selected,
      active: place,
      anchor: place,
    });
  }

  /** A click: alone it selects one; with Ctrl it toggles one; with Shift it selects from the anchor to here. */
  click(place: number, how: { readonly toggle: boolean; readonly range: boolean }): void {
    const image = this.#list[place];
    if (image === undefined) return;
    const { selected, anchor } = this.view.get();
    if (how.range) {
      const [from, to] = anchor < 0 ? [place, place] : [Math.min(anchor, place), Math.max(anchor, place)];
      const range = this.#list.slice(from, to + 1);
      this.view.set({
        selected: new Set(how.toggle ? [...selected, ...range] : range),
        active: place,
        anchor: anchor < 0 ? place : anchor,
      });
      return;
    }
    if (!how.toggle) {
      this.view.set({ selected: new Set([image]), active: place, anchor: place });
      return;
    }
    const next = new Set(selected);
    if (!next.delete(image)) next.add(image);
    this.view.set({ selected: next, active: place, anchor: place });
  }

  /** Arrow keys: the active cell moves; with Shift the range grows with it. */
  move(by: number, range: boolean): void {
    const { active } = this.view.get();
    const place = active < 0 ? 0 : Math.min(this.#list.length - 1, Math.max(0, active + by));
    this.click(place, { toggle: false, range });
  }

  all(): void {
    this.view.update((view) => ({ ...view, selected: new Set(this.#list) }));
  }

  none(): void {
    this.view.update((view) => ({ ...view, selected: new Set(), anchor: view.active }));
  }
}
