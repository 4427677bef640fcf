import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../../src/contract/head';
import { unwrap } from '../../../../src/contract/result';
import { attentive } from '../../../../src/trainer/heads/tuned/attentive';
import { dawn } from '../../../../src/trainer/host/dawn';
import { startNodeBackend } from '../../../../src/trainer/host/node';
import { matrix } from '../../../../src/trainer/matrix';
import { random } from '../../../../src/trainer/random';
import { beginning, gradientsOf, score, trainPass, valuesOf, type Progress } from '../../../../src/trainer/tensors/tuning';

// How to come by these two: native.test.ts and webgpu.test.ts.
const nodeBackend = process.env['COLLIMATE_TFJS_NODE'] ?? resolve('.cache/tfjs-node/node_modules/@tensorflow/tfjs-node');
process.env['COLLIMATE_WEBGPU'] ??= resolve('.cache/webgpu/node_modules/webgpu');
const hasCard = existsSync(process.env['COLLIMATE_WEBGPU']) && (await (await dawn()).requestAdapter()) !== null;
const there = { cpu: true, wasm: true, 'tfjs-node': existsSync(nodeBackend), webgpu: hasCard };
type Backend = keyof typeof there;

/** As in EVA-X: 196 tokens, more than one batch of queries, 14 findings. */
const [B, T, d, k, m] = [4, 196, 48, 14, 16];
const drawn = (shape: number[], stream: string, size = 1): Tensor => {
  const draw = random(9, stream);
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => size * draw.normal()) };
};
const positive = (n: number, stream: string) => drawn([n], stream).data.map((value) => 0.5 + Math.abs(value));
const transform = {
  mean: drawn([d], 'mean').data,
  scale: positive(d, 'scale'),
  projection: matrix(d, m, drawn([d, m], 'projection').data),
  unit: true,
};
const facts = { gain: positive(d, 'gain'), bias: drawn([d], 'bias').data, spread: positive(d, 'spread') };
const linear = {
  weight: Float64Array.from(drawn([k * m], 'w').data),
  bias: new Float64Array(k),
  fitted: Array.from({ length: k }, () => true),
};
const model = attentive(linear, transform, facts);
const at: Progress = {
  ...beginning(model),
  delta: { 'attention.query': drawn([k, d], 'query', 2), weight: drawn([k, m], 'more', 0.3), bias: drawn([k], 'shift', 0.3) },
};
const states = drawn([B, T, d], 'tokens');
const y = Float32Array.from({ length: B * k }, (_, i) => (i % 3 === 0 ? 1 : 0));
const weight = Float32Array.from({ length: B * k }, (_, i) => (i % 5 === 0 ? 0 : 1));
const batch = () => Promise.resolve({ states, y, weight });

const sum = (n: number, term: (i: number) => number) => Array.from({ length: n }, (_, i) => term(i)).reduce((a, b) => a + b, 0);

/** The formula of contract/head in float64, value by value. */
function expectedLogits(): number[] {
  const values = valuesOf(model, at);
  const of = (name: string, i: number) => values[name]?.data[i] as number;
  const x = (b: number, t: number, c: number) => states.data[(b * T + t) * d + c] as number;
  return Array.from({ length: B * k }, (_, cell) => {
    const [b, f] = [Math.floor(cell / k), cell % k];
    const scores = Array.from({ length: T }, (_unused, t) => sum(d, (c) => of('attention.query', f * d + c) * x(b, t, c)));
    const top = Math.max(...scores);
    const attention = scores.map((value) => Math.exp(value - top));
    const total = attention.reduce((one, other) => one + other, 0);
    const pooled = Array.from({ length: d }, (_unused, c) => sum(T, (t) => ((attention[t] as number) / total) * x(b, t, c)));
    const centre = sum(d, (c) => pooled[c] as number) / d;
    const deviation = Math.sqrt(sum(d, (c) => ((pooled[c] as number) - centre) ** 2) / d + 1e-6);
    const scaled = pooled.map((value, c) => {
      const normed = ((value - centre) / deviation) * (facts.gain[c] as number) + (facts.bias[c] as number);
      return (normed - (transform.mean[c] as number)) / (transform.scale[c] as number);
    });
    const z = Array.from({ length: m }, (_unused, j) =>
      sum(d, (c) => (scaled[c] as number) * (transform.projection.data[c * m + j] as number)),
    );
    const length = Math.hypot(...z);
    return of('bias', f) + sum(m, (j) => ((z[j] as number) / length) * of('weight', f * m + j));
  });
}

const largest = (values: ArrayLike<number>) => Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const apart = (a: ArrayLike<number>, b: ArrayLike<number>) => largest(Array.from(a, (value, i) => value - (b[i] ?? NaN)));

async function resultsOn(backend: Backend) {
  expect(unwrap(await startNodeBackend({ backend, nodeBackend })).backend).toBe(backend);
  const never = () => Promise.resolve();
  const logits = await score(model, valuesOf(model, at), [batch], never);
  const gradients = {
    multilabel: await gradientsOf(model, 'multilabel', at, await batch()),
    multiclass: await gradientsOf(model, 'multiclass', at, await batch()),
  };
  const trained = valuesOf(model, await trainPass(model, 'multilabel', at, [batch, batch, batch], { rate: 0.03, decay: 1e-4 }, never));
  return { logits, gradients, trained };
}

for (const name of Object.keys(there) as Backend[]) {
  const note = there[name] ? '' : ' (skipped: not here)';
  describe.skipIf(!there[name])(`the attention block on ${name}${note}`, () => {
    it('is the formula, and has the gradients and steps of plain JavaScript, to 1e-3', async () => {
      const reference = await resultsOn('cpu');
      const found = await resultsOn(name);
      expect(apart(found.logits, expectedLogits())).toBeLessThan(1e-3);
      for (const task of ['multilabel', 'multiclass'] as const)
        for (const [parameter, { data }] of Object.entries(reference.gradients[task])) {
          expect(largest(data), `${task} ${parameter}`).toBeGreaterThan(1e-3);
          expect(apart(found.gradients[task][parameter]?.data ?? [], data) / largest(data), `${task} ${parameter}`).toBeLessThan(1e-3);
        }
      for (const [parameter, { data }] of Object.entries(reference.trained))
        expect(apart(found.trained[parameter]?.data ?? [], data) / largest(data), `trained ${parameter}`).toBeLessThan(1e-3);
    }, 60_000);
  });
}
