/**
 * Lower factor L of a symmetric positive definite matrix (row-major, n x n, float64): A = L L^T, in place of A's lower triangle.
 * Returns false where A is not positive definite to rounding.
 */
export function cholesky(a: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j] as number;
      for (let k = 0, p = i * n, q = j * n; k < j; k++, p++, q++) sum -= (a[p] as number) * (a[q] as number);
      if (i === j) {
        if (!(sum > 0)) return false;
        a[j * n + j] = Math.sqrt(sum);
      } else a[i * n + j] = sum / (a[j * n + j] as number);
    }
  }
  return true;
}

/** Solves L L^T x = b in place of b, with L from `cholesky`. */
export function choleskySolve(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (l[i * n + k] as number) * (b[k] as number);
    b[i] = sum / (l[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = (b[i] as number) / (l[i * n + i] as number);
    b[i] = x;
    // Row i of L is column i of its transpose: subtracting it from what is left keeps the memory access sequential.
    for (let k = 0; k < i; k++) b[k] = (b[k] as number) - (l[i * n + k] as number) * x;
  }
}

/** Inverse of the lower factor L, lower triangular as well. */
export function invertLower(l: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    out[j * n + j] = 1 / (l[j * n + j] as number);
    for (let i = j + 1; i < n; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum -= (l[i * n + k] as number) * (out[k * n + j] as number);
      out[i * n + j] = sum / (l[i * n + i] as number);
    }
  }
  return out;
}
