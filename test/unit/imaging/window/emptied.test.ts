import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unstated, type Raster } from '../../../../src/imaging/formats/raster';
import { defaultView, display, presets } from '../../../../src/imaging/window/display';
import { windowTable } from '../../../../src/imaging/window/linear';

const raster = (data: Uint8Array | Uint16Array, more: Partial<Raster>): Raster => ({
  ...unstated,
  width: data.length,
  height: 1,
  channels: 1,
  data,
  bits: 16,
  format: 'DICOM',
  orientation: 1,
  ...more,
});
const ramp = Uint16Array.from({ length: 4000 }, (_, i) => 12_000 + i);
const outside = { name: 'stated', center: 3174, width: 2426 };
const inside = { name: 'stated', center: 14_000, width: 4000 };

describe('a window that shows next to nothing', () => {
  test('gives way to percentiles, with a note; the viewer offers it behind them', () => {
    const source = raster(ramp, { windows: [outside, inside] });
    expect(defaultView(source).notes).toEqual(['window-empty']);
    expect(new Set(display(source).data).size).toBeGreaterThan(200);
    expect(presets(source).map(({ kind }) => kind)).toEqual(['auto', 'file', 'file', 'narrow', 'lung', 'bone', 'full']);
    expect(defaultView(raster(ramp, { windows: [inside, outside] }))).toEqual({ window: inside, notes: [] });
  });

  test('so does a table, and an image of eight bits', () => {
    const table = new Uint8Array(65536).fill(255, 40_000);
    expect(defaultView(raster(ramp, { windows: [{ ...inside, table }] })).notes).toEqual(['window-empty']);
    const eight = raster(
      Uint8Array.from({ length: 256 }, (_, i) => i),
      { windows: [outside], bits: 8 },
    );
    expect(defaultView(eight).notes).toEqual(['window-empty']);
    expect(presets(eight).map(({ kind }) => kind)).toEqual(['auto', 'file', 'full', 'narrow', 'lung', 'bone']);
  });

  test('an image that is flat itself keeps its window, and the padding counts for nothing', () => {
    const mask = Uint16Array.from({ length: 4000 }, (_, i) => (i % 3 === 0 ? 0 : 1));
    expect(defaultView(raster(mask, { windows: [outside] }))).toEqual({ window: outside, notes: [] });
    const framed = Uint16Array.from([...new Uint16Array(300_000), ...ramp]);
    expect(defaultView(raster(framed, { windows: [inside], padding: { low: 0, high: 0 } })).notes).toEqual([]);
    expect(defaultView(raster(framed, { windows: [outside], padding: { low: 0, high: 0 } })).notes).toEqual(['window-empty']);
  });

  test('whatever the window, either it is used or it would have shown two greys in 98 of 100 pixels', () => {
    fc.assert(
      fc.property(fc.integer({ min: -2000, max: 30_000 }), fc.integer({ min: 1, max: 20_000 }), (center, width) => {
        const window = { name: '', center, width };
        const view = defaultView(raster(ramp, { windows: [window] }));
        const table = windowTable(window, 65535);
        const counts = new Map<number, number>();
        for (const sample of ramp) counts.set(table[sample] ?? 0, (counts.get(table[sample] ?? 0) ?? 0) + 1);
        const [first = 0, second = 0] = [...counts.values()].sort((a, b) => b - a);
        expect(view.window === window).toBe(first + second <= 0.98 * ramp.length);
      }),
    );
  });
});
