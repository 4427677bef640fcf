import type { Task } from '../../contract/model';
import { cholesky, choleskySolve } from '../linear-algebra/cholesky';
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
  const { n, m } = design;
  const k = design.targets.findings;
  const { y } = design.targets;
  const out = emptyLinear(k, m);
  const chosen = (i: number) => include === undefined || include[i] === 1;
  if (task === 'multiclass') {
    const counts = Array.from({ length: k }, () => 0);
    const rows: number[] = [];
    const finding: number[] = [];
    for (let i = 0; i < n; i++) {
      if (!chosen(i)) continue;
      const f = y.subarray(i * k, (i + 1) * k).indexOf(1);
      rows.push(i);
      finding.push(f);
      counts[f] = (counts[f] ?? 0) + 1;
    }
    const seen = counts.flatMap((count, f) => (count > 0 ? [f] : []));
    if (seen.length < 2) return out;
    const functions = discriminants(
      design,
      rows,
      finding.map((f) => seen.indexOf(f)),
      seen.length,
    );
    const mean = new Float64Array(m + 1);
    for (const one of functions) for (let c = 0; c <= m; c++) mean[c] = (mean[c] as number) + (one[c] as number) / seen.length;
    seen.forEach((f, s) => {
      const one = functions[s] as Float64Array;
      for (let c = 0; c < m; c++) out.weight[f * m + c] = (one[c] as number) - (mean[c] as number);
      out.bias[f] = (one[m] as number) - (mean[m] as number);
      out.fitted[f] = true;
    });
    return out;
  }
  for (let f = 0; f < k; f++) {
    const rows: number[] = [];
    const side: number[] = [];
    for (let i = 0; i < n; i++) {
      const state = y[i * k + f] as number;
      if (!chosen(i) || state < 0) continue;
      rows.push(i);
      side.push(state);
    }
    if (!side.includes(0) || !side.includes(1)) continue;
    const [absent, present] = discriminants(design, rows, side, 2) as [Float64Array, Float64Array];
    for (let c = 0; c < m; c++) out.weight[f * m + c] = (present[c] as number) - (absent[c] as number);
    out.bias[f] = (present[m] as number) - (absent[m] as number);
    out.fitted[f] = true;
  }
  return out;
}

/** Per class [weight (m), bias]. `rows` index the design, `classes` says 0..count-1 of each; every class has a row. */
function discriminants(design: Design, rows: readonly number[], classes: readonly number[], count: number): Float64Array[] {
  const { m, x } = design;
  const means = Array.from({ length: count }, () => new Float64Array(m));
  const sizes = new Float64Array(count);
  rows.forEach((row, i) => {
    const mean = means[classes[i] as number] as Float64Array;
    sizes[classes[i] as number] = (sizes[classes[i] as number] as number) + 1;
    for (let c = 0; c < m; c++) mean[c] = (mean[c] as number) + (x[row * m + c] as number);
  });
  means.forEach((mean, s) => {
    for (let c = 0; c < m; c++) mean[c] = (mean[c] as number) / (sizes[s] as number);
  });
  const solved = rows.length <= m && design.gram ? inRowSpace(design, rows, classes, means) : inFeatureSpace(design, rows, classes, means);
  return solved.map((weight, s) => {
    const mean = means[s] as Float64Array;
    let quadratic = 0;
    for (let c = 0; c < m; c++) quadratic += (weight[c] as number) * (mean[c] as number);
    const out = new Float64Array(m + 1);
    out.set(weight);
    out[m] = -quadratic / 2;
    return out;
  });
}

/** tr(S), floored. `scatter`: sum of squared distances to the class means. */
const shrinkage = (scatter: number, n: number, design: Design) => Math.max(scatter / Math.max(1, n - 1), FLOOR * design.meanSquare, 1e-300);

