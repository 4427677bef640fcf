import type { Task } from '../../contract/model';
import { conjugateGradients, shiftedFactor } from '../linear-algebra/conjugate-gradients';
import { rowTimes, times } from '../linear-algebra/products';
import { emptyLinear, type Design, type Linear } from './design';

/** Keeps the shrinkage positive where every class has a single example and nothing varies within classes. */
const FLOOR = 1e-6;

/**
 * Gaussian discriminant analysis with one shared covariance, shrunk in closed form (Wang et al., ICLR 2024):
 * Sigma^-1 = m inv((N - 1) S + tr(S) I), W = mu Sigma^-1, b = -mu Sigma^-1 mu / 2, S the covariance around the class means.
 * Classes count as equally frequent here: the prior is put in by calibration.
 * Multi-label: each finding is a problem of its own over the rows where it was read; its logit is present minus absent.
 * Multi-class: the mean over the classes seen is taken off every class's function, which no softmax notices.
 * `include` (length n) leaves out rows, for folds.
 */
export function fitGda(design: Design, task: Task, include?: Uint8Array): Linear {
  const out = emptyLinear(design.targets.findings, design.m);
  for (const group of sharedRows(problemsOf(design, task, include))) {
    const solver = makeSolver(design, group);
    for (const problem of group) solve(design, problem, solver, out);
  }
  return out;
}

export const problemsOf = (design: Design, task: Task, include?: Uint8Array): Problem[] =>
  task === 'multiclass' ? classProblem(design, include) : findingProblems(design, include);

/** Rows of the design, the class 0..count-1 of each, and the findings that the classes' functions go to. */
export interface Problem {
  readonly rows: readonly number[];
  readonly classes: readonly number[];
  readonly findings: readonly number[];
  /** Of a sigmoid: two classes, absent and present, and one finding. */
  readonly binary: boolean;
}

function classProblem({ n, targets: { findings: k, y } }: Design, include: Uint8Array | undefined): Problem[] {
  const rows: number[] = [];
  const finding: number[] = [];
  for (let i = 0; i < n; i++) {
    if (include?.[i] === 0) continue;
    rows.push(i);
    finding.push(y.subarray(i * k, (i + 1) * k).indexOf(1));
  }
  const seen = [...new Set(finding)].sort((a, b) => a - b);
  return seen.length < 2 ? [] : [{ rows, classes: finding.map((f) => seen.indexOf(f)), findings: seen, binary: false }];
}

function findingProblems({ n, targets: { findings: k, y } }: Design, include: Uint8Array | undefined): Problem[] {
  const out: Problem[] = [];
  for (let f = 0; f < k; f++) {
    const rows: number[] = [];
    const classes: number[] = [];
    for (let i = 0; i < n; i++) {
      const state = y[i * k + f];
      if (include?.[i] === 0 || state < 0) continue;
      rows.push(i);
      classes.push(state);
    }
    if (classes.includes(0) && classes.includes(1)) out.push({ rows, classes, findings: [f], binary: true });
  }
  return out;
}

/** Findings that were read in the same rows share a decomposition. */
export function sharedRows(problems: readonly Problem[]): Problem[][] {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const key = problem.rows.join();
    groups.set(key, [...(groups.get(key) ?? []), problem]);
  }
  return [...groups.values()];
}

interface Moments {
  readonly means: readonly Float64Array[];
  readonly sizes: Float64Array;
  /** tr(S), floored. */
  readonly shrinkage: number;
}

export function momentsOf({ m, x, meanSquare }: Design, { rows, classes }: Problem): Moments {
  const count = Math.max(...classes) + 1;
  const means = Array.from({ length: count }, () => new Float64Array(m));
  const sizes = new Float64Array(count);
  let scatter = 0;
  rows.forEach((row, i) => {
    const s = classes[i];
    const mean = means[s];
    sizes[s] = sizes[s] + 1;
    for (let c = 0, p = row * m; c < m; c++, p++) {
      mean[c] = mean[c] + x[p];
      scatter += x[p] ** 2;
    }
  });
  means.forEach((mean, s) => {
    const size = sizes[s];
    for (let c = 0; c < m; c++) {
      mean[c] = mean[c] / size;
      scatter -= size * mean[c] ** 2;
    }
  });
  return { means, sizes, shrinkage: Math.max(scatter / Math.max(1, rows.length - 1), FLOOR * meanSquare, 1e-300) };
}

/** inv(Xc^T Xc + t I) v for the class-centred rows of a problem. */
type Solver = (problem: Problem, moments: Moments, v: Float64Array) => Float64Array;

