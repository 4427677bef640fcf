import { addScatter, rowProducts } from '../linear-algebra/products';
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
    const row = targets.rows[i];
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

function part(products: Float64Array, n: number, rows: readonly number[]): Float64Array {
  const out = new Float64Array(rows.length * rows.length);
  rows.forEach((row, i) => {
    rows.forEach((column, j) => (out[i * rows.length + j] = products[row * n + column]));
  });
  return out;
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
      let sum = linear.bias[f];
      for (let c = 0, p = i * m, q = f * m; c < m; c++, p++, q++) sum += x[p] * linear.weight[q];
      out[i * k + f] = sum;
    }
  }
  return out;
}
