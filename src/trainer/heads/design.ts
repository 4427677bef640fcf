import type { Targets } from '../labels';
import type { Matrix } from '../matrix';

/** The labelled rows of one problem in float64, with what several fits share. */
export interface Design {
  readonly n: number;
  readonly m: number;
  /** [n, m] */
  readonly x: Float64Array;
  /** x x^T over some of the rows. All rows' products are made once; fits on part of them only copy. */
  readonly productsOf: (rows: readonly number[]) => Float64Array;
  /** x^T x over some of the rows. All rows' scatter is made once; fits on most of them take off the rest. */
  readonly scatterOf: (rows: readonly number[]) => Float64Array;
  /** Mean squared length of a row. */
  readonly meanSquare: number;
  readonly targets: Targets;
}

export function makeDesign(features: Matrix, targets: Targets): Design {
  const n = targets.rows.length;
  const m = features.columns;
  const x = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    const row = targets.rows[i] as number;
    x.set(features.data.subarray(row * m, (row + 1) * m), i * m);
  }
  let sum = 0;
  for (const value of x) sum += value * value;
  let products: Float64Array | null = null;
  let scatter: Float64Array | null = null;
  const all = Array.from({ length: n }, (_, i) => i);
  return {
    n,
    m,
    x,
    productsOf: (rows) => {
      products ??= rowProducts(x, n, m);
      return rows.length === n ? products : part(products, n, rows);
    },
    scatterOf: (rows) => {
      scatter ??= addScatter(new Float64Array(m * m), x, m, all, 1);
      if (rows.length === n) return scatter;
      const kept = new Set(rows);
      return addScatter(
        Float64Array.from(scatter),
        x,
        m,
        all.filter((row) => !kept.has(row)),
        -1,
      );
    },
    meanSquare: n > 0 ? sum / n : 0,
    targets,
  };
}

function rowProducts(x: Float64Array, n: number, m: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0, p = i * m, q = j * m; k < m; k++, p++, q++) sum += (x[p] as number) * (x[q] as number);
      out[i * n + j] = sum;
      out[j * n + i] = sum;
    }
  }
  return out;
}

function part(products: Float64Array, n: number, rows: readonly number[]): Float64Array {
  const out = new Float64Array(rows.length * rows.length);
  rows.forEach((row, i) => {
    rows.forEach((column, j) => (out[i * rows.length + j] = products[row * n + column] as number));
  });
  return out;
}

/** a += sign x^T x over the rows, four rows and two lines of `a` at a time: what is read from memory then serves eight products. */
function addScatter(a: Float64Array, x: Float64Array, m: number, rows: readonly number[], sign: number): Float64Array {
  const none = new Float64Array(m);
  for (let i = 0; i < rows.length; i += 4) {
    const [r0, r1, r2, r3] = [0, 1, 2, 3].map((k) => {
      const row = rows[i + k];
      return row === undefined ? none : x.subarray(row * m, (row + 1) * m);
    }) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const factors = (c: number) => [r0, r1, r2, r3].map((row) => sign * (row[c] ?? 0)) as [number, number, number, number];
    for (let c = 0; c < m; c += 2) {
      const [v0, v1, v2, v3] = factors(c);
      const [w0, w1, w2, w3] = factors(c + 1);
      const last = Math.min(c + 1, m - 1);
      for (let e = 0, p = c * m; e <= last; e++, p++) {
        const e0 = r0[e] as number;
        const e1 = r1[e] as number;
        const e2 = r2[e] as number;
        const e3 = r3[e] as number;
        a[p] = (a[p] as number) + v0 * e0 + v1 * e1 + (v2 * e2 + v3 * e3);
        // Where m is odd the line after the last one lies outside `a`, and typed arrays let nothing be written there.
        a[p + m] = (a[p + m] as number) + w0 * e0 + w1 * e1 + (w2 * e2 + w3 * e3);
      }
    }
  }
  for (let c = 0; c < m; c++) for (let e = 0; e < c; e++) a[e * m + c] = a[c * m + e] as number;
  return a;
}

/** One linear function per finding: logit_k = weight_k . z + bias_k. */
export interface Linear {
  /** [findings, m] */
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  /** Findings that had something to learn from; the others have weight and bias 0. */
  readonly fitted: readonly boolean[];
}

export function emptyLinear(findings: number, m: number): Linear & { readonly fitted: boolean[] } {
  return {
    weight: new Float64Array(findings * m),
    bias: new Float64Array(findings),
    fitted: Array.from({ length: findings }, () => false),
  };
}

/** Logits [n, findings] of rows of a design. */
export function logitsOf(linear: Linear, design: Design): Float64Array {
  const { n, m, x } = design;
  const k = linear.bias.length;
  const out = new Float64Array(n * k);
  for (let i = 0; i < n; i++) {
    for (let f = 0; f < k; f++) {
      let sum = linear.bias[f] as number;
      for (let c = 0, p = i * m, q = f * m; c < m; c++, p++, q++) sum += (x[p] as number) * (linear.weight[q] as number);
      out[i * k + f] = sum;
    }
  }
  return out;
}