/** Woodbury: with Xc the n rows less their class means, inv(Xc^T Xc + t I) v = (v - Xc^T inv(t I + Xc Xc^T) Xc v) / t. */
function inRowSpace(design: Design, rows: readonly number[], classes: readonly number[], means: readonly Float64Array[]): Float64Array[] {
  const { m, x } = design;
  const n = rows.length;
  const centred = new Float64Array(n * m);
  rows.forEach((row, i) => {
    const mean = means[classes[i] as number] as Float64Array;
    for (let c = 0; c < m; c++) centred[i * m + c] = (x[row * m + c] as number) - (mean[c] as number);
  });
  const kernel = centredGram(design, rows, classes, means.length);
  let scatter = 0;
  for (let i = 0; i < n; i++) scatter += kernel[i * n + i] as number;
  const t = shrinkage(scatter, n, design);
  for (let i = 0; i < n; i++) kernel[i * n + i] = (kernel[i * n + i] as number) + t;
  if (!cholesky(kernel, n)) throw new RangeError('the features hold values that are not finite');
  return means.map((mean) => {
    const right = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let c = 0, p = i * m; c < m; c++, p++) sum += (centred[p] as number) * (mean[c] as number);
      right[i] = sum;
    }
    choleskySolve(kernel, n, right);
    const weight = Float64Array.from(mean);
    for (let i = 0; i < n; i++) {
      const factor = right[i] as number;
      for (let c = 0, p = i * m; c < m; c++, p++) weight[c] = (weight[c] as number) - factor * (centred[p] as number);
    }
    for (let c = 0; c < m; c++) weight[c] = ((weight[c] as number) * m) / t;
    return weight;
  });
}

/** Xc Xc^T out of the shared Gram matrix: rows and columns less the means over their classes. */
function centredGram(design: Design, rows: readonly number[], classes: readonly number[], count: number): Float64Array {
  const n = rows.length;
  const full = design.gram as Float64Array;
  const out = new Float64Array(n * n);
  const sizes = new Float64Array(count);
  for (const s of classes) sizes[s] = (sizes[s] as number) + 1;
  // toClass[i, s]: mean of row i's products with class s; between[s, u]: mean over both classes.
  const toClass = new Float64Array(n * count);
  const between = new Float64Array(count * count);
  for (let i = 0; i < n; i++) {
    const from = (rows[i] as number) * design.n;
    for (let j = 0; j < n; j++) {
      const value = full[from + (rows[j] as number)] as number;
      out[i * n + j] = value;
      const cell = i * count + (classes[j] as number);
      toClass[cell] = (toClass[cell] as number) + value / (sizes[classes[j] as number] as number);
    }
    for (let s = 0; s < count; s++) {
      const cell = (classes[i] as number) * count + s;
      between[cell] = (between[cell] as number) + (toClass[i * count + s] as number) / (sizes[classes[i] as number] as number);
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const si = classes[i] as number;
      const sj = classes[j] as number;
      const crossed = (toClass[i * count + sj] as number) + (toClass[j * count + si] as number) - (between[si * count + sj] as number);
      out[i * n + j] = (out[i * n + j] as number) - crossed;
    }
  }
  return out;
}

/** The same where rows outnumber features: m x m instead of n x n. */
function inFeatureSpace(
  design: Design,
  rows: readonly number[],
  classes: readonly number[],
  means: readonly Float64Array[],
): Float64Array[] {
  const { m, x } = design;
  const a = new Float64Array(m * m);
  const centred = new Float64Array(m);
  rows.forEach((row, i) => {
    const mean = means[classes[i] as number] as Float64Array;
    for (let c = 0; c < m; c++) centred[c] = (x[row * m + c] as number) - (mean[c] as number);
    for (let c = 0; c < m; c++) {
      const value = centred[c] as number;
      for (let e = 0, p = c * m; e <= c; e++, p++) a[p] = (a[p] as number) + value * (centred[e] as number);
    }
  });
  let scatter = 0;
  for (let c = 0; c < m; c++) scatter += a[c * m + c] as number;
  const t = shrinkage(scatter, rows.length, design);
  for (let c = 0; c < m; c++) a[c * m + c] = (a[c * m + c] as number) + t;
  if (!cholesky(a, m)) throw new RangeError('the features hold values that are not finite');
  return means.map((mean) => {
    const weight = Float64Array.from(mean);
    choleskySolve(a, m, weight);
    return weight.map((w) => w * m);
  });
}
