import * as tf from '@tensorflow/tfjs-core';
import { matrix, type Matrix } from '../matrix';
import { backendGeneration, onBackend } from './fallback';

/**
 * A matrix kept on the backend, with its transpose: the wasm backend multiplies a transposed operand twelve times slower
 * than one that lies in memory as it is needed (47 against 4 GFLOP/s), so the transpose is made once.
 */
export interface Held {
  readonly rows: number;
  readonly columns: number;
  /** held x right */
  readonly times: (right: Matrix) => Promise<Matrix>;
  /** held^T x right */
  readonly transposedTimes: (right: Matrix) => Promise<Matrix>;
  readonly release: () => void;
}

async function read(tensor: tf.Tensor2D): Promise<Matrix> {
  const data = (await tensor.data()) as Float32Array;
  const [rows, columns] = tensor.shape;
  tensor.dispose();
  // The wasm backend may hand out a view of its heap, which the next allocation can move.
  return matrix(rows, columns, data.slice());
}

const upload = (m: Matrix) => tf.tensor2d(m.data, [m.rows, m.columns], 'float32');

function multiply(left: tf.Tensor2D, right: Matrix): tf.Tensor2D {
  return tf.tidy(() => tf.matMul(left, upload(right)));
}

export function hold(m: Matrix): Held {
  let straight: tf.Tensor2D | null = null;
  let turned: tf.Tensor2D | null = null;
  let made = -1;
  // After another backend has taken over, the tensors are made anew from the rows.
  const here = () => {
    if (made !== backendGeneration()) [straight, turned, made] = [null, null, backendGeneration()];
    straight ??= upload(m);
    return straight;
  };
  const release = () => {
    if (made !== backendGeneration()) return;
    straight?.dispose();
    turned?.dispose();
    [straight, turned] = [null, null];
  };
  return {
    rows: m.rows,
    columns: m.columns,
    times: (right) => onBackend(async () => read(multiply(here(), right))),
    transposedTimes: (right) =>
      onBackend(async () => {
        const rows = here();
        turned ??= tf.transpose(rows);
        return read(multiply(turned, right));
      }),
    release,
  };
}

/** left x right, in float32, on the backend in use whatever comes of it. */
export function productHere(left: Matrix, right: Matrix): Promise<Matrix> {
  return read(tf.tidy(() => tf.matMul(upload(left), upload(right))));
}

/** left x right, in float32. */
export function product(left: Matrix, right: Matrix): Promise<Matrix> {
  return onBackend(() => productHere(left, right));
}

let kept: { readonly left: Matrix; readonly held: Held } | null = null;

/** left x right, where `left` stays on the backend until another one is kept: the pool, which every round is multiplied with. */
export function productKept(left: Matrix, right: Matrix): Promise<Matrix> {
  if (kept?.left !== left) {
    kept?.held.release();
    kept = { left, held: hold(left) };
  }
  return kept.held.times(right);
}

/** left x right^T, in float32. */
export function productTransposed(left: Matrix, right: Matrix): Promise<Matrix> {
  return onBackend(async () => read(tf.tidy(() => tf.matMul(upload(left), tf.transpose(upload(right))))));
}
