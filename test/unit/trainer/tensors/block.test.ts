import * as tf from '@tensorflow/tfjs-core';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../../src/contract/head';
import { unwrap } from '../../../../src/contract/result';
import { blockHead } from '../../../../src/trainer/heads/tuned/block';
import { startNodeBackend } from '../../../../src/trainer/host/node';
import { blockEmbedding, blockOutput, blockPooled } from '../../../../src/trainer/tensors/block';
import { beginning, gradientsOf, score, valuesOf, type Tensors } from '../../../../src/trainer/tensors/tuning';
import { evaX, hasEvaX, maxDifference, readNpyFile, readNpz, type NumpyArray } from '../../encoder/arrays';
import { fixtureBlock } from '../heads/tuned/fixture-block';

const reference = JSON.parse(readFileSync(join(import.meta.dirname, '../../../reference/trainer/block.json'), 'utf8')) as Record<
  string,
  { loss: number; gradients: Record<string, [length: number, ...sums: number[]]> }
>;
const nodeBackend = process.env['COLLIMATE_TFJS_NODE'] ?? resolve('.cache/tfjs-node/node_modules/@tensorflow/tfjs-node');
const backends = ['wasm', 'cpu', ...(existsSync(nodeBackend) ? (['tfjs-node'] as const) : [])] as const;

const names = ['micro-packed', 'micro-packed-2h', 'micro-split'] as const;
/** Limits of the project's documents for states: 1e-5, and 2e-5 for the layout of B. */
const limitOf = (name: string) => (name === 'micro-split' ? 2e-5 : 1e-5);
const state = (states: Record<string, NumpyArray>, name: string): NumpyArray => states[name] ?? { shape: [0], data: new Float32Array() };
const vector = (d: number, of: (i: number) => number) => Float32Array.from({ length: d }, (_, i) => of(i));

/** One image's states through a function of tensors. */
async function through(weights: Readonly<Record<string, Tensor>>, x: NumpyArray, of: (x: tf.Tensor3D, weights: Tensors) => tf.Tensor) {
  const held = Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]));
  const found = tf.tidy(() => of(tf.tensor3d(x.data, x.shape as [number, number, number]), held));
  return (await found.data()) as Float32Array;
}

describe.skipIf(!hasEvaX)("EVA-X's last block", () => {
  for (const backend of backends) {
    describe(`on ${backend}`, () => {
      // The fixture of three blocks has no state before the last one.
      it.each(['micro-packed', 'micro-split'])('%s: what comes out of it are the states and the feature of the fixture', async (name) => {
        unwrap(await startNodeBackend({ backend, nodeBackend }));
        const block = await fixtureBlock(name);
        const states = await readNpz(join(evaX, `${name}.states.npz`));
        const before = state(states, 'block_0');
        const feature = readNpyFile(join(evaX, `${name}.feature.npy`));
        const d = before.shape[2] ?? 0;
        for (const [of, expected] of [
          [blockOutput, state(states, 'block_1').data],
          [blockPooled, state(states, 'pooled').data],
          [blockEmbedding, feature.data.subarray(0, d)],
        ] as const)
          expect(maxDifference(await through(block, before, of), expected)).toBeLessThanOrEqual(limitOf(name));
      });

      it.each(names)("%s: its gradients are those of PyTorch's autograd", async (name) => {
        unwrap(await startNodeBackend({ backend, nodeBackend }));
        const block = await fixtureBlock(name);
        const before = state(await readNpz(join(evaX, `${name}.states.npz`)), 'block_0');
        const d = before.shape[2] ?? 0;
        const linear = {
          weight: Float64Array.from({ length: 2 * d }, (_, i) => 2 * Math.cos(i + 1)),
          bias: Float64Array.of(0.1, -0.2),
          fitted: [true, true],
        };
        const transform = {
          mean: vector(d, (i) => 0.1 * Math.sin(i)),
          scale: vector(d, (i) => 1 + 0.5 * Math.cos(i) ** 2),
          projection: null,
          unit: true,
        };
        const model = blockHead(linear, transform, block);
        const batch = { states: before, y: Float32Array.of(1, 0), weight: Float32Array.of(1, 1) };
        const z = await score(model, valuesOf(model, beginning(model)), [() => Promise.resolve(batch)], () => Promise.resolve());
        const { loss, gradients } = reference[name] ?? { loss: NaN, gradients: {} };
        expect(Math.log1p(Math.exp(-(z[0] ?? NaN))) + Math.log1p(Math.exp(z[1] ?? NaN))).toBeCloseTo(loss, 5);
        const found = await gradientsOf(model, 'multilabel', beginning(model), batch);
        expect(Object.keys(found).sort()).toEqual(Object.keys(gradients).sort());
        for (const [key, [length, ...sums]] of Object.entries(gradients)) {
          // By the parameter itself, not by the steps that it is trained in.
          const unit = model.parameters[key]?.unit[0] ?? NaN;
          const gradient = Float64Array.from(found[key]?.data ?? [], (value) => value / unit);
          const own = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
          expect(own / length, `${key}, length`).toBeCloseTo(1, 4);
          sums.forEach((sum, j) => {
            const found = gradient.reduce((total, value, i) => total + value * Math.cos((j + 1) * i), 0);
            expect(Math.abs(found - sum) / length, `${key}, cos(${String(j + 1)} i)`).toBeLessThan(1e-3);
          });
        }
      });
    });
  }
});
