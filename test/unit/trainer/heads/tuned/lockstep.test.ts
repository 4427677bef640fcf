import { beforeAll, describe, expect, it } from 'vitest';
import { attentive } from '../../../../../src/trainer/heads/tuned/attentive';
import { trainInStep } from '../../../../../src/trainer/heads/tuned/lockstep';
import { tokenFacts } from '../../../../../src/trainer/heads/tuned/states';
import type { Targets } from '../../../../../src/trainer/labels';
import { start } from '../../backend';
import { tokenPool } from './tokens';

const N = 60;
const FOLDS = 4;
const first = (n: number) => Array.from({ length: n }, (_, i) => i);
const folds = Int8Array.from(first(N), (i) => i % FOLDS);

describe('models trained in step', () => {
  beforeAll(() => start('wasm'));

  it("a fold's own labels have no part in what is said of it, nor in the number of passes behind that", async () => {
    const pool = tokenPool(N);
    const facts = await tokenFacts(pool.tokens, pool.rows, first(N));
    const d = pool.rows.columns;
    const transform = { mean: new Float32Array(d), scale: new Float32Array(d).fill(1), projection: null, unit: true };
    const linear = {
      weight: Float64Array.from({ length: 2 * d }, (_, i) => Math.sin(i) / 10),
      bias: new Float64Array(2),
      fitted: [true, true],
    };
    const truth = Int8Array.from({ length: 2 * N }, (_, at) => (pool.truth[at >> 1] === at % 2 ? 1 : 0));
    const told: (readonly [done: number, total: number])[] = [];
    const trained = (y: Int8Array) => {
      const targets: Targets = { findings: 2, rows: Int32Array.from(first(N)), groups: Int32Array.from(first(N)), y };
      const lesson = {
        source: pool.tokens,
        targets,
        task: 'multilabel',
        seed: 3,
        optimiser: { rate: 0.1, decay: 1e-4 },
        batch: 16,
      } as const;
      return trainInStep(lesson, folds, () => Promise.resolve(attentive(linear, transform, facts)), {
        passes: 12,
        patience: 2,
        onProgress: (...now) => told.push(now),
      });
    };
    const as = await trained(truth);
    // What was done adds up to the total, which had only been the most that it could be.
    const [most, ...totals] = told.map(([, total]) => total);
    expect(most).toBe(12 * N * 3 * (FOLDS - 2) + 13 * 2 * N + 12 * N * 3 * FOLDS + N);
    expect(totals.every((total, i) => total <= (totals[i - 1] ?? most ?? 0))).toBe(true);
    expect(told.slice(-2).map(([done, total]) => total - done)).toEqual([0, 0]);
    for (const fold of first(FOLDS)) {
      // All of its answers turned round: the worst that its labels can do.
      const turned = await trained(truth.map((state, at) => (folds[at >> 1] === fold ? 1 - state : state)));
      const of = (logits: Float32Array, isOwn: boolean) => logits.filter((_, at) => (folds[at >> 1] === fold) === isOwn);
      expect(of(turned.logits, true)).toEqual(of(as.logits, true));
      expect(of(turned.logits, false)).not.toEqual(of(as.logits, false));
    }
  });
});
