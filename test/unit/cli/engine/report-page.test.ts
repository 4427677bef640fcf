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

const figures = page.match(/<figure>.*?<\/figure>/gs) ?? [];
const titled = (title: string) => figures.find((figure) => figure.includes(`<strong>${title}</strong>`)) ?? '';
const circles = (figure: string) =>
  [...figure.matchAll(/<circle cx="([-\d.]+)" cy="([-\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)] as const);

test('every figure has a curve per strategy with a point per checkpoint, inside the drawing, and a table of the values', () => {
  expect(figures).toHaveLength(6);
  const curves = figures.filter((figure) => figure !== titled('Labels saved'));
  expect(curves).toHaveLength(5);
  for (const figure of curves) {
    expect(figure.match(/<polyline/g)).toHaveLength(2);
    expect(circles(figure)).toHaveLength(6);
    for (const [x, y] of circles(figure)) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(560);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(300);
    }
    expect(figure.match(/<td>/g)).toHaveLength(6);
    expect(figure).not.toContain('NaN');
  }
  // Two seeds, .6 and .62: mean .61, t(1) = 12.71, standard error .01.
  expect(titled('Learning')).toContain('<td>0.610 ± 0.127</td>');
});

test('the curve of the better strategy lies higher', () => {
  const heights = circles(titled('Learning')).map(([, y]) => y);
  const [random, margin] = [heights.slice(0, 3), heights.slice(3)];
  margin.forEach((y, i) => expect(y).toBeLessThan(random[i] ?? 0));
});

test('labels saved are drawn with their interval, and say against what', () => {
  const saved = titled('Labels saved');
  expect(circles(saved)).toHaveLength(1);
  expect(saved.match(/class="whisker"/g)).toHaveLength(1);
  expect(saved).toContain('with 200 labels (AUROC 0.810)');
});

test('what to compare with is dotted: the error of calibration by chance, and the prevalence', () => {
  expect(figures.filter((figure) => figure.includes('class="reference"'))).toHaveLength(2);
  expect(titled('Brier score')).toContain('always answering the prevalence');
});

test('a single seed has neither bands nor intervals, and the page says so', () => {
  const one = runs.filter(({ seed }) => seed === 0);
  const alone = reportPage({}, one, reportLines(one));
  expect(alone).toContain('One seed');
  expect(alone).not.toContain('±');
});
