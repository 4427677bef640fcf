import { matrix, type Matrix } from '../matrix';
import { hold } from '../tensors/product';
import type { Design } from './design';

/** The two products that logistic regression needs of its rows, scaled to a mean squared length of one. */
export interface Products {
  /** 1 / root mean squared length: what the rows were multiplied with. */
  readonly factor: number;
  /** [n, columns] = rows x weights^T; `parameters` is [columns, m + 1], its last column the bias, which is added. */
  readonly forward: (parameters: Float64Array, columns: number) => Promise<ArrayLike<number>> | ArrayLike<number>;
  /** [m, columns] = rows^T x residual, `residual` [n, columns]. */
  readonly backward: (residual: Float64Array, columns: number) => Promise<ArrayLike<number>> | ArrayLike<number>;
  readonly release: () => void;
}

const factorOf = (design: Design) => (design.meanSquare > 0 ? 1 / Math.sqrt(design.meanSquare) : 1);

/** In float32 on the tensor backend: many columns at once. */
export function tensorProducts(design: Design): Products {
  const { n, m } = design;
  const factor = factorOf(design);
  const scaled = new Float32Array(n * m);
  for (let p = 0; p < scaled.length; p++) scaled[p] = design.x[p] * factor;
  const held = hold(matrix(n, m, scaled));
  return {
    factor,
    forward: async (parameters, columns) => {
      const right = new Float32Array(m * columns);
      for (let c = 0; c < columns; c++) for (let j = 0, p = c * (m + 1); j < m; j++, p++) right[j * columns + c] = parameters[p];
      const out: Matrix = await held.times(matrix(m, columns, right));
      for (let c = 0; c < columns; c++) {
        const bias = parameters[c * (m + 1) + m];
        for (let i = 0, p = c; i < n; i++, p += columns) out.data[p] = out.data[p] + bias;
      }
      return out.data;
    },
    backward: async (residual, columns) => (await held.transposedTimes(matrix(n, columns, Float32Array.from(residual)))).data,
    release: held.release,
  };
}

/** In float64 and plain JavaScript: the few columns of a final fit, solved further than float32 reaches. */
export function plainProducts(design: Design): Products {
  const { n, m } = design;
  const factor = factorOf(design);
  const x = design.x.map((value) => value * factor);
  return {
    factor,
    forward: (parameters, columns) => {
      const out = new Float64Array(n * columns);
      for (let i = 0; i < n; i++) {
        for (let c = 0; c < columns; c++) {
          let sum = parameters[c * (m + 1) + m];
          for (let j = 0, p = i * m, q = c * (m + 1); j < m; j++, p++, q++) sum += x[p] * parameters[q];
          out[i * columns + c] = sum;
        }
      }
      return out;
    },
    backward: (residual, columns) => {
      const out = new Float64Array(m * columns);
      for (let i = 0; i < n; i++) {
        for (let c = 0; c < columns; c++) {
          const value = residual[i * columns + c];
          if (value === 0) continue;
          for (let j = 0, p = i * m, q = c; j < m; j++, p++, q += columns) out[q] = out[q] + value * x[p];
        }
      }
      return out;
    },
    release: () => undefined,
  };
}
