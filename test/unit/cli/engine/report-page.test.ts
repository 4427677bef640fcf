import { expect, test } from 'vitest';
import { reportLines } from '../../../../src/cli/engine/report';
import { reportPage } from '../../../../src/cli/engine/report-page';
import type { Run } from '../../../../src/trainer/evaluation/simulate';

const run = (strategy: Run['strategy'], seed: number, areas: number[]): Run => ({
  task: 'a <b>task</b>',
  strategy,
  head: 'auto',
  seed,
  prevalence: [0.5],
  points: areas.map((auroc, i) => ({
    labels: 50 * 2 ** i,
    auroc,
    ap: auroc,
    brier: 0.2,
    logLoss: 0.5,
    ece: 0.05,
    brierOfPrevalence: 0.25,
    eceByChance: 0.06,
    present: [10],
    seconds: 0.1 * (i + 1),
    kind: 'gda',
  })),
});
const runs = [
  run('random', 0, [0.6, 0.7, 0.8]),
  run('random', 1, [0.62, 0.7, 0.82]),
  run('margin', 0, [0.7, 0.9, 0.95]),
  run('margin', 1, [0.72, 0.88, 0.95]),
];
const page = reportPage({ seeds: 2, checkpoints: [50, 100, 200] }, runs, reportLines(runs));

test('the page needs nothing else and runs nothing, and names stay text', () => {
  expect(page).not.toMatch(/https?:|src=|<script|@import|url\(/);
  expect(page).toContain("default-src 'none'");
  expect(page).toContain('a &lt;b&gt;task&lt;/b&gt;');
});

test('every figure has a curve per strategy with a point per checkpoint, inside the drawing', () => {
  const figures = page.match(/<svg.*?<\/svg>/gs) ?? [];
  expect(figures).toHaveLength(5);
  for (const figure of figures) {
    expect(figure.match(/<polyline/g)).toHaveLength(2);
    expect(figure.match(/<circle/g)).toHaveLength(6);
    for (const [, x, y] of figure.matchAll(/cx="([-\d.]+)" cy="([-\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x)).toBeLessThanOrEqual(560);
      expect(Number(y)).toBeGreaterThanOrEqual(0);
      expect(Number(y)).toBeLessThanOrEqual(300);
    }
    expect(figure).not.toContain('NaN');
  }
});

test('the curve of the better strategy lies higher', () => {
  const [learning = ''] = page.match(/<svg.*?<\/svg>/s) ?? [];
  const heights = [...learning.matchAll(/cy="([-\d.]+)"/g)].map(([, y]) => Number(y));
  const [random, margin] = [heights.slice(0, 3), heights.slice(3)];
  margin.forEach((y, i) => expect(y).toBeLessThan(random[i] ?? 0));
});