/**
 * What the problems of a group have in common is decomposed once: the rows' products, n x n, or the features', m x m,
 * whichever is smaller (Woodbury's identity; never d x d of an unprojected encoder). A problem differs from it by a few ranks and a
 * little in t, so that conjugate gradients from there take a handful of steps to float64's precision.
 */
function makeSolver(design: Design, group: readonly Problem[]): Solver {
  const [first] = group as [Problem];
  const shift = momentsOf(design, first).shrinkage;
  return first.rows.length <= design.m ? rowSolver(design, first.rows, shift) : featureSolver(design, first.rows, shift);
}

function featureSolver(design: Design, rows: readonly number[], shift: number): Solver {
  const { m } = design;
  const scatter = design.scatterOf(rows);
  const precondition = shiftedFactor(scatter, m, shift);
  return (_, { means, sizes, shrinkage }, v) =>
    conjugateGradients(v, precondition, (at, out) => {
      times(scatter, m, at, out);
      for (let c = 0; c < m; c++) out[c] = out[c] + shrinkage * at[c];
      means.forEach((mean, s) => subtract(out, mean, sizes[s] * dot(mean, at)));
    });
}

/** Woodbury: inv(Xc^T Xc + t I) v = (v - Xc^T inv(Xc Xc^T + t I) Xc v) / t, and Xc Xc^T = C X X^T C with C centring by class. */
function rowSolver(design: Design, rows: readonly number[], shift: number): Solver {
  const { m, x } = design;
  const n = rows.length;
  const products = design.productsOf(rows);
  const precondition = shiftedFactor(products, n, shift);
  return (problem, moments, v) => {
    const { means, sizes, shrinkage } = moments;
    const onMeans = means.map((mean) => dot(mean, v));
    const right = Float64Array.from(rows, (row, i) => rowTimes(x, row, m, v) - onMeans[problem.classes[i]]);
    const centred = new Float64Array(n);
    const solved = conjugateGradients(right, precondition, (at, out) => {
      centred.set(at);
      centre(centred, problem.classes, sizes);
      times(products, n, centred, out);
      centre(out, problem.classes, sizes);
      for (let i = 0; i < n; i++) out[i] = out[i] + shrinkage * at[i];
    });
    centre(solved, problem.classes, sizes);
    const out = Float64Array.from(v);
    rows.forEach((row, i) => {
      const factor = solved[i];
      for (let c = 0, p = row * m; c < m; c++, p++) out[c] = out[c] - factor * x[p];
    });
    return out.map((value) => value / shrinkage);
  };
}

function solve(design: Design, problem: Problem, solver: Solver, out: Linear & { readonly fitted: boolean[] }): void {
  const { m } = design;
  const moments = momentsOf(design, problem);
  const { means } = moments;
  if (problem.binary) {
    const [absent, present] = means as [Float64Array, Float64Array];
    const weight = solver(
      problem,
      moments,
      present.map((value, c) => value - absent[c]),
    ).map((w) => w * m);
    const f = problem.findings[0];
    out.weight.set(weight, f * m);
    // The two quadratic terms of b in one, Sigma being symmetric.
    out.bias[f] = -(dot(weight, present) + dot(weight, absent)) / 2;
    out.fitted[f] = true;
    return;
  }
  const weights = means.map((mean) => solver(problem, moments, mean).map((w) => w * m));
  const biases = weights.map((weight, s) => -dot(weight, means[s]) / 2);
  const count = means.length;
  const middle = new Float64Array(m);
  for (const weight of weights) subtract(middle, weight, -1 / count);
  const bias = biases.reduce((a, b) => a + b, 0) / count;
  problem.findings.forEach((f, s) => {
    out.weight.set(
      weights[s].map((w, c) => w - middle[c]),
      f * m,
    );
    out.bias[f] = biases[s] - bias;
    out.fitted[f] = true;
  });
}

/** Takes the class mean off every entry. */
function centre(values: Float64Array, classes: readonly number[], sizes: Float64Array): void {
  const sums = new Float64Array(sizes.length);
  classes.forEach((s, i) => (sums[s] = sums[s] + values[i]));
  classes.forEach((s, i) => (values[i] = values[i] - sums[s] / sizes[s]));
}

function dot(a: Float64Array, b: Float64Array): number {
  return rowTimes(a, 0, a.length, b);
}

/** a -= factor b */
function subtract(a: Float64Array, b: Float64Array, factor: number): void {
  for (let c = 0; c < a.length; c++) a[c] = a[c] - factor * b[c];
}
