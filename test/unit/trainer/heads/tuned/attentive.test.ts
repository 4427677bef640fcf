import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../../../../src/contract/head';
import { unwrap } from '../../../../../src/contract/result';
import { learn, prepare } from '../../../../../src/trainer/engine';
import { propose } from '../../../../../src/trainer/heads/formula';
import { attentive } from '../../../../../src/trainer/heads/tuned/attentive';
import { proposeStates } from '../../../../../src/trainer/heads/tuned/propose';
import { statesOf, tokenFacts } from '../../../../../src/trainer/heads/tuned/states';
import { matrix } from '../../../../../src/trainer/matrix';
import { random } from '../../../../../src/trainer/random';
import { beginning, gradientsOf, score, valuesOf, type Progress } from '../../../../../src/trainer/tensors/tuning';
import { tune } from '../../../../../src/trainer/tune';
import { start } from '../../backend';
import { answers } from '../../pool';
import { tokenPool, type TokenPool } from './tokens';

const first = (n: number) => Array.from({ length: n }, (_, i) => i);
const created = '2026-01-01T00:00:00.000Z';
const never = () => Promise.resolve();

async function tuned(
  pool: TokenPool,
  labels: number,
  options: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
) {
  const prepared = unwrap(await prepare({ base: pool.base, labels: answers(pool, first(labels)) }, pool.rows));
  const learnt = unwrap(await learn(prepared, created));
  return {
    learnt,
    prepared,
    result: await tune(prepared, learnt, pool.rows, { part: { kind: 'attentive' }, source: pool.tokens, created, ...options }),
  };
}

const drawn = (shape: number[], stream: string, size = 1): Tensor => {
  const draw = random(3, stream);
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => size * draw.normal()) };
};

describe('the attentive probe', () => {
  beforeAll(() => start('wasm'));

  it.each(['multilabel', 'multiclass'] as const)(
    'wins where a few tokens tell what their mean hides, and its file says so of images it never saw (%s)',
    async (task) => {
      const pool = tokenPool(400, { task });
      const progress: number[] = [];
      const { result } = await tuned(pool, 200, { onProgress: (done, total) => progress.push(done / total) });
      const found = unwrap(result);
      expect(found.wins).toBe(true);
      expect(found.loss).toBeLessThan(found.linearLoss - 0.1);
      expect(found.head.file.kind).toBe('attentive');
      expect(progress.at(-1)).toBe(1);
      expect(progress.every((value, i) => i === 0 || value >= (progress[i - 1] ?? 0))).toBe(true);
      const held = first(200).map((i) => 200 + i);
      const said = await proposeStates(found.head, pool.tokens, pool.rows, held);
      const right = held.filter((row, i) => (said[2 * i] as number) > 0.5 === (pool.truth[row] === 0)).length;
      expect(right / held.length).toBeGreaterThan(0.9);
    },
  );

  it('the same labels give the same bytes', async () => {
    const pool = tokenPool(120);
    const [a, b] = [unwrap((await tuned(pool, 80)).result), unwrap((await tuned(pool, 80)).result)];
    expect(b.head).toEqual(a.head);
  });

  it('does not win where there is nothing to find', async () => {
    const pool = tokenPool(160, { strength: 0 });
    const found = unwrap((await tuned(pool, 160)).result);
    expect(found.wins).toBe(false);
  });

  it('stops when it is asked to, and refuses tokens of other images', async () => {
    const pool = tokenPool(120);
    const controller = new AbortController();
    const { result } = await tuned(pool, 80, { signal: controller.signal, onProgress: () => controller.abort() });
    expect(result).toMatchObject({ ok: false, failure: { code: 'stopped' } });
    const other = { ...pool, tokens: tokenPool(120, { seed: 2 }).tokens };
    expect((await tuned(other, 80)).result).toMatchObject({ ok: false, failure: { code: 'embedding-foreign' } });
  });

  it('begins as the linear head', async () => {
    const pool = tokenPool(60);
    const { learnt, prepared } = await tuned(pool, 40);
    const facts = await tokenFacts(pool.tokens, pool.rows, first(40));
    const model = attentive(learnt.fitted.linear, prepared.basis.transform, facts);
    const states = await statesOf(pool.tokens, first(60));
    const logits = await score(model, valuesOf(model, beginning(model)), [() => Promise.resolve({ states })], never);
    const { slope, offset } = learnt.fitted.calibration;
    const expected = await propose(learnt.head, pool.rows);
    logits.forEach((z, i) => {
      const p = 1 / (1 + Math.exp(-((slope[i % 2] as number) * z + (offset[i % 2] as number))));
      expect(p).toBeCloseTo(expected[i] as number, 4);
    });
  });

  it.each(['multilabel', 'multiclass'] as const)('its gradients are those of finite differences (%s)', async (task) => {
    const [batch, T, d, k, m] = [3, 5, 6, 2, 4];
    const transform = {
      mean: drawn([d], 'mean').data,
      scale: drawn([d], 'scale').data.map((v) => 0.5 + Math.abs(v)),
      projection: matrix(d, m, drawn([d, m], 'projection').data),
      unit: true,
    };
    const facts = {
      gain: drawn([d], 'gain').data,
      bias: drawn([d], 'bias').data,
      spread: drawn([d], 'spread').data.map((v) => 0.5 + Math.abs(v)),
    };
    const linear = { weight: Float64Array.from(drawn([k * m], 'w').data), bias: Float64Array.of(0.3, -0.2), fitted: [true, true] };
    const model = attentive(linear, transform, facts);
    const at: Progress = {
      ...beginning(model),
      delta: { 'attention.query': drawn([k, d], 'q', 2), weight: drawn([k, m], 'dw', 0.3), bias: drawn([k], 'db', 0.3) },
    };
    const states = drawn([batch, T, d], 'tokens');
    const y = Float32Array.of(1, 0, 0, 1, 1, 0);
    const weight = Float32Array.of(1, 1, 1, 1, 1, 1);
    const loss = async (values: Progress) => {
      const z = await score(model, valuesOf(model, values), [() => Promise.resolve({ states })], never);
      let sum = 0;
      for (let b = 0; b < batch; b++) {
        const row = [z[b * k] as number, z[b * k + 1] as number];
        if (task === 'multiclass')
          sum += Math.log(Math.exp(row[0] as number) + Math.exp(row[1] as number)) - (row[y[b * k] === 1 ? 0 : 1] as number);
        else row.forEach((logit, f) => (sum += Math.log(1 + Math.exp(y[b * k + f] === 1 ? -logit : logit))));
      }
      return sum;
    };
    const found = await gradientsOf(model, task, at, { states, y, weight });
    const h = 5e-3;
    for (const [name, tensor] of Object.entries(at.delta)) {
      for (let i = 0; i < tensor.data.length; i++) {
        const moved = (by: number): Progress => ({
          ...at,
          delta: { ...at.delta, [name]: { ...tensor, data: tensor.data.map((v, j) => (i === j ? v + by : v)) } },
        });
        const slope = ((await loss(moved(h))) - (await loss(moved(-h)))) / (2 * h);
        expect(found[name]?.data[i], `${name} ${String(i)}`).toBeCloseTo(slope, 2);
      }
    }
  });
});
