import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../../../src/imaging/formats/decode';
import { display } from '../../../../../src/imaging/window/display';
import { samplesOf } from './samples-of';
import { greyFile, type Elements } from './write';

const colour = (photometric: string, bytes: number[], width: number, more: Elements = {}) =>
  greyFile([], {
    '00280002': ['US', [3]],
    '00280004': ['CS', photometric],
    '00280006': ['US', [0]],
    '00280011': ['US', [width]],
    '00280100': ['US', [8]],
    '00280101': ['US', [8]],
    '00280102': ['US', [7]],
    '7fe00010': ['OW', Uint8Array.from(bytes)],
    ...more,
  });

describe('colour', () => {
  test('interleaved and planar RGB', async () => {
    expect(await samplesOf(colour('RGB', [1, 2, 3, 4, 5, 6], 2))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await samplesOf(colour('RGB', [1, 4, 2, 5, 3, 6], 2, { '00280006': ['US', [1]] }))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  // Y, CB, CR of pure red by PS3.3 C.7.6.3.1.2, full and partial range.
  test.each([
    ['YBR_FULL', [76, 85, 255]],
    ['YBR_PARTIAL_422', [81, 90, 240]],
  ])('%s becomes RGB', async (photometric, [y = 0, b = 0, r = 0]) => {
    const bytes = photometric.endsWith('422') ? [y, y, b, r] : [y, b, r, y, b, r];
    const found = await samplesOf(colour(photometric, bytes, 2));
    [255, 0, 0, 255, 0, 0].forEach((value, i) => expect(Math.abs((found[i] ?? NaN) - value)).toBeLessThanOrEqual(2));
  });

  const deep = (photometric: string, values: number[], more: Elements = {}) =>
    colour(photometric, [...new Uint8Array(Uint16Array.from(values).buffer)], 2, {
      '00280100': ['US', [16]],
      '00280101': ['US', [12]],
      '00280102': ['US', [11]],
      ...more,
    });

  test('of 12 bits keeps them, interleaved, planar, big end first, and above bits that are not stored', async () => {
    const stored = [1, 2000, 4095, 17, 0, 300];
    const { data, bits, channels } = await decodeImage(deep('RGB', stored), null);
    expect([Array.from(data), data.BYTES_PER_ELEMENT, bits, channels]).toEqual([stored, 2, 12, 3]);
    expect(await samplesOf(deep('RGB', [1, 17, 2000, 0, 4095, 300], { '00280006': ['US', [1]] }))).toEqual(stored);
    expect(
      await samplesOf(
        deep(
          'RGB',
          stored.map((value) => (value << 4) | 9),
          { '00280102': ['US', [15]] },
        ),
      ),
    ).toEqual(stored);
  });

  test('of 16 bits is shown through one window for the three channels: percentiles 1 to 99 of all samples', async () => {
    const values = Array.from({ length: 600 }, (_, i) => (i * 7919) % 60_001);
    const raster = await decodeImage(
      deep('RGB', values, { '00280011': ['US', [200]], '00280101': ['US', [16]], '00280102': ['US', [15]] }),
      null,
    );
    const sorted = values.toSorted((a, b) => a - b);
    const [low = 0, high = 0] = [sorted[5], sorted[593]];
    const expected = values.map((value) =>
      value <= low ? 0 : value > high ? 255 : Math.floor(((value - low) / (high - low)) * 255 + 0.5),
    );
    expect(Array.from(display(raster).data)).toEqual(expected);
  });

  test('YBR_FULL of 12 bits becomes RGB: pure red at full depth', async () => {
    const [y, b, r] = [0.299, -0.168736, 0.5].map((share, i) => Math.min(4095, Math.round(share * 4095 + (i > 0 ? 2048 : 0)))) as [
      number,
      number,
      number,
    ];
    const found = await samplesOf(deep('YBR_FULL', [y, b, r, y, b, r]));
    [4095, 0, 0, 4095, 0, 0].forEach((value, i) => expect(Math.abs((found[i] ?? NaN) - value)).toBeLessThanOrEqual(3));
  });

  test.each<[string, Elements]>([
    ['YBR_FULL_422', {}],
    ['RGB', { '00280100': ['US', [32]], '00280101': ['US', [32]], '00280102': ['US', [31]] }],
  ])('%s of too many bits is refused by name', async (photometric, more) => {
    await expect(decodeImage(deep(photometric, Array<number>(24).fill(1), more), null)).rejects.toMatchObject({
      failure: { code: 'image-unsupported' },
    });
  });

  test('colour that is grey throughout becomes one channel', async () => {
    expect(await decodeImage(colour('RGB', [7, 7, 7, 9, 9, 9], 2), null)).toMatchObject({ channels: 1, data: Uint8Array.from([7, 9]) });
  });
});

describe('compressed colour of more than 8 bits, as other encoders write it', () => {
  const { width, height, cases } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../../reference/imaging/deep-colour.json'), 'utf8'),
  ) as { width: number; height: number; cases: { name: string; syntax: string; bits: number; stream: string }[] };
  const drawn = (bits: number) => Array.from({ length: width * height * 3 }, (_, i) => (i * 131 + (i % 3) * 1000) % 2 ** bits);
  const smooth = Array.from({ length: width * height }, (_, i) => Math.floor(((i % width) * 4095) / (width - 1))).flatMap((v) => [
    v,
    4095 - v,
    2048,
  ]);

  const read = ({ name, syntax, bits, stream }: (typeof cases)[number]) =>
    decodeImage(
      greyFile(
        [],
        {
          '00280002': ['US', [3]],
          '00280004': ['CS', name.includes('lossy') ? 'YBR_FULL' : 'RGB'],
          '00280006': ['US', [0]],
          '00280010': ['US', [height]],
          '00280011': ['US', [width]],
          '00280101': ['US', [bits]],
          '00280102': ['US', [bits - 1]],
          '7fe00010': ['OB', [new Uint8Array(0), Buffer.from(stream, 'base64')]],
        },
        syntax,
      ),
      null,
    );
  const named = (pattern: RegExp) => cases.filter(({ name }) => pattern.test(name));

  test.each(named(/^HTJ2K|^JPEG-LS|^JPEG Lossless/))('$name', async (one) => {
    const raster = await read(one);
    expect(raster).toMatchObject({ width, height, channels: 3, bits: one.bits });
    expect(Array.from(raster.data)).toEqual(drawn(one.bits));
  });

  test.each(named(/lossy/))('$name', async (one) => {
    const { data } = await read(one);
    // Fewer samples are kept for the differences than for the brightness, so edges of colour are soft.
    const error = smooth.reduce((sum, value, i) => sum + Math.abs(value - (data[i] ?? NaN)), 0) / smooth.length;
    expect(error).toBeLessThan(40);
  });

  test.each(named(/^JPEG 2000/))('$name is refused: its decoder would drop the upper byte', async (one) => {
    await expect(read(one)).rejects.toMatchObject({ failure: { code: 'image-unsupported' } });
  });
});
