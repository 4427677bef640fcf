import type { Metrics } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import { logitsOf, makeDesign, type Linear } from '../heads/design';
import { fitGda } from '../heads/gda';
import { seenFindings } from '../heads/fit';
import type { Targets } from '../labels';
import { takeRows, type Matrix } from '../matrix';
import { pause } from '../pause';
import { random } from '../random';
import { groupedFolds } from '../splits';
import { auroc } from './ranking';

/** Fewer labels say nothing about a trend. */
const LEAST = 40;
const FOLDS = 5;
const SHARES = [0.25, 0.375, 0.5, 0.75, 1];
const MORE = 50;
/** Successive heads are the last one and those of the labels without the last 10, 20 and 30. */
const STEP = 10;
const ROUNDS = 3;
const SAMPLE = 1000;
const AGREEMENT = 0.99;
const SMALL_GAIN = 0.005;

export type Trend = Pick<Metrics, 'learningCurve' | 'stop'>;

/**
 * Where labeling is going: the expected gain of more labels, and whether to stop. `targets` in the order in which they were
 * answered. All of it is computed from the labels alone with the discriminant head, so that it does not hang on which rounds were run.
 */
export async function trend(features: Matrix, targets: Targets, task: Task, seed: number, signal?: AbortSignal): Promise<Trend> {
  if (targets.rows.length < LEAST || seenFindings(targets, task).length === 0) return { learningCurve: null, stop: null };
  const learningCurve = await learningCurveOf(features, targets, task, seed, signal);
  const kappas = await agreements(features, targets, task, seed, signal);
  const gain = learningCurve?.gain ?? null;
  const advised = kappas.every((kappa) => kappa >= AGREEMENT) && gain !== null && gain < SMALL_GAIN;
  return { learningCurve, stop: { kappas, gain, advised, n: targets.rows.length } };
}

/** Mean AUROC over folds by patient and findings, of heads on growing shares of the other folds' labels, and its fit a - b / n^c. */
async function learningCurveOf(features: Matrix, targets: Targets, task: Task, seed: number, signal: AbortSignal | undefined) {
  const folds = groupedFolds(targets.groups, targets, FOLDS, seed);
  const sums = SHARES.map(() => ({ n: 0, area: 0, count: 0 }));
  const order = random(seed, 'learning curve').shuffle(Int32Array.from(targets.rows.keys()));
  for (let fold = 0; fold < FOLDS; fold++) {
    const held = pick(
      targets,
      Array.from(order).filter((i) => folds[i] === fold),
    );
    const others = Array.from(order).filter((i) => folds[i] !== fold);
    const judged = makeDesign(features, held);
    const areas = SHARES.map((share) => {
      const train = pick(targets, others.slice(0, Math.round(share * others.length)));
      return { n: train.rows.length, areas: areasOf(fitGda(makeDesign(features, train), task), judged, held) };
    });
    // Only findings that every share can judge, or the points would be means of different things.
    for (let f = 0; f < targets.findings; f++) {
      const column = areas.map((one) => one.areas[f] ?? null);
      if (column.includes(null)) continue;
      column.forEach((area, s) => {
        const sum = sums[s];
        sum.n += areas[s]?.n ?? 0;
        sum.area += area ?? 0;
        sum.count++;
      });
    }
    await pause(signal);
  }
  const points = sums.filter(({ count }) => count > 0).map(({ n, area, count }) => ({ n: Math.round(n / count), auroc: area / count }));
  if (points.length < SHARES.length) return null;
  const { a, b, c } = fitPower(points);
  const n = targets.rows.length;
  return { points, a, b, c, more: MORE, gain: b * (n ** -c - (n + MORE) ** -c) };
}

function areasOf(linear: Linear, judged: ReturnType<typeof makeDesign>, { findings: k, y, rows }: Targets): (number | null)[] {
  const logits = logitsOf(linear, judged);
  return Array.from({ length: k }, (_, f) => {
    if (!linear.fitted[f]) return null;
    const known = Array.from(rows.keys()).filter((i) => y[i * k + f] >= 0);
    return auroc(
      known.map((i) => logits[i * k + f]),
      known.map((i) => y[i * k + f]),
    );
  });
}

