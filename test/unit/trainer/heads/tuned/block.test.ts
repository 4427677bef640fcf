import { beforeAll, describe, expect, it } from 'vitest';
import { unwrap } from '../../../../../src/contract/result';
import { learn, prepare } from '../../../../../src/trainer/engine';
import { propose } from '../../../../../src/trainer/heads/formula';
import { blockHead } from '../../../../../src/trainer/heads/tuned/block';
import { blockShapes } from '../../../../../src/contract/block-shapes';
import { statesOf } from '../../../../../src/trainer/heads/tuned/states';
import { beginning, score, trainPass, valuesOf } from '../../../../../src/trainer/tensors/tuning';
import { tune, type TuneOptions } from '../../../../../src/trainer/tune';
import { start } from '../../backend';
import { answers } from '../../pool';
import { blockPool, smallBlock, type BlockPool } from './block-inputs';

const first = (n: number) => Array.from({ length: n }, (_, i) => i);
const created = '2026-01-01T00:00:00.000Z';
const never = () => Promise.resolve();

async function learnt(pool: BlockPool, labels: number) {
  const base = { ...pool.base, settings: { ...pool.base.settings, folds: 3 } };
  const prepared = unwrap(await prepare({ base, labels: answers(pool, first(labels)) }, pool.rows));
  return { prepared, learnt: unwrap(await learn(prepared, created)) };
}

async function tuned(pool: BlockPool, labels: number, more: Partial<TuneOptions> = {}) {
  const made = await learnt(pool, labels);
  const part = { kind: 'block', block: pool.block } as const;
  return tune(made.prepared, made.learnt, pool.rows, { part, source: pool.states, created, ...more });
}

describe('the block head', () => {
  beforeAll(() => start('wasm'));

  it('begins as the linear head on the embedding', async () => {
    const pool = await blockPool(40);
    const { prepared, learnt: linear } = await learnt(pool, 24);
    const model = blockHead(linear.fitted.linear, prepared.basis.transform, pool.block);
    const states = await statesOf(pool.states, first(40));
    const logits = await score(model, valuesOf(model, beginning(model)), [() => Promise.resolve({ states })], never);
    const { slope, offset } = linear.fitted.calibration;
    const expected = await propose(linear.head, pool.rows);
    logits.forEach((z, i) => {
      const p = 1 / (1 + Math.exp(-((slope[i % 2] as number) * z + (offset[i % 2] as number))));
      expect(p).toBeCloseTo(expected[i] as number, 4);
    });
  });

  it('learns what its embedding hides, and is pulled to where it started', async () => {
    const n = 24;
    const pool = await blockPool(n);
    const { prepared, learnt: linear } = await learnt(pool, n);
    const model = blockHead(linear.fitted.linear, prepared.basis.transform, pool.block);
    const states = await statesOf(pool.states, first(n));
    const y = Float32Array.from({ length: 2 * n }, (_, i) => (pool.truth[i >> 1] === i % 2 ? 1 : 0));
    const batch = { states, y, weight: new Float32Array(2 * n).fill(1 / n) };
    const loss = async (at = beginning(model)) => {
      const z = await score(model, valuesOf(model, at), [() => Promise.resolve(batch)], never);
      return z.reduce((sum, logit, i) => sum + Math.log1p(Math.exp(y[i] === 1 ? -logit : logit)), 0) / n;
    };
    const batches = Array.from({ length: 40 }, () => () => Promise.resolve(batch));
    const optimiser = { rate: 0.02, decay: 0 };
    const at = await trainPass(model, 'multilabel', beginning(model), batches, optimiser, never);
    expect(await loss(at)).toBeLessThan(0.5 * (await loss()));
    const far = (values: typeof at) =>
      Math.hypot(...Object.values(values.delta).map(({ data }) => Math.sqrt(data.reduce((s, v) => s + v * v, 0))));
    const pulled = await trainPass(model, 'multilabel', beginning(model), batches, { ...optimiser, decoupled: 5 }, never);
    expect(far(pulled)).toBeLessThan(0.6 * far(at));
  });

  it('is compared out of fold, holds every tensor of a block, and is the same each time', async () => {
    const pool = await blockPool(40);
    const progress: number[] = [];
    const found = unwrap(await tuned(pool, 30, { onProgress: (done, total) => progress.push(done / total) }));
    expect(found.head.file.kind).toBe('block');
    expect([found.loss, found.linearLoss].every((loss) => loss > 0)).toBe(true);
    for (const [name, shape] of Object.entries(blockShapes(pool.base.encoder.d, found.head.tensors)))
      expect(found.head.tensors[name]?.shape, `the shape of ${name}`).toEqual(shape);
    expect(progress.at(-1)).toBe(1);
    expect(unwrap(await tuned(pool, 30)).head).toEqual(found.head);
  });

  it('stops when it is asked to, and refuses another encoder’s block or other images', async () => {
    const pool = await blockPool(40);
    const controller = new AbortController();
    const stopped = await tuned(pool, 30, { signal: controller.signal, onProgress: () => controller.abort() });
    expect(stopped).toMatchObject({ ok: false, failure: { code: 'stopped' } });
    const foreign = { ok: false, failure: { code: 'embedding-foreign' } };
    expect(await tuned(pool, 30, { part: { kind: 'block', block: smallBlock(2) } })).toMatchObject(foreign);
    expect(await tuned(pool, 30, { source: (await blockPool(40, { seed: 2 })).states })).toMatchObject(foreign);
  });
});
