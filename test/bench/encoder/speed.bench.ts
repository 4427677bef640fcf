import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { evaXModel } from '../../../src/encoder/eva-x/graph';
import { expectedShapes, type Layout } from '../../../src/encoder/eva-x/layout';
import { ensureBuiltin } from '../../../src/encoder/scattering/builtin';
import { openSession } from '../../../src/encoder/session';
import { serialiseModel } from '../../../src/onnx/model';

// npx vitest bench --run --project unit test/bench/encoder: 8 images a call, so images/s = 8 hz; the summary gives the ratio.
const IMAGES = 8;
const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** EVA-X of the size of S with seeded weights. */
async function randomSmall(): Promise<string> {
  const layout: Layout = { width: 384, depth: 12, heads: 6, hidden: 1024, kind: 'packed', norm: 'norm', classes: null };
  const shapes = expectedShapes(layout);
  let state = 1;
  const model = await evaXModel(layout, (name) => {
    const count = (shapes.get(name) ?? []).reduce((product, n) => product * n, 1);
    const data = Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state / 2 ** 31 - 1) / 20;
    });
    return Promise.resolve(data);
  });
  const path = join(folder, 'small.onnx');
  writeFileSync(path, serialiseModel(model));
  return path;
}

const pixels = (shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, (_, i) => Math.sin(i / 7)),
});

const builtin = unwrap(await openSession(unwrap(await ensureBuiltin(folder)).model, 'cpu', 0));
const small = unwrap(await openSession(await randomSmall(), 'cpu', 0));
const grey = pixels([IMAGES, 1, 128, 128]);
const colour = pixels([IMAGES, 3, 224, 224]);

describe('one batch of 8 images', () => {
  bench('built-in scattering', async () => void unwrap(await builtin.run({ pixels: grey })), { time: 5000 });
  bench('EVA-X S', async () => void unwrap(await small.run({ pixels: colour })), { time: 10_000, iterations: 5 });
});
