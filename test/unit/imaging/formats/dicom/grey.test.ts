import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../../../src/imaging/formats/decode';
import { defaultView, display, presets } from '../../../../../src/imaging/window/display';
import { greyFile, type Elements } from './write';

/** What the file's own view makes of these stored values; when it gives way is another matter (emptied.test.ts). */
async function shown(samples: number[], more: Elements): Promise<number[]> {
  const raster = await decodeImage(greyFile(samples, more), null);
  const { window, notes } = defaultView(raster);
  return Array.from(display(raster, { window: raster.windows[0] ?? window, notes }).data);
}
const window = (center: number | string, width: number | string, shape?: string): Elements => ({
  '00281050': ['DS', String(center)],
  '00281051': ['DS', String(width)],
  ...(shape === undefined ? {} : { '00281056': ['CS', shape] }),
});
const rescale = (slope: number, intercept: number): Elements => ({
  '00281052': ['DS', String(intercept)],
  '00281053': ['DS', String(slope)],
});
const signed: Elements = { '00280103': ['US', [1]] };
const inverted: Elements = { '00280004': ['CS', 'MONOCHROME1'] };

/** The formulas of PS3.3 C.11.2.1.2.1 and C.11.2.1.3, written down as they stand there, for values after the rescale. */
const standard: Record<string, (x: number, c: number, w: number) => number> = {
  LINEAR: (x, c, w) => (x <= c - 0.5 - (w - 1) / 2 ? 0 : x > c - 0.5 + (w - 1) / 2 ? 255 : ((x - (c - 0.5)) / (w - 1) + 0.5) * 255),
  LINEAR_EXACT: (x, c, w) => (x <= c - w / 2 ? 0 : x > c + w / 2 ? 255 : ((x - c) / w + 0.5) * 255),
  SIGMOID: (x, c, w) => 255 / (1 + Math.exp((-4 * (x - c)) / w)),
};

describe('windows', () => {
  const stored = [0, 1, 99, 500, 999, 1000, 1001, 1500, 2047, 2048, 4000, 32767];
  const slopes = fc.constantFrom(1, 2, 0.5, -1, -0.25, 3.774);
  test.each(['LINEAR', 'LINEAR_EXACT', 'SIGMOID'])('%s is what the standard says, for any rescale, sign and polarity', async (shape) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -2000, max: 6000 }),
        fc.integer({ min: 2, max: 5000 }),
        slopes,
        fc.constantFrom(0, -1024, 17.5),
        fc.boolean(),
        fc.boolean(),
        async (center, width, slope, intercept, isSigned, dark) => {
          const values = isSigned ? stored.map((value) => value - 1200) : stored;
          const more = {
            ...window(center, width, shape),
            ...rescale(slope, intercept),
            ...(isSigned ? signed : {}),
            ...(dark ? inverted : {}),
          };
          const found = await shown(values, more);
          values.forEach((value, i) => {
            const grey = standard[shape]?.(slope * value + intercept, center, width) ?? NaN;
            // Half a grey level, and what rounding at exactly half a level decides.
            expect(Math.abs((found[i] ?? NaN) - (dark ? 255 - grey : grey))).toBeLessThanOrEqual(0.5 + 1e-6);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a width of 1 is a threshold, one of 0 or less is no window', async () => {
    expect(await shown([0, 99, 100, 101, 200], window(100, 1))).toEqual([0, 0, 255, 255, 255]);
    for (const width of [0, -5, 0.5]) expect((await decodeImage(greyFile([1, 2, 3], window(2, width)), null)).windows).toEqual([]);
    for (const width of [0, -5]) expect((await decodeImage(greyFile([1, 2, 3], window(2, width, 'SIGMOID')), null)).windows).toEqual([]);
    expect(await shown([0, 99, 100, 101, 200], window(100, 0.5, 'LINEAR_EXACT'))).toEqual([0, 0, 128, 255, 255]);
  });

  test('all windows of a list are offered by name, the first shown; ours follow', async () => {
    const raster = await decodeImage(greyFile([0, 1000], { ...window('500\\40', '1000\\400'), '00281055': ['LO', 'WIDE\\NARROW'] }), null);
    expect(presets(raster).map(({ name }) => name)).toEqual([
      'WIDE',
      'NARROW',
      'percentiles 1 to 99',
      'percentiles 5 to 95',
      'lungs',
      'bone',
      'full range',
    ]);
    expect(presets(raster)[1]).toMatchObject({ center: 40, width: 400 });
  });

  test('a list with fewer widths than centers, or with words in it, gives the windows that are whole', async () => {
    expect((await decodeImage(greyFile([0, 9], window('1\\2\\3', '10')), null)).windows).toHaveLength(1);
    expect((await decodeImage(greyFile([0, 9], window('none', '10')), null)).windows).toEqual([]);
  });

  test('windows are given over samples, and the samples rise with the values', async () => {
    const raster = await decodeImage(greyFile([100, 300], { ...window(-200, 101), ...rescale(-1, 0) }), null);
    const { slope, intercept } = raster.rescale;
    expect(Array.from(raster.data, (sample) => slope * sample + intercept)).toEqual([-100, -300]);
    const [first] = raster.windows;
    expect(slope * ((first?.center ?? 0) - 0.5) + intercept).toBeCloseTo(-200.5, 9);
    expect(raster.inverted).toBe(false);
  });
});

