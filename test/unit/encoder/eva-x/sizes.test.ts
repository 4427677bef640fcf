import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { sentence } from '../../../../src/contract/catalogue';
import type { Preparation } from '../../../../src/contract/encoder-card';
import { unwrap } from '../../../../src/contract/result';
import { convertCheckpoint } from '../../../../src/encoder/eva-x/convert';
import { inspectCheckpoint } from '../../../../src/encoder/eva-x/inspect';
import { ropeDifference, ropeTable } from '../../../../src/encoder/eva-x/rope';
import { openSession } from '../../../../src/encoder/session';
import { maxDifference } from '../arrays';

// Features of timm in float64: test/reference/encoder/evax_sizes.py.
const reference = resolve(import.meta.dirname, '../../../reference/encoder/evax-sizes');
const expected = JSON.parse(readFileSync(join(reference, 'expected.json'), 'utf8')) as Record<string, number[]>;
const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
for (const name of readdirSync(reference).filter((file) => file.endsWith('.gz'))) {
  writeFileSync(join(root, name.slice(0, -3)), gunzipSync(readFileSync(join(reference, name))));
}

const asked: Preparation = { crop: 'squash', mean: 0.5, std: 0.25 };
const convert = (checkpoint: string, preparation?: Preparation) =>
  convertCheckpoint({ checkpoint, preparation, precision: 'fp32', place: (id) => join(root, id), overwrite: true });

describe('EVA-X for other sizes', () => {
  test.each([256, 384, 448])('%i pixels: the features, tokens and states are those of timm', async (size) => {
    const made = unwrap(await convert(join(root, `size-${String(size)}.pt`), asked));
    const patches = (size / 16) ** 2;
    expect(made.card).toMatchObject({
      name: `EVA-X of width 64, depth 1, ${String(size)} pixels`,
      input: { size, channels: 3 },
      outputs: { embedding: 64, tokens: [patches, 64], blockInput: [patches + 1, 64] },
      preprocessing: { tile: { crop: 'squash', resize: size, size }, normalise: { kind: 'fixed', mean: 0.5, std: 0.25 } },
    });
    const data = Float32Array.from({ length: 3 * size * size }, (_, i) => Math.sin(i / 7) * 1.5);
    const session = unwrap(await openSession(made.tokensModel ?? '', 'cpu', 1));
    const { embedding, tokens, block_input: input } = unwrap(await session.run({ pixels: { shape: [1, 3, size, size], data } }));
    await session.close();
    const limit = size === 448 ? 2e-5 : 1e-5;
    expect(maxDifference(embedding?.data ?? new Float32Array(), Float32Array.from(expected[String(size)] ?? []))).toBeLessThanOrEqual(
      limit,
    );
    expect([tokens?.shape, input?.shape]).toEqual([
      [1, patches, 64],
      [1, patches + 1, 64],
    ]);
  });

  test('a stored table is compared at its own size', () => {
    /** As it is stored: every pair twice. */
    const storedOf = (table: Float64Array) => Float32Array.from({ length: 2 * table.length }, (_, i) => table[i >> 1] ?? 0);
    for (const grid of [14, 16, 24]) expect(ropeDifference(storedOf(ropeTable(Math.cos, grid)), Math.cos, grid, Math.fround)).toBe(0);
    // Positions as they are, not scaled to 14: another encoder.
    const unscaled = storedOf(ropeTable((angle) => Math.cos((angle * 16) / 14), 16));
    expect(ropeDifference(unscaled, Math.cos, 16, Math.fround)).toBeGreaterThan(0.1);
  });
});

describe('how images are prepared for another size', () => {
  const beside = (files: Record<string, unknown>) => {
    const folder = mkdtempSync(join(root, 'beside-'));
    copyFileSync(join(root, 'size-256.pt'), join(folder, 'x.pt'));
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    return join(folder, 'x.pt');
  };
  const timm = {
    input_size: [3, 256, 256],
    interpolation: 'bicubic',
    crop_pct: 0.9,
    crop_mode: 'center',
    mean: [0.1, 0.2, 0.3],
    std: [0.4, 0.5, 0.6],
  };

  test('is asked where nothing says it, and never taken from what was published for 224', async () => {
    const file = beside({});
    expect(unwrap(await inspectCheckpoint(file))).toMatchObject({ size: 256, preparation: null });
    for (const part of [undefined, { crop: 'pad' }, { mean: 0.5, std: 0.2 }] as const) {
      const refused = await convert(file, part);
      expect(refused.ok ? '' : sentence(refused.failure)).toMatch(
        /^x\.pt takes images of 256 x 256 pixels and does not say how they are prepared for it\. .*--preprocessing .* in x\.json beside it\.$/,
      );
    }
    const given = unwrap(await convert(file, { crop: 'official', mean: 0.5, std: 0.2 }));
    expect(given.card.preprocessing.tile).toMatchObject({ crop: 'official', resize: 293, size: 256 });
  });

  test.each([
    [
      'x.json',
      { crop: 'pad', mean: 0.4, std: 0.2 },
      { tile: { crop: 'pad', resize: 256 }, normalise: { kind: 'fixed', mean: 0.4, std: 0.2 } },
    ],
    [
      'config.json',
      { architecture: 'eva02', pretrained_cfg: timm },
      { tile: { crop: 'official', resize: 284 }, normalise: { kind: 'channels', mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] } },
    ],
    ['config.json', { ...timm, crop_mode: 'squash', crop_pct: 1 }, { tile: { crop: 'squash', resize: 256 } }],
  ])('is taken from %s beside it', async (name, content, preprocessing) => {
    const file = beside({ [name]: content });
    expect(unwrap(await inspectCheckpoint(file)).preparation?.from).toBe(name);
    expect(unwrap(await convert(file)).card.preprocessing).toMatchObject(preprocessing);
    // What the person says comes first.
    expect(unwrap(await convert(file, { crop: 'pad' })).card.preprocessing.tile.crop).toBe('pad');
  });

  test.each([
    ['x.json', 'no JSON'],
    ['x.json', { crop: 'pad' }],
    ['x.json', { size: 384, crop: 'pad', mean: 0.4, std: 0.2 }],
    ['x.json', { crop: 'pad', mean: 0.4, std: 0 }],
    ['config.json', { crop: 'pad', mean: 0.4, std: 0.2 }],
    ['config.json', { pretrained_cfg: { ...timm, input_size: [3, 224, 224] } }],
    ['config.json', { pretrained_cfg: { ...timm, interpolation: 'bilinear' } }],
    ['config.json', { pretrained_cfg: { ...timm, crop_mode: 'border' } }],
    ['config.json', { pretrained_cfg: { ...timm, crop_mode: 'squash' } }],
  ])('is not taken from a %s of something else: %j', async (name, content) => {
    expect(unwrap(await inspectCheckpoint(beside({ [name]: content }))).preparation).toBe(null);
  });
});
