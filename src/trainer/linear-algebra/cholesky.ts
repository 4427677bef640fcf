/*
 * Loops over several rows at a time: what is read of the others then serves all of them, and no sum waits for its own last addition.
 * Each sum is made in the order in which it would be made alone.
 */

/**
 * Lower factor L of a symmetric positive definite matrix (row-major, n x n, float64): A = L L^T, in place of A's lower triangle.
 * Returns false where A is not positive definite to rounding.
 */
export function cholesky(a: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    const diagonal = reduced(a, n, j, j);
    if (!(diagonal > 0)) return false;
    const root = Math.sqrt(diagonal);
    a[j * n + j] = root;
    let i = j + 1;
    for (; i + 1 < n; i += 2) twoBelow(a, n, i, j, root);
    if (i < n) a[i * n + j] = reduced(a, n, i, j) / root;
  }
  return true;
}

/** a[i, j] less the product of rows i and j up to column j. */
function reduced(a: Float64Array, n: number, i: number, j: number): number {
  let s0 = a[i * n + j];
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let p = i * n;
  let q = j * n;
  const stop = q + j;
  for (const whole = q + (j & ~3); q < whole; p += 4, q += 4) {
    s0 -= a[p] * a[q];
    s1 -= a[p + 1] * a[q + 1];
    s2 -= a[p + 2] * a[q + 2];
    s3 -= a[p + 3] * a[q + 3];
  }
  for (; q < stop; p++, q++) s0 -= a[p] * a[q];
  return s0 + s1 + (s2 + s3);
}

/** Column j of rows i and i + 1. */
function twoBelow(a: Float64Array, n: number, i: number, j: number, root: number): void {
  let p = i * n;
  let r = p + n;
  let q = j * n;
  let s0 = a[p + j];
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let t0 = a[r + j];
  let t1 = 0;
  let t2 = 0;
  let t3 = 0;
  const stop = q + j;
  for (const whole = q + (j & ~3); q < whole; p += 4, q += 4, r += 4) {
    const a0 = a[q];
    const a1 = a[q + 1];
    const a2 = a[q + 2];
    const a3 = a[q + 3];
    s0 -= a[p] * a0;
    s1 -= a[p + 1] * a1;
    s2 -= a[p + 2] * a2;
    s3 -= a[p + 3] * a3;
    t0 -= a[r] * a0;
    t1 -= a[r + 1] * a1;
    t2 -= a[r + 2] * a2;
    t3 -= a[r + 3] * a3;
  }
  for (; q < stop; p++, q++, r++) {
    s0 -= a[p] * a[q];
    t0 -= a[r] * a[q];
  }
  a[i * n + j] = (s0 + s1 + (s2 + s3)) / root;
  a[(i + 1) * n + j] = (t0 + t1 + (t2 + t3)) / root;
}

/** Solves L L^T x = b in place of b, with L from `cholesky`. */
export function choleskySolve(l: Float64Array, n: number, b: Float64Array): void {
  let i = 0;
  for (; i + 3 < n; i += 4) {
    let p0 = i * n;
    let p1 = p0 + n;
    let p2 = p1 + n;
    let p3 = p2 + n;
    let s0 = b[i];
    let s1 = b[i + 1];
    let s2 = b[i + 2];
    let s3 = b[i + 3];
    for (let k = 0; k < i; k++, p0++, p1++, p2++, p3++) {
      const x = b[k];
      s0 -= l[p0] * x;
      s1 -= l[p1] * x;
      s2 -= l[p2] * x;
      s3 -= l[p3] * x;
    }
    s0 /= l[p0];
    s1 = (s1 - l[p1] * s0) / l[p1 + 1];
    s2 = (s2 - l[p2] * s0 - l[p2 + 1] * s1) / l[p2 + 2];
    s3 = (s3 - l[p3] * s0 - l[p3 + 1] * s1 - l[p3 + 2] * s2) / l[p3 + 3];
    b[i] = s0;
    b[i + 1] = s1;
    b[i + 2] = s2;
    b[i + 3] = s3;
  }
  for (; i < n; i++) {
    let sum = b[i];
    for (let k = 0, p = i * n; k < i; k++, p++) sum -= l[p] * b[k];
    b[i] = sum / l[i * n + i];
  }
  // Row i of L is column i of its transpose: subtracting it from what is left keeps the memory access sequential.
  for (i = n - 1; i >= 3; i -= 4) {
    const p3 = i * n;
    const p2 = p3 - n;
    const p1 = p2 - n;
    const p0 = p1 - n;
    const k = i - 3;
    const x3 = b[i] / l[p3 + i];
    const x2 = (b[i - 1] - l[p3 + i - 1] * x3) / l[p2 + i - 1];
    const x1 = (b[i - 2] - l[p3 + i - 2] * x3 - l[p2 + i - 2] * x2) / l[p1 + i - 2];
    const rest = b[k] - l[p3 + k] * x3 - l[p2 + k] * x2 - l[p1 + k] * x1;
    const x0 = rest / l[p0 + k];
    b[i] = x3;
    b[i - 1] = x2;
    b[i - 2] = x1;
    b[k] = x0;
    for (let c = 0; c < k; c++) {
      const left = b[c] - l[p3 + c] * x3 - l[p2 + c] * x2;
      b[c] = left - l[p1 + c] * x1 - l[p0 + c] * x0;
    }
  }
  for (; i >= 0; i--) {
    const x = b[i] / l[i * n + i];
    b[i] = x;
    for (let k = 0, p = i * n; k < i; k++, p++) b[k] = b[k] - l[p] * x;
  }
}

/** Inverse of the lower factor L, lower triangular as well. Row by row, four earlier rows in one pass over each. */
export function invertLower(l: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const own = 1 / l[row + i];
    let k = 0;
    for (; k + 3 < i; k += 4) {
      const f0 = own * l[row + k];
      const f1 = own * l[row + k + 1];
      const f2 = own * l[row + k + 2];
      const f3 = own * l[row + k + 3];
      // Beyond their diagonals the earlier rows hold zeros.
      for (let j = 0, p = row, q = k * n; j <= k + 3; j++, p++, q++) {
        const sum = f0 * out[q] + f1 * out[q + n] + f2 * out[q + 2 * n] + f3 * out[q + 3 * n];
        out[p] = out[p] - sum;
      }
    }
    for (; k < i; k++) {
      const f = own * l[row + k];
      for (let j = 0, p = row, q = k * n; j <= k; j++, p++, q++) out[p] = out[p] - f * out[q];
    }
    out[row + i] = own;
  }
  return out;
}
