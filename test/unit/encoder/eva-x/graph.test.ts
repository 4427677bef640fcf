import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { unwrap } from '../../../../src/contract/result';
import { openCheckpoint } from '../../../../src/encoder/checkpoint/checkpoint';
import { evaXModel } from '../../../../src/encoder/eva-x/graph';
import { findLayout } from '../../../../src/encoder/eva-x/layout';
import { calibrating, float32, rangeNames, type Arithmetic } from '../../../../src/encoder/eva-x/products';
import { openSession } from '../../../../src/encoder/session';
import { serialiseModel } from '../../../../src/onnx/model';
import { evaX, hasEvaX, maxDifference, readNpyFile, readNpz } from '../arrays';

const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Limits of the project's documents: 1e-5, and 2e-5 for the layout of B. */
const limits = { 'micro-packed': 1e-5, 'micro-packed-2h': 1e-5, 'micro-split': 2e-5 };

async function runOn(
  name: string,
  input: { shape: number[]; data: Float32Array },
  expose: (depth: number) => string[] = () => [],
  arithmetic: Arithmetic = float32,
) {
  const checkpoint = unwrap(await openCheckpoint(join(evaX, name)));
  const layout = unwrap(findLayout(checkpoint.weights, checkpoint.file));
  const outputs = expose(layout.depth);
  const model = await evaXModel(layout, async (key) => unwrap(await checkpoint.read(key)), arithmetic, outputs);
  await checkpoint.close();
  const path = join(folder, `${name}${String(outputs.length)}.onnx`);
  writeFileSync(path, serialiseModel(model));
  const session = unwrap(await openSession(path, 'cpu', 1));
  const values = unwrap(await session.run({ pixels: input }));
  await session.close();
  return values;
}

describe.skipIf(!hasEvaX)('EVA-X as ONNX', () => {
  for (const [name, limit] of Object.entries(limits)) {
    test(`${name}: the embedding is the reference's`, async () => {
      const input = readNpyFile(join(evaX, 'input.npy'));
      const expected = readNpyFile(join(evaX, `${name}.feature.npy`));
      for (const file of [`${name}.pt`, `${name}.full.pt`]) {
        const { embedding } = await runOn(file, input);
        expect(embedding?.shape).toEqual(expected.shape);
        expect(maxDifference(embedding?.data ?? new Float32Array(), expected.data)).toBeLessThanOrEqual(limit);
      }
    });

    test(`${name}: so it is with folded gains, and the ranges are told`, async () => {
      const input = readNpyFile(join(evaX, 'input.npy'));
      const values = await runOn(`${name}.pt`, input, () => [], calibrating);
      const expected = readNpyFile(join(evaX, `${name}.feature.npy`));
      expect(maxDifference(values.embedding?.data ?? new Float32Array(), expected.data)).toBeLessThanOrEqual(limit);
      const [low, high] = rangeNames('blocks.0.norm1').map((range) => values[range]?.data[0] ?? NaN);
      expect(low).toBeLessThan(-1);
      expect(high).toBeGreaterThan(1);
    });

    test(`${name}: so are the intermediate states`, async () => {
      const input = readNpyFile(join(evaX, 'input.npy'));
      const states = await readNpz(join(evaX, `${name}.states.npz`));
      const first = { shape: [1, 3, 224, 224], data: input.data.subarray(0, 3 * 224 * 224) };
      const values = await runOn(`${name}.pt`, first, (depth) => [
        'tokens_in',
        ...Array.from({ length: depth }, (_, i) => `block_${String(i)}`),
        'pooled',
      ]);
      expect(Object.keys(states).length).toBeGreaterThan(3);
      for (const [key, expected] of Object.entries(states)) {
        expect([key, values[key]?.shape]).toEqual([key, expected.shape]);
        expect(maxDifference(values[key]?.data ?? new Float32Array(), expected.data)).toBeLessThanOrEqual(limit);
      }
    });
  }
});
