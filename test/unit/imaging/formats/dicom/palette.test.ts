import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../../../src/imaging/formats/decode';
import { samplesOf } from './samples-of';
import { greyFile, type Elements } from './write';

describe('palettes', () => {
  const palette = (bits: number, entries: number, data: 'plain' | 'segmented', channels: Uint8Array[], first = 0) => {
    const elements: Elements = { '00280004': ['CS', 'PALETTE COLOR'] };
    channels.forEach((bytes, i) => {
      elements[`0028110${String(i + 1)}`] = ['US', [entries, first, bits]];
      elements[`0028${data === 'plain' ? '120' : '122'}${String(i + 1)}`] = ['OW', bytes];
    });
    return elements;
  };
  const words = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer);

  test('entries of 16 bits give their upper eight; indices beyond the table its ends', async () => {
    const table = palette(16, 3, 'plain', [words(0, 0x8000, 0xff00), words(0xffff, 0, 0), words(0x1234, 0x5678, 0x9abc)], 10);
    expect(await samplesOf(greyFile([0, 10, 11, 12, 99], table))).toEqual([
      0, 255, 0x12, 0, 255, 0x12, 128, 0, 0x56, 255, 0, 0x9a, 255, 0, 0x9a,
    ]);
  });

  test('entries of 8 bits, packed or one to a word', async () => {
    const expected = [1, 4, 7, 2, 5, 8, 3, 6, 9];
    const packed = [Uint8Array.from([1, 2, 3, 0]), Uint8Array.from([4, 5, 6, 0]), Uint8Array.from([7, 8, 9, 0])];
    expect(await samplesOf(greyFile([0, 1, 2], palette(8, 3, 'plain', packed)))).toEqual(expected);
    expect(await samplesOf(greyFile([0, 1, 2], palette(8, 3, 'plain', [words(1, 2, 3), words(4, 5, 6), words(7, 8, 9)])))).toEqual(
      expected,
    );
  });

  // Discrete 0 and 256, linear over 4 to 1280, the first segment again: 0, 256, 512, 768, 1024, 1280, 0, 256.
  test('segments: discrete, linear, indirect', async () => {
    const wide = words(0, 2, 0, 256, 1, 4, 1280, 2, 1, 0, 0);
    const stored = [0, 1, 2, 3, 4, 5, 6, 7];
    const found = await samplesOf(greyFile(stored, palette(16, 8, 'segmented', [wide, wide, words(0, 8, 1, 2, 3, 4, 5, 6, 7, 8)])));
    expect(found.filter((_, i) => i % 3 === 0)).toEqual([0, 1, 2, 3, 4, 5, 0, 1]);
    const narrow = Uint8Array.from([0, 2, 0, 10, 1, 4, 50, 2, 1, 0, 0, 0, 0, 0]);
    const flat = Uint8Array.from([0, 1, 7, 1, 7, 7]);
    const bytes = await samplesOf(greyFile(stored, palette(8, 8, 'segmented', [narrow, flat, flat])));
    expect(bytes.filter((_, i) => i % 3 === 0)).toEqual([0, 10, 20, 30, 40, 50, 0, 10]);
  });

  test.each([
    ['a linear segment first', words(1, 4, 100)],
    ['too few entries', words(0, 2, 1, 2)],
    ['an indirect segment to itself', words(0, 1, 5, 2, 9, 6, 0)],
    ['an indirect segment outside', words(0, 1, 5, 2, 9, 60000, 9)],
    ['empty segments without end', words(...Array.from({ length: 40_000 }, () => 0))],
    ['an unknown segment', words(0, 1, 5, 9, 1, 1)],
  ])('%s is refused', async (_name, segments) => {
    const file = greyFile([0], palette(16, 8, 'segmented', [segments, segments, segments]));
    await expect(decodeImage(file, null)).rejects.toMatchObject({ failure: { code: 'image-corrupt' } });
  });
});
