import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unstated, type Raster } from '../../../../src/imaging/formats/raster';
import { display, presets } from '../../../../src/imaging/window/display';
import { windowBetween, windowTable } from '../../../../src/imaging/window/linear';
import { histogram, percentile } from '../../../../src/imaging/window/percentile';

const raster = (data: Uint8Array | Uint16Array, more: Partial<Raster> = {}): Raster => ({
  ...unstated,
  width: data.length,
  height: 1,
  channels: 1,
  data,
  bits: data instanceof Uint8Array ? 8 : 16,
  format: 'PNG',
  orientation: 1,
  ...more,
});

describe('the linear window of PS3.3 C.11.2.1.2', () => {
  // The standard's note: center 2048 and width 4096 is 0 at 0 and the maximum at 4095; width 1 is a threshold.
  test("the standard's own example", () => {
    const table = windowTable({ center: 2048, width: 4096 }, 4095);
    expect([table[0], table[4095], table[2047], table[2048]]).toEqual([0, 255, 127, 128]);
    const threshold = windowTable({ center: 2048, width: 1 }, 4095);
    expect([threshold[2047], threshold[2048]]).toEqual([0, 255]);
  });

  test('it never falls, and maps its edges to 0 and 255', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 1, max: 4000 }), (low, span) => {
        const table = windowTable(windowBetween('', low, low + span), 8000);
        expect([table[low], table[low + span]]).toEqual([0, 255]);
        for (let x = 1; x <= 8000; x++) expect(table[x] ?? 0).toBeGreaterThanOrEqual(table[x - 1] ?? 0);
      }),
      { numRuns: 20 },
    );
  });
});

test('a percentile is the least value whose cumulative count reaches q n', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1 }), fc.constantFrom(0, 0.01, 0.5, 0.99, 1), (values, q) => {
      const sorted = [...values].sort((a, b) => a - b);
      const expected = sorted.find((value) => sorted.filter((other) => other <= value).length >= q * sorted.length);
      expect(percentile(histogram(raster(Uint16Array.from(values))), q)).toBe(expected);
    }),
  );
});

describe('what is shown', () => {
  test('eight bits without a window stay as they are', () => {
    expect(display(raster(Uint8Array.from([0, 7, 255]))).data).toEqual(Uint8Array.from([0, 7, 255]));
  });

  test('sixteen bits without a window spread between percentiles 1 and 99, padding left out', () => {
    const values = Uint16Array.from({ length: 1000 }, (_, i) => 1000 + i);
    const shown = display(
      raster(Uint16Array.from([...values, ...Array<number>(500).fill(65535)]), { padding: { low: 65535, high: 65535 } }),
    ).data;
    expect([shown[0], shown[9], shown[989], shown[999], shown[1200]]).toEqual([0, 0, 255, 255, 255]);
    expect(Math.abs((shown[499] ?? 0) - 127.5)).toBeLessThan(1);
  });

  test('the first window of the file is the default, and inversion comes after it', () => {
    const windows = [
      { name: 'lung', center: 550, width: 1024 },
      { name: 'bone', center: 100, width: 10 },
    ];
    const source = raster(Uint16Array.from([38, 550, 1061]), { windows });
    const plain = display(source).data;
    expect(display({ ...source, inverted: true }).data).toEqual(plain.map((value) => 255 - value));
    expect(
      presets(source)
        .map(({ name }) => name)
        .slice(0, 2),
    ).toEqual(['lung', 'bone']);
    expect(Array.from(plain)).toEqual([0, 128, 255]);
  });
});

describe('the windows for lungs and bone', () => {
  const ramp = Uint16Array.from({ length: 2000 }, (_, i) => 1000 + i);
  const edges = ({ center, width }: { center: number; width: number }) => [center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2];
  const of = (source: Raster, kind: string) => edges(presets(source).find((preset) => preset.kind === kind) ?? { center: NaN, width: NaN });

  test('are the darker and the brighter part as shown, whichever way the samples run', () => {
    const [low, high] = of(raster(ramp), 'lung');
    expect([low, high]).toEqual([1040, 2399]);
    expect(of(raster(ramp), 'bone')).toEqual([1500, 2989]);
    // MONOCHROME1: the samples of the same picture run the other way.
    const turned = raster(
      ramp.map((value) => 4000 - value),
      { inverted: true },
    );
    for (const kind of ['lung', 'bone']) {
      const [from = 0, to = 0] = of(raster(ramp), kind);
      const [otherFrom = 0, otherTo = 0] = of(turned, kind);
      expect(Math.abs(4000 - otherTo - from)).toBeLessThanOrEqual(2);
      expect(Math.abs(4000 - otherFrom - to)).toBeLessThanOrEqual(2);
    }
  });

  test('leave aside background and burnt-in letters, however much of the picture they take', () => {
    const framed = Uint16Array.from([...Array<number>(5000).fill(0), ...ramp, ...Array<number>(3000).fill(65535)]);
    expect(of(raster(framed), 'lung')).toEqual([1039, 2399]);
  });

  test('exist for grey images alone; every kind is there at most once but those of the file', () => {
    const colour = presets({ ...raster(Uint8Array.from([1, 2, 3])), width: 1, channels: 3 });
    expect(colour.map(({ kind }) => kind)).toEqual(['full', 'auto', 'narrow']);
    const windows = [
      { name: 'a', center: 2000, width: 2000 },
      { name: 'b', center: 3, width: 4 },
    ];
    expect(presets(raster(ramp, { windows })).map(({ kind }) => kind)).toEqual(['file', 'file', 'auto', 'narrow', 'lung', 'bone', 'full']);
    expect(presets(raster(Uint8Array.from([1, 2, 3]))).map(({ kind }) => kind)).toEqual(['full', 'auto', 'narrow', 'lung', 'bone']);
  });
});