/** Least squares of a - b / n^c with b >= 0 and a <= 1: for each c of a grid a line in n^-c, points weighted by n. */
export function fitPower(points: readonly { n: number; auroc: number }[]): { a: number; b: number; c: number } {
  let best = { a: points.at(-1)?.auroc ?? 0, b: 0, c: 0.5 };
  let least = Infinity;
  const total = points.reduce((sum, { n }) => sum + n, 0);
  for (let c = 0.2; c <= 1.0001; c += 0.05) {
    const x = points.map(({ n }) => n ** -c);
    const mx = points.reduce((sum, { n }, i) => sum + n * x[i], 0) / total;
    const my = points.reduce((sum, { n, auroc: value }) => sum + n * value, 0) / total;
    const sxy = points.reduce((sum, { n, auroc: value }, i) => sum + n * (x[i] - mx) * (value - my), 0);
    const sxx = points.reduce((sum, { n }, i) => sum + n * (x[i] - mx) ** 2, 0);
    // Beyond AUROC 1 a line ends: then it turns about the point (0, 1).
    let b = Math.max(0, -sxy / Math.max(sxx, 1e-300));
    if (my + b * mx > 1) b = Math.max(0, (1 - my) / mx);
    const a = my + b * mx;
    const error = points.reduce((sum, { n, auroc: value }, i) => sum + n * (value - a + b * x[i]) ** 2, 0);
    if (error < least) [best, least] = [{ a, b, c }, error];
  }
  return best;
}

/** Cohen's kappa between the answers of successive heads on a fixed sample of the pool, the newest pair first. */
async function agreements(
  features: Matrix,
  targets: Targets,
  task: Task,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const rows = random(seed, 'agreement')
    .shuffle(Int32Array.from({ length: features.rows }, (_, i) => i))
    .subarray(0, SAMPLE);
  const sample = takeRows(features, rows);
  const k = targets.findings;
  const answers: Int8Array[] = [];
  for (let back = 0; back <= ROUNDS; back++) {
    const train = pick(
      targets,
      Array.from({ length: Math.max(0, targets.rows.length - back * STEP) }, (_, i) => i),
    );
    answers.push(answersOf(fitGda(makeDesign(features, train), task), sample, task));
    await pause(signal);
  }
  return Array.from({ length: ROUNDS }, (_, i) => kappaOf(answers[i], answers[i + 1], task === 'multiclass' ? 1 : k));
}

/** Multi-class: [n], the class; multi-label: [n, findings], present or not. */
function answersOf({ weight, bias, fitted }: Linear, { rows, columns: m, data }: Matrix, task: Task): Int8Array {
  const k = bias.length;
  const logits = new Float64Array(rows * k);
  for (let i = 0; i < rows; i++) {
    for (let f = 0; f < k; f++) {
      let sum = bias[f];
      for (let c = 0, p = i * m, q = f * m; c < m; c++, p++, q++) sum += data[p] * weight[q];
      logits[i * k + f] = fitted[f] ? sum : -Infinity;
    }
  }
  if (task === 'multilabel') return Int8Array.from(logits, (z) => (z > 0 ? 1 : 0));
  return Int8Array.from({ length: rows }, (_, i) => {
    const row = logits.subarray(i * k, (i + 1) * k);
    return row.indexOf(Math.max(...row));
  });
}

/** Mean over `columns` interleaved problems; two raters who both know one answer only agree by definition. */
function kappaOf(a: Int8Array, b: Int8Array, columns: number): number {
  let total = 0;
  for (let f = 0; f < columns; f++) {
    const counts = new Map<number, [number, number]>();
    let same = 0;
    let n = 0;
    for (let i = f; i < a.length; i += columns, n++) {
      if (a[i] === b[i]) same++;
      for (const [rater, answer] of [a[i], b[i]].entries()) {
        const count = counts.get(answer) ?? [0, 0];
        count[rater === 0 ? 0 : 1]++;
        counts.set(answer, count);
      }
    }
    const chance = [...counts.values()].reduce((sum, [x, y]) => sum + (x * y) / (n * n), 0);
    total += chance >= 1 ? 1 : (same / n - chance) / (1 - chance);
  }
  return total / columns;
}

function pick({ rows, groups, findings, y }: Targets, items: readonly number[]): Targets {
  return {
    rows: Int32Array.from(items, (i) => rows[i]),
    groups: Int32Array.from(items, (i) => groups[i]),
    findings,
    y: Int8Array.from(items.flatMap((i) => [...y.subarray(i * findings, (i + 1) * findings)])),
  };
}
