import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Picture } from '../../../../src/imaging/formats/raster';
import { resample } from '../../../../src/imaging/resample/bicubic';
import { luma, makeTile } from '../../../../src/imaging/resample/tile';

interface Oracle {
  cases: { seed: number; from: [number, number, 1 | 3]; to: [number, number]; hex: string }[];
  luma: { seed: number; hex: string };
}
const oracle = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../../reference/imaging/pillow.json'), 'utf8')) as Oracle;

/** The generator of test/reference/imaging/pillow.py. */
function picture(width: number, height: number, channels: 1 | 3, seed: number): Picture {
  let state = seed;
  const data = Uint8Array.from({ length: width * height * channels }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { width, height, channels, data };
}

describe('against Pillow, byte for byte', () => {
  test.each(oracle.cases)('$from to $to', ({ seed, from: [width, height, channels], to, hex }) => {
    const out = resample(picture(width, height, channels, seed), ...to);
    expect(Buffer.from(out.data).toString('hex')).toBe(hex);
  });

  test('luma', () => {
    expect(Buffer.from(luma(picture(10, 10, 3, oracle.luma.seed)).data).toString('hex')).toBe(oracle.luma.hex);
  });
});

const side = fc.integer({ min: 1, max: 40 });

test('a region is that part of the whole', () => {
  fc.assert(
    fc.property(
      side,
      side,
      side,
      side,
      fc.constantFrom(1 as const, 3 as const),
      fc.nat(),
      fc.nat(),
      fc.nat(),
      fc.nat(),
      (w, h, tw, th, channels, a, b, c, d) => {
        const source = picture(w, h, channels, a + 1);
        const x = a % tw;
        const y = b % th;
        const region = { x, y, width: 1 + (c % (tw - x)), height: 1 + (d % (th - y)) };
        const whole = resample(source, tw, th);
        const part = resample(source, tw, th, region);
        for (let row = 0; row < region.height; row++) {
          const from = ((row + y) * tw + x) * channels;
          const line = part.data.subarray(row * region.width * channels, (row + 1) * region.width * channels);
          expect(line).toEqual(whole.data.subarray(from, from + region.width * channels));
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('a grey picture gives in three channels what it gives in one', () => {
  fc.assert(
    fc.property(side, side, side, side, fc.nat(), (w, h, tw, th, seed) => {
      const grey = picture(w, h, 1, seed);
      const colour: Picture = {
        ...grey,
        channels: 3,
        data: Uint8Array.from({ length: grey.data.length * 3 }, (_, i) => grey.data[Math.floor(i / 3)] ?? 0),
      };
      const one = resample(grey, tw, th).data;
      const three = resample(colour, tw, th).data;
      expect(three).toEqual(Uint8Array.from({ length: three.length }, (_, i) => one[Math.floor(i / 3)] ?? 0));
    }),
  );
});

const recipe = { size: 32, resize: 40, colour: 'keep', filter: 'pillow-bicubic' } as const;

test('pad keeps the whole picture, centred, with black bars', () => {
  const white: Picture = { width: 60, height: 30, channels: 1, data: new Uint8Array(1800).fill(255) };
  const tile = makeTile(white, { ...recipe, crop: 'pad' });
  const rows = Array.from({ length: 32 }, (_, y) => tile.data[y * 32 + 16]);
  expect(rows).toEqual([...Array<number>(8).fill(0), ...Array<number>(16).fill(255), ...Array<number>(8).fill(0)]);
});

test('squash takes the whole picture to the square', () => {
  const source = picture(60, 30, 1, 5);
  expect(makeTile(source, { ...recipe, crop: 'squash' }).data).toEqual(resample(source, 32, 32).data);
});

test('every recipe gives a whole tile of any picture', () => {
  fc.assert(
    fc.property(
      side,
      side,
      fc.constantFrom('official', 'pad', 'squash'),
      fc.constantFrom('keep', 'luma'),
      fc.constantFrom(1 as const, 3 as const),
      (w, h, crop, colour, channels) => {
        const tile = makeTile(picture(w, h, channels, 3), { ...recipe, crop, colour });
        expect(tile.channels).toBe(colour === 'luma' ? 1 : channels);
        expect(tile.data.length).toBe(32 * 32 * tile.channels);
      },
    ),
  );
});
