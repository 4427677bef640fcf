import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Comparison } from '../../../../src/renderer/viewer/comparison';
import { ViewerControls } from '../../../../src/renderer/viewer/controls';
import { imagePoint } from '../../../../src/renderer/viewer/geometry';
import type { NamedWindow } from '../../../../src/renderer/viewer/window';

const window = (kind: NamedWindow['kind'], center: number): NamedWindow => ({ kind, name: kind, center, width: 100 });

function two(sizes = { main: { width: 2000, height: 1000 }, second: { width: 500, height: 500 } }) {
  const main = new ViewerControls();
  const comparison = new Comparison(main);
  const { viewer: second } = comparison;
  for (const each of [main, second]) each.setBox({ width: 400, height: 300 });
  main.setImage(sizes.main);
  second.setImage(sizes.second);
  main.setPresets([window('file', 1), window('lung', 2)], { slope: 1, intercept: 0 });
  second.setPresets([window('full', 3), window('lung', 4)], { slope: 1, intercept: 0 });
  return { main, second, comparison };
}

/** The part of the image (0 to 1 each way) in the middle of the box. */
function middle(controls: ViewerControls) {
  const { placement, turn, image } = controls.state.get();
  if (!image) throw new Error('there is no image');
  const { x, y } = imagePoint(placement, turn, image, 0, 0);
  return { x: x / image.width, y: y / image.height };
}

describe('two panes side by side', () => {
  it('show the same part of images of any size, whichever is moved', () => {
    const moves = fc.array(
      fc.record({
        which: fc.boolean(),
        zoom: fc.double({ min: 0.5, max: 3, noNaN: true }),
        dx: fc.integer({ min: -90, max: 90 }),
        dy: fc.integer({ min: -90, max: 90 }),
      }),
      { maxLength: 8 },
    );
    const side = fc.integer({ min: 50, max: 4000 });
    fc.assert(
      fc.property(moves, side, side, side, side, (list, a, b, c, d) => {
        const { main, second } = two({ main: { width: a, height: b }, second: { width: c, height: d } });
        for (const { which, zoom, dx, dy } of list) {
          const moved = which ? main : second;
          moved.zoom(zoom);
          moved.pan(dx, dy);
        }
        const [here, there] = [middle(main), middle(second)];
        expect(there.x).toBeCloseTo(here.x, 6);
        expect(there.y).toBeCloseTo(here.y, 6);
        expect(second.view()?.zoom).toBeCloseTo(main.view()?.zoom ?? 0, 6);
      }),
    );
  });

  it('invert and change the kind of window together; a kind that one has not stays aside', () => {
    const { main, second } = two();
    expect(second.state.get().window?.center).toBe(3);
    main.chooseKind('lung');
    main.invert();
    expect(second.state.get()).toMatchObject({ window: { center: 4 }, inverted: true });
    main.chooseKind('file');
    expect(second.state.get().window?.center).toBe(4);
  });

  it('a new image beside takes over the view instead of giving its own', () => {
    const { main, second } = two();
    main.zoom(3);
    const before = main.view();
    second.clear();
    second.setImage({ width: 900, height: 300 });
    second.setPresets([window('auto', 7)], { slope: 1, intercept: 0 });
    expect(main.view()).toEqual(before);
    expect(second.view()?.zoom).toBeCloseTo(3);
  });

  it('go their own ways when they are not linked, and come together again', () => {
    const { main, second, comparison } = two();
    comparison.linked.set(false);
    main.zoom(4);
    expect(second.view()?.zoom).toBe(1);
    comparison.linked.set(true);
    expect(second.view()?.zoom).toBeCloseTo(4);
  });

  it('keep what is shown while it is among the choice, and step to its end', () => {
    const { comparison } = two();
    comparison.offer(['a', 'b', 'c']);
    expect(comparison.shown.get()).toBe('a');
    expect(comparison.step(1)).toBe(true);
    comparison.offer(['new', 'b']);
    expect(comparison.shown.get()).toBe('b');
    expect(comparison.step(1)).toBe(false);
    comparison.offer(['x']);
    expect(comparison.shown.get()).toBe('x');
  });
});
