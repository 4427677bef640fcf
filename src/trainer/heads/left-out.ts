import type { Task } from '../../contract/model';
import { cholesky, invertLower } from '../linear-algebra/cholesky';
import { rowProducts } from '../linear-algebra/products';
import type { Design } from './design';
import { momentsOf, problemsOf, sharedRows, type Problem } from './gda';

/**
 * Logits [n, findings] of every row by the discriminant head fitted on all other patients' rows; NaN where they could not teach
 * the finding. Folds would fit on fewer labels, and labels that were asked for at the boundary are missed sorely: logits of five folds
 * understate the head's scale so much that the calibration error doubles (test/bench/learning/README.md).
 *
 * Nothing is refitted. With M = X^T X + t I, leaving out the rows G and centring the rest by its class means takes
 * |G| + classes ranks off M, so that all that is needed are the products x^T inv(M) y of a few vectors (Woodbury's identity).
 * t is kept at its value for all rows, and findings read in the same rows share their mean t.
 */
export function gdaLeftOut(design: Design, task: Task): Float64Array {
  const k = design.targets.findings;
  const out = new Float64Array(design.n * k).fill(NaN);
  for (const problems of sharedRows(problemsOf(design, task))) {
    const [first] = problems;
    if (!first) continue;
    const shrinkage = problems.reduce((sum, problem) => sum + momentsOf(design, problem).shrinkage, 0) / problems.length;
    const products = inverseProducts(design, first.rows, shrinkage);
    const patients = patientsOf(design, first.rows);
    for (const problem of problems) leaveOut(problem, products, patients, design.m, (row, f, logit) => (out[row * k + f] = logit));
  }
  return out;
}

/** x_i^T inv(M) x_j, i and j counted among the problem's rows. */
type Products = (i: number, j: number) => number;

/** With more rows a table of all products would be too large (32 MB), and they are made anew for each finding. */
const TABLE = 2000;

function inverseProducts(design: Design, rows: readonly number[], shift: number): Products {
  const { m, x } = design;
  const n = rows.length;
  const size = Math.min(n, m);
  const lower = Float64Array.from(n <= m ? design.productsOf(rows) : design.scatterOf(rows));
  for (let i = 0; i < size; i++) lower[i * size + i] = lower[i * size + i] + shift;
  if (!cholesky(lower, size)) throw new RangeError('the features hold values that are not finite');
  const inverse = invertLower(lower, size);
  if (n > m) {
    // M = L L^T: the products are those of the rows L^-1 x.
    const white = new Float64Array(n * m);
    rows.forEach((row, i) => {
      for (let a = 0; a < m; a++) white[i * m + a] = lineDot(inverse, a * m, x, row * m, a + 1);
    });
    if (n <= TABLE) return tabled(rowProducts(white, n, m), n);
    return (i, j) => lineDot(white, i * m, white, j * m, m);
  }
  // X inv(X^T X + t I) X^T = I - t inv(X X^T + t I).
  const columns = new Float64Array(n * n);
  for (let a = 0; a < n; a++) for (let i = 0; i <= a; i++) columns[i * n + a] = inverse[a * n + i];
  const product = (i: number, j: number) => {
    const from = Math.max(i, j);
    return (i === j ? 1 : 0) - shift * lineDot(columns, i * n + from, columns, j * n + from, n - from);
  };
  const table = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) table[i * n + j] = table[j * n + i] = product(i, j);
  return tabled(table, n);
}

const tabled =
  (table: Float64Array, n: number): Products =>
  (i, j) =>
    table[i * n + j];

function lineDot(a: Float64Array, p: number, b: Float64Array, q: number, count: number): number {
  let sum = 0;
  for (let c = 0; c < count; c++) sum += a[p + c] * b[q + c];
  return sum;
}

/** Indices among the rows, by patient. */
function patientsOf({ targets: { groups } }: Design, rows: readonly number[]): number[][] {
  const members = new Map<number, number[]>();
  rows.forEach((row, i) => {
    const group = groups[row];
    const known = members.get(group);
    if (known) known.push(i);
    else members.set(group, [i]);
  });
  return [...members.values()];
}

