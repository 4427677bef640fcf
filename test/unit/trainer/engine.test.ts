import { beforeAll, describe, expect, it } from 'vitest';
import type { LabelDelta } from '../../../src/contract/jobs/trainer';
import { unwrap } from '../../../src/contract/result';
import { fullRound, learn, prepare, quickRound } from '../../../src/trainer/engine';
import { auroc } from '../../../src/trainer/evaluation/ranking';
import { propose } from '../../../src/trainer/heads/formula';
import { start } from './backend';
import { answers, gaussianPool } from './pool';

const first = (n: number) => Array.from({ length: n }, (_, i) => i);
const created = '2026-01-01T00:00:00.000Z';

describe('the engine', () => {
  beforeAll(() => start());

  it.each([
    ['multiclass', 3, 40],
    ['multilabel', 2, 40],
    ['multilabel', 2, 500],
  ] as const)('a head proposes from its file alone what the round shows (%s, %i findings, d = %i)', async (task, classes, d) => {
    const pool = gaussianPool(300, d, classes, task);
    const prepared = unwrap(await prepare({ base: pool.base, labels: answers(pool, first(60)) }, pool.rows));
    const { round, learnt } = await fullRound(prepared, 1, created, new Map());
    expect(round.stage).toBe('full');
    const head = learnt?.head;
    if (!head) throw new Error('no head');
    const proposed = await propose(head, pool.rows);
    expect(Math.max(...proposed.map((p, i) => Math.abs(p - (round.probabilities[i] ?? NaN))))).toBeLessThan(1e-5);
    for (const f of first(classes)) {
      const p = pool.truth.map((_, row) => proposed[row * classes + f] ?? 0).slice(60);
      expect(
        auroc(
          p,
          pool.truth.slice(60).map((truth) => (truth === f ? 1 : 0)),
        ),
      ).toBeGreaterThan(0.8);
    }
    const sums = first(300).map((row) => proposed.subarray(row * classes, (row + 1) * classes).reduce((a, b) => a + b, 0));
    expect(sums.every((sum) => task === 'multilabel' || Math.abs(sum - 1) < 1e-5)).toBe(true);
  });

  it('is a function of the snapshot: neither the order of the cells nor what was computed before matters', async () => {
    const pool = gaussianPool(200, 20, 3, 'multiclass');
    const labels = answers(pool, first(50));
    const run = async (deltas: LabelDelta[]) => {
      const prepared = unwrap(await prepare({ base: pool.base, labels: deltas }, pool.rows));
      const cache = new Map();
      await fullRound(unwrap(await prepare({ base: pool.base, labels: deltas.slice(0, 60) }, pool.rows)), 1, created, cache);
      return (await fullRound(prepared, 2, created, cache)).round;
    };
    const forwards = await run(labels);
    const backwards = await run([...labels].reverse());
    const { milliseconds, ...rest } = backwards;
    expect(milliseconds).toBeGreaterThan(0);
    expect(forwards).toMatchObject(rest);
  });

  it('answers at once with the last C and calibration, close to what the full round then says', async () => {
    const pool = gaussianPool(300, 20, 2, 'multilabel');
    const before = unwrap(await prepare({ base: pool.base, labels: answers(pool, first(60)) }, pool.rows));
    const { learnt } = await fullRound(before, 1, created, new Map());
    if (!learnt) throw new Error('no head');
    const after = unwrap(await prepare({ base: pool.base, labels: answers(pool, first(62)) }, pool.rows, before.basis));
    const quick = await quickRound(after, 2, created, learnt);
    const full = await fullRound(after, 2, created, new Map());
    expect(quick?.stage).toBe('quick');
    expect(quick?.head?.labels.count).toBe(62);
    const mean =
      full.round.probabilities.reduce((sum, p, i) => sum + Math.abs(p - (quick?.probabilities[i] ?? NaN)), 0) /
      full.round.probabilities.length;
    expect(mean).toBeLessThan(0.03);
  });

  it('does not learn from cells that nobody read, from unsure ones, from audit draws or from their patients', async () => {
    const pool = gaussianPool(100, 10, 2, 'multilabel');
    const train = answers(pool, first(40));
    const hidden: LabelDelta[] = [
      ...answers(pool, [60], 'audit', 100),
      // Row 61 is row 60's patient.
      ...answers(pool, [61], 'train', 101),
      { row: 70, finding: 0, state: 2, use: 'train', seq: 102 },
      { row: 71, finding: 0, state: -1, use: 'train', seq: 103 },
    ];
    const of = async (labels: LabelDelta[]) => unwrap(await learn(unwrap(await prepare({ base: pool.base, labels }, pool.rows)), created));
    const plain = await of(train);
    const both = await of([...train, ...hidden]);
    expect(both.head.file.labels).toEqual(plain.head.file.labels);
    expect(both.head.tensors['weight']?.data).toEqual(plain.head.tensors['weight']?.data);
  });

  it('says so where there is nothing to learn yet, and gives a queue all the same', async () => {
    const pool = gaussianPool(80, 10, 2, 'multiclass');
    const same = first(80)
      .filter((row) => pool.truth[row] === 1)
      .slice(0, 5);
    const prepared = unwrap(await prepare({ base: pool.base, labels: answers(pool, same) }, pool.rows));
    const learnt = await learn(prepared, created);
    expect(learnt.ok ? '' : learnt.failure.code).toBe('labels-too-few');
    const { round } = await fullRound(prepared, 1, created, new Map());
    expect(round).toMatchObject({ stage: 'cold', head: null });
    expect(round.queue.length).toBe(20);
    expect(round.metrics.labelled).toBe(5);
  });

  it('survives one label of each kind, and never says certain', async () => {
    const pool = gaussianPool(80, 500, 2, 'multilabel');
    const rows = [pool.truth.indexOf(0), pool.truth.indexOf(1)];
    const { round } = await fullRound(
      unwrap(await prepare({ base: pool.base, labels: answers(pool, rows) }, pool.rows)),
      1,
      created,
      new Map(),
    );
    expect(round.stage).toBe('full');
    expect(round.probabilities.every((p) => p > 0.001 && p < 0.999)).toBe(true);
    expect(round.metrics.lowEvidence).toBe(true);
  });

  it('measures on audit draws and prequentially, each with its n', async () => {
    const pool = gaussianPool(300, 20, 2, 'multiclass', 4);
    const labels = [...answers(pool, first(60)), ...answers(pool, [100, 120, 140, 160, 180], 'audit', 60)];
    const { round } = await fullRound(unwrap(await prepare({ base: pool.base, labels }, pool.rows)), 1, created, new Map());
    expect(round.metrics.audit?.n).toBe(5);
    expect(round.metrics.prequential?.n).toBeGreaterThan(45);
    expect((round.metrics.prequential?.correct ?? 0) / (round.metrics.prequential?.n ?? 1)).toBeGreaterThan(0.7);
    expect(round.metrics.labelled).toBe(65);
    expect(round.metrics.calibration?.n).toBe(60);
  });

  it('refuses embeddings of another shape and labels of another pool', async () => {
    const pool = gaussianPool(20, 10, 2, 'multiclass');
    const other = await prepare({ base: { ...pool.base, encoder: { id: 'x', name: 'x', d: 11 } }, labels: [] }, pool.rows);
    expect(other.ok ? '' : other.failure.code).toBe('embedding-foreign');
    const foreign = await prepare({ base: pool.base, labels: [{ row: 20, finding: 0, state: 1, use: 'train', seq: 0 }] }, pool.rows);
    expect(foreign.ok ? '' : foreign.failure.code).toBe('labels-invalid');
  });
});