describe('look-up tables', () => {
  const lut = (tag: string, first: number, bits: number, entries: number[], more: Elements = {}): Elements => ({
    [tag]: [
      'SQ',
      [{ '00283002': ['US', [entries.length, first, bits]], '00283003': ['LO', 'CURVE'], '00283006': ['OW', words(entries)], ...more }],
    ],
  });
  const words = (entries: number[]) => new Uint8Array(Uint16Array.from(entries).buffer);

  test('a modality LUT gives its entries, its ends hold beyond it', async () => {
    const raster = await decodeImage(greyFile([0, 9, 10, 11, 12, 400], lut('00283000', 10, 16, [5, 700, 60000])), null);
    expect(Array.from(raster.data)).toEqual([5, 5, 5, 700, 60000, 60000]);
  });

  test('signed pixels enter a modality LUT at a signed first value', async () => {
    const raster = await decodeImage(greyFile([-3, -2, -1, 0], { ...signed, ...lut('00283000', -2, 12, [7, 8, 9]) }), null);
    expect(Array.from(raster.data)).toEqual([7, 7, 8, 9]);
  });

  test('a VOI LUT goes before windows, is entered by the rescaled value and spans its bits', async () => {
    const more = { ...lut('00283010', 20, 12, [0, 1024, 4095]), ...rescale(10, 0), ...window(50, 100) };
    expect(await shown([0, 2, 3, 4], more)).toEqual([0, 0, 255, 255]);
    const raster = await decodeImage(greyFile([0, 2, 3, 4], more), null);
    expect(raster.windows.map(({ name }) => name)).toEqual(['CURVE', 'file 1']);
    // Entered at 20, 21 and 22: samples 2, 2.1 and 2.2.
    expect(raster.windows[0]?.center).toBeCloseTo(2.6, 9);
    expect(await shown([0, 2, 3, 4], { ...more, ...inverted })).toEqual([255, 255, 0, 0]);
  });

  test('entries of 8 bits may be packed', async () => {
    const packed: Elements = { '00283006': ['OW', Uint8Array.from([0, 51, 255, 102])] };
    expect(await shown([0, 1, 2, 3, 9], lut('00283010', 0, 8, [0, 0, 0, 0], packed))).toEqual([0, 51, 255, 102, 102]);
  });

  const short: Elements = { '00283002': ['US', [4000, 0, 16]] };
  const odd: Elements = { '00283002': ['US', [2, 0, 40]] };
  const empty: Elements = { '00283006': ['OW', new Uint8Array(0)] };
  test.each([
    ['shorter than it says', short],
    ['of 40 bits', odd],
    ['without entries', empty],
  ])('a VOI LUT that is %s costs itself: the window beside it is used', async (_name, more) => {
    const raster = await decodeImage(greyFile([0, 50, 100], { ...lut('00283010', 0, 16, [1, 2], more), ...window(50, 100) }), null);
    expect(raster.notes).toEqual(['part-damaged']);
    expect(raster.windows).toMatchObject([{ center: 50, width: 100 }]);
  });

  test('a damaged modality LUT leaves the stored values, and no window, since that was for what comes out of the table', async () => {
    const raster = await decodeImage(greyFile([7, 50, 100], { ...lut('00283000', 0, 16, [1, 2], short), ...window(50, 100) }), null);
    expect([Array.from(raster.data), raster.windows, raster.notes]).toEqual([[7, 50, 100], [], ['part-damaged']]);
  });

  test('a modality LUT with entries beyond its bits keeps them', async () => {
    expect(Array.from((await decodeImage(greyFile([0, 1], lut('00283000', 0, 8, [7, 300])), null)).data)).toEqual([7, 300]);
  });

  test('whatever bits a VOI LUT states, its entries span the greys: what does not fit is scaled, with a note, and what fits is not touched', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 8, max: 16 }), fc.integer({ min: 8, max: 16 }), async (needed, stated) => {
        const entries = Array.from({ length: 256 }, (_, i) => Math.round((i / 255) * (2 ** needed - 1)));
        // Entries of 8 bits may be packed, so these would be read as twice as many.
        const raster = await decodeImage(greyFile([0, 255], lut('00283010', 0, stated, entries)), null);
        const fits = needed === stated || needed === stated - 1;
        expect(raster.notes).toEqual(fits ? [] : ['lut-scaled']);
        const table = raster.windows[0]?.table ?? new Uint8Array();
        const full = 2 ** (fits ? stated : needed) - 1;
        expect(Array.from(table.subarray(0, 256))).toEqual(entries.map((entry) => Math.floor((entry / full) * 255 + 0.5)));
      }),
    );
  });
});

