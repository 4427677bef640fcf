import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TileRecipe } from '../../../../src/contract/encoder-card';
import { decodeImage } from '../../../../src/imaging/formats/decode';
import { makeTile } from '../../../../src/imaging/resample/tile';
import { display } from '../../../../src/imaging/window/display';
import { missing, readNpy, shared } from '../shared';

const official: TileRecipe = { crop: 'official', resize: 256, size: 224, colour: 'keep', filter: 'pillow-bicubic' };
const folder = join(shared, 'fixtures/preprocess');
const absent = missing('fixtures/preprocess');

describe.skipIf(absent)("EVA-X's own input pipeline", () => {
  const files = absent ? [] : readdirSync(folder).filter((name) => /\.(png|jpg)$/.test(name));
  test.each(files)('%s', async (name) => {
    const tile = makeTile(display(await decodeImage(readFileSync(join(folder, name)), null)), official);
    const expected = readNpy(join(folder, name.replace(/\.\w+$/, '.expected.npy')));
    expect([tile.size, tile.size, tile.channels]).toEqual([expected.shape[0], expected.shape[1], expected.shape[2] ?? 1]);
    const differences = Array.from(tile.data, (value, i) => Math.abs(value - (expected.data[i] ?? 0)));
    const most = differences.reduce((a, b) => Math.max(a, b), 0);
    const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
    // JPEG decoders differ by one or two grey levels; PNG is exact.
    const allowed = name.endsWith('.png') ? { most: 0, mean: 0 } : { most: 3, mean: 0.5 };
    expect(most).toBeLessThanOrEqual(allowed.most);
    expect(mean).toBeLessThanOrEqual(allowed.mean);
  });
});
