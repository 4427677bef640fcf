import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FailureError } from '../../../../src/contract/result';
import { decodeImage } from '../../../../src/imaging/formats/decode';
import type { Raster } from '../../../../src/imaging/formats/raster';
import { missing, shared } from '../shared';

interface Reference {
  readonly shape: readonly number[];
  readonly bits: 8 | 16;
  readonly sha256?: string;
  readonly means?: readonly number[];
}
const { grid, files } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../reference/imaging/ordinary.json'), 'utf8')) as {
  grid: number;
  files: Record<string, Reference>;
};
const folder = join(shared, 'data/hostile');

/** Where Pillow reads something else, and why. */
const differing: Readonly<Record<string, string>> = {
  'jpeg-decoder/crashtest/images/dc-predictor-overflow.jpg': 'coefficients overflow: what comes of that is free',
  'jpeg-decoder/crashtest/images/subtract-with-overflow.jpg': 'coefficients overflow: what comes of that is free',
  'jpeg-decoder/crashtest/images/imagetestsuite/5482a54657765056f1a94116a8dbffe7.jpg': 'damaged scan: each decoder mends it otherwise',
  'real16/chest-cr-15bit-miniswhite.tif': 'Pillow does not turn 16-bit WhiteIsZero round; its samples are in values.json',
};

async function decoded(name: string): Promise<Raster | null> {
  try {
    return await decodeImage(readFileSync(join(folder, name)), null);
  } catch (error) {
    if (error instanceof FailureError) return null;
    throw error;
  }
}

/** As Pillow gives them: light, not ink; the upper byte where it keeps no more. */
function samples({ data, inverted }: Raster, bits: 8 | 16): Uint8Array | Uint16Array {
  const top = 2 ** (8 * data.BYTES_PER_ELEMENT) - 1;
  const light = inverted ? data.map((value) => top - value) : data;
  return bits === 8 && light instanceof Uint16Array ? Uint8Array.from(light, (value) => value >> 8) : light;
}

/** Means of grid x grid cells as numpy's array_split divides, channel by channel. */
function means(data: ArrayLike<number>, { width, height, channels }: Raster): number[] {
  const edges = (n: number) => Array.from({ length: grid + 1 }, (_, i) => i * Math.floor(n / grid) + Math.min(i, n % grid));
  const [columns, rows] = [edges(width), edges(height)];
  const out: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < grid; row++) {
      for (let column = 0; column < grid; column++) {
        const [top = 0, bottom = 0, left = 0, right = 0] = [rows[row], rows[row + 1], columns[column], columns[column + 1]];
        let sum = 0;
        for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += data[(y * width + x) * channels + c] ?? NaN;
        out.push(sum / (bottom - top) / (right - left));
      }
    }
  }
  return out;
}

describe.skipIf(missing('data/hostile'))('ordinary images as Pillow reads them', () => {
  test('every file of the collection that both read: depths, palettes, alpha, interlacing, ink, orientation, profiles, compression', async () => {
    const wrong: string[] = [];
    let [exact, close] = [0, 0];
    for (const [name, { shape, bits, sha256, means: expected }] of Object.entries(files)) {
      const raster = await decoded(name);
      if (!raster || name in differing) continue;
      const size = [raster.height, raster.width, ...(raster.channels === 3 ? [3] : [])];
      const data = samples(raster, bits);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const found = expected ? means(data, raster) : [];
      const most = found.reduce((largest, mean, i) => Math.max(largest, Math.abs(mean - (expected?.[i] ?? NaN))), 0);
      if (size.join() !== shape.join()) wrong.push(`${name}: ${size.join(' x ')} instead of ${shape.join(' x ')}`);
      else if (data.BYTES_PER_ELEMENT * 8 !== bits) wrong.push(`${name}: ${String(data.BYTES_PER_ELEMENT * 8)} bits`);
      else if (sha256 !== undefined && createHash('sha256').update(bytes).digest('hex') !== sha256) wrong.push(`${name}: other samples`);
      else if (expected && !(most < 1)) wrong.push(`${name}: means differ by ${most.toFixed(1)}`);
      if (sha256 === undefined) close += 1;
      else exact += 1;
    }
    expect(wrong).toEqual([]);
    expect([exact, close]).toEqual([243, 71]);
  });
});
