import { expect, test } from 'vitest';
import { reportLines } from '../../../../src/cli/engine/report';
import type { Run } from '../../../../src/trainer/evaluation/simulate';

const run = (strategy: Run['strategy'], seed: number, curve: [number, number | null][]): Run => ({
  task: 't',
  strategy,
  head: 'auto',
  seed,
  prevalence: [],
  points: curve.map(([labels, auroc]) => ({
    labels,
    auroc,
    ap: null,
    brier: null,
    logLoss: null,
    ece: null,
    brierOfPrevalence: null,
    eceByChance: null,
    present: [],
    seconds: 0,
    kind: 'gda',
  })),
});

test('labels saved: linear in log2 of the labels between checkpoints', () => {
  const lines = reportLines([
    run('random', 0, [
      [50, 0.6],
      [100, 0.7],
      [200, 0.8],
    ]),
    run('margin', 0, [
      [50, 0.7],
      [100, 0.9],
      [200, 0.95],
    ]),
  ]);
  // 0.8 lies halfway between 0.7 at 50 and 0.9 at 100 labels: sqrt(50 * 100).
  expect(lines[1]?.saved).toBeCloseTo(1 - Math.sqrt(5000) / 200, 12);
  expect(lines[1]?.interval?.[0]).toBeCloseTo(lines[1]?.saved ?? NaN, 12);
  expect(lines[0]).toMatchObject({ strategy: 'random', saved: null, interval: null });
});

test('a curve that never gets there counts with its last checkpoint, and a dip does not take back what was reached', () => {
  const lines = reportLines([
    run('random', 0, [
      [100, 0.7],
      [200, 0.8],
      [300, 0.9],
    ]),
    run('margin', 0, [
      [100, 0.6],
      [200, 0.7],
      [300, 0.75],
    ]),
    run('entropy', 0, [
      [100, 0.8],
      [200, 0.7],
      [300, 0.75],
    ]),
  ]);
  expect(lines[1]?.saved).toBeCloseTo(1 - 300 / 200, 12);
  expect(lines[2]?.saved).toBeCloseTo(0.5, 12);
});

test('the area runs over log2 of the labels, from chance to perfect', () => {
  const [line] = reportLines([
    run('random', 0, [
      [10, 0.5],
      [20, 0.7],
      [40, 0.9],
    ]),
  ]);
  // Trapezoids of equal width: (0.6 + 0.8) / 2 = 0.7.
  expect(line?.alc).toBeCloseTo(0.4, 12);
});

test('means are over seeds, and a checkpoint where one of them has no head is left out', () => {
  const [line] = reportLines([
    run('random', 0, [
      [10, null],
      [20, 0.6],
      [40, 0.8],
    ]),
    run('random', 1, [
      [10, 0.9],
      [20, 0.8],
      [40, 1],
    ]),
  ]);
  expect(line?.alc).toBeCloseTo(0.6, 12);
});