function leaveOut(
  { rows, classes, findings, binary }: Problem,
  product: Products,
  patients: readonly (readonly number[])[],
  m: number,
  put: (row: number, finding: number, logit: number) => void,
): void {
  const n = rows.length;
  const count = Math.max(...classes) + 1;
  const sizes = new Float64Array(count);
  // onClass[i, c]: the sum of the products of row i with the rows of class c; ofClasses[c, e] the sum of those over class e.
  const onClass = new Float64Array(n * count);
  const ofClasses = new Float64Array(count * count);
  const own = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const c = classes[i];
    sizes[c] = sizes[c] + 1;
    own[i] = product(i, i);
    onClass[i * count + c] = onClass[i * count + c] + own[i];
    for (let j = 0; j < i; j++) {
      const value = product(i, j);
      onClass[i * count + classes[j]] = onClass[i * count + classes[j]] + value;
      onClass[j * count + c] = onClass[j * count + c] + value;
    }
  }
  for (let i = 0; i < n; i++) {
    const at = classes[i] * count;
    for (let e = 0; e < count; e++) ofClasses[at + e] = ofClasses[at + e] + onClass[i * count + e];
  }
  for (const members of patients) {
    const left = sizes.slice();
    for (const i of members) left[classes[i]] = left[classes[i]] - 1;
    if (left.some((size) => size < 1)) continue;
    const g = members.length;
    const r = g + count;
    // Products of the rows left out and of the class means that remain.
    const e = new Float64Array(r * r);
    const within = new Float64Array(g * g);
    members.forEach((i, a) => members.forEach((j, b) => (within[a * g + b] = a === b ? own[i] : product(i, j))));
    for (let a = 0; a < g; a++) {
      for (let b = 0; b < g; b++) e[a * r + b] = within[a * g + b];
      for (let c = 0; c < count; c++) {
        let sum = onClass[members[a] * count + c];
        members.forEach((j, b) => (sum -= classes[j] === c ? within[a * g + b] : 0));
        e[a * r + g + c] = sum / left[c];
        e[(g + c) * r + a] = sum / left[c];
      }
    }
    for (let c = 0; c < count; c++) {
      for (let d = 0; d < count; d++) {
        let sum = ofClasses[c * count + d];
        members.forEach((i, a) => {
          if (classes[i] === c) sum -= onClass[i * count + d];
          if (classes[i] === d) sum -= onClass[i * count + c];
          members.forEach((j, b) => (sum += classes[i] === c && classes[j] === d ? within[a * g + b] : 0));
        });
        e[(g + c) * r + g + d] = sum / (left[c] * left[d]);
      }
    }
    const weights = Float64Array.from({ length: r }, (_, a) => (a < g ? 1 : left[a - g]));
    const after = withoutRanks(e, weights, r);
    members.forEach((i, a) => {
      const scores = Array.from(sizes, (_, c) => m * (after[a * r + g + c] - after[(g + c) * r + g + c] / 2));
      const row = rows[i];
      if (binary) return put(row, findings[0], scores[1] - scores[0]);
      const middle = scores.reduce((sum, score) => sum + score, 0) / count;
      findings.forEach((f, c) => put(row, f, scores[c] - middle));
    });
  }
}

/** (I - E D)^-1 E: the products after D-weighted ranks were taken off M; E [r, r] are those before. */
function withoutRanks(e: Float64Array, weights: Float64Array, r: number): Float64Array {
  const a = new Float64Array(r * r);
  for (let i = 0; i < r; i++) for (let j = 0; j < r; j++) a[i * r + j] = (i === j ? 1 : 0) - e[i * r + j] * weights[j];
  const out = Float64Array.from(e);
  // Gauss and Jordan with row pivots; r is a handful.
  for (let column = 0; column < r; column++) {
    let pivot = column;
    for (let i = column + 1; i < r; i++) if (Math.abs(a[i * r + column]) > Math.abs(a[pivot * r + column])) pivot = i;
    for (const matrix of pivot === column ? [] : [a, out]) {
      for (let j = 0; j < r; j++) {
        const held = matrix[pivot * r + j];
        matrix[pivot * r + j] = matrix[column * r + j];
        matrix[column * r + j] = held;
      }
    }
    const scale = 1 / a[column * r + column];
    for (let i = 0; i < r; i++) {
      if (i === column) continue;
      const factor = a[i * r + column] * scale;
      if (factor === 0) continue;
      for (let j = 0; j < r; j++) {
        a[i * r + j] = a[i * r + j] - factor * a[column * r + j];
        out[i * r + j] = out[i * r + j] - factor * out[column * r + j];
      }
    }
    for (let j = 0; j < r; j++) {
      a[column * r + j] = a[column * r + j] * scale;
      out[column * r + j] = out[column * r + j] * scale;
    }
  }
  return out;
}
