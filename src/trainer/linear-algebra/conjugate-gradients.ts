import { cholesky, choleskySolve } from './cholesky';

/** Solves with (A + shift I) in place of its argument, by one Cholesky factor. A is symmetric and at least semi-definite. */
export function shiftedFactor(a: Float64Array, n: number, shift: number): (v: Float64Array) => void {
  const factor = Float64Array.from(a);
  for (let i = 0; i < n; i++) factor[i * n + i] = factor[i * n + i] + shift;
  if (!cholesky(factor, n)) throw new RangeError('the features hold values that are not finite');
  return (v) => choleskySolve(factor, n, v);
}

const TOLERANCE = 1e-12;
const STEPS = 200;

/**
 * Solves A x = b for a symmetric positive definite A given by its product, preconditioned (Golub and Van Loan, 11.5), until
 * the residual is 1e-12 of b.
 */
export function conjugateGradients(
  b: Float64Array,
  precondition: (v: Float64Array) => void,
  apply: (at: Float64Array, out: Float64Array) => void,
): Float64Array {
  const n = b.length;
  const x = new Float64Array(n);
  const r = Float64Array.from(b);
  const product = new Float64Array(n);
  const goal = TOLERANCE * Math.sqrt(dot(b, b));
  let direction = new Float64Array(n);
  let before = 0;
  for (let step = 0; step < STEPS && Math.sqrt(dot(r, r)) > goal; step++) {
    const z = Float64Array.from(r);
    precondition(z);
    const energy = dot(r, z);
    const beta = step === 0 ? 0 : energy / before;
    before = energy;
    direction = z.map((value, i) => value + beta * direction[i]);
    apply(direction, product);
    const alpha = energy / dot(direction, product);
    for (let i = 0; i < n; i++) {
      x[i] = x[i] + alpha * direction[i];
      r[i] = r[i] - alpha * product[i];
    }
  }
  return x;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