describe('padding', () => {
  const ramp = Array.from({ length: 1000 }, (_, i) => 1000 + i);
  test('the value and its range count for no percentile', async () => {
    const samples = [...ramp, ...Array.from({ length: 4000 }, () => 0), ...Array.from({ length: 4000 }, () => 50)];
    const found = await shown(samples, { '00280120': ['US', [0]], '00280121': ['US', [60]] });
    expect([found[9], found[989]]).toEqual([0, 255]);
    expect(Math.abs((found[499] ?? 0) - 127)).toBeLessThanOrEqual(1);
  });

  test('signed, and with a slope that turns the samples round', async () => {
    const samples = [...ramp, ...Array.from({ length: 4000 }, () => -2000)];
    const found = await shown(samples, { ...signed, '00280120': ['SS', [-2000]], ...rescale(-1, 0) });
    expect([found[10], found[990]]).toEqual([255, 0]);
  });
});

test('enhanced objects: rescale and window of the frame, else of all', async () => {
  const transformation = (slope: number): Elements => ({ '00289145': ['SQ', [rescale(slope, 0)]] });
  const file = greyFile([10, 20, 10, 20], {
    '00280008': ['IS', '2'],
    '00280011': ['US', [2]],
    '52009229': ['SQ', [{ ...transformation(1), '00289132': ['SQ', [window(15, 11, 'LINEAR')]] }]],
    '52009230': ['SQ', [{}, transformation(2)]],
  });
  const values = await Promise.all(
    [0, 1].map(async (frame) => {
      const {
        data,
        rescale: { slope, intercept },
        windows,
      } = await decodeImage(file, frame);
      return [Array.from(data, (sample) => slope * sample + intercept), windows.length];
    }),
  );
  expect(values).toEqual([
    [[10, 20], 1],
    [[20, 40], 1],
  ]);
});
