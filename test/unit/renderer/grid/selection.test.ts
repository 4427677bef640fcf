import { describe, expect, it } from 'vitest';
import { GridSelection } from '../../../../src/renderer/grid/selection';
import { id } from '../made-up/project';

const list = Array.from({ length: 5000 }, (_, i) => id(i + 1, 'G'));
const fresh = () => {
  const selection = new GridSelection();
  selection.show(list);
  return selection;
};
const alone = { toggle: false, range: false };

describe('the selection of the grid', () => {
  it('reaches with Shift over cells that were never rendered', () => {
    const selection = fresh();
    selection.click(10, alone);
    selection.click(4200, { toggle: false, range: true });
    expect(selection.view.get().selected.size).toBe(4191);
    // The anchor stays: a second Shift+click makes another range from the same place.
    selection.click(5, { toggle: false, range: true });
    expect([...selection.view.get().selected]).toEqual(list.slice(5, 11));
  });
  it('toggles with Ctrl and adds a range with Ctrl+Shift', () => {
    const selection = fresh();
    selection.click(1, alone);
    selection.click(3, { toggle: true, range: false });
    selection.click(1, { toggle: true, range: false });
    expect([...selection.view.get().selected]).toEqual([list[3]]);
    selection.click(0, { toggle: true, range: true });
    expect(selection.view.get().selected.size).toBe(3);
  });
  it('selects all and none', () => {
    const selection = fresh();
    selection.all();
    expect(selection.view.get().selected.size).toBe(5000);
    selection.none();
    expect(selection.view.get().selected.size).toBe(0);
  });
  it('keeps what is still shown when the list changes', () => {
    const selection = fresh();
    selection.click(2, alone);
    selection.click(6, { toggle: false, range: true });
    selection.show(list.slice(4));
    expect([...selection.view.get().selected]).toEqual(list.slice(4, 7));
    expect(selection.view.get().active).toBe(2);
  });
  it('moves with the arrows and stops at the ends', () => {
    const selection = fresh();
    selection.move(1, false);
    expect(selection.view.get().active).toBe(0);
    selection.move(-7, false);
    expect(selection.view.get().active).toBe(0);
    selection.move(7, true);
    expect(selection.view.get().selected.size).toBe(8);
  });
});
