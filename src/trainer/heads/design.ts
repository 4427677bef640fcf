import type { Targets } from '../labels';
import type { Matrix } from '../matrix';

/** The labelled rows of one problem in float64, with what several fits share. */
export interface Design {
  readonly n: number;
  readonly m: number;
  /** [n, m] */
  readonly x: Float64Array;
  /** x x^T [n, n]; only made where n <= m, since fits then work in the space of the rows. */
  readonly gram: Float64Array | null;
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
  return { n, m, x, gram: n <= m ? rowProducts(x, n, m) : null, meanSquare: n > 0 ? sum / n : 0, targets };
}

function rowProducts(x: Float64Array, n: number, m: number): Float64Array {
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0, p = i * m, q = j * m; k < m; k++, p++, q++) sum += (x[p] as number) * (x[q] as number);
      gram[i * n + j] = sum;
      gram[j * n + i] = sum;
    }
  }
  return gram;
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
