/**
 * Lower factor L of a symmetric positive definite matrix (row-major, n x n, float64): A = L L^T, in place of A's lower triangle.
 * Returns false where A is not positive definite to rounding.
 */
export function cholesky(a: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      // Four sums at a time: one alone waits for each addition before it begins the next.
      let [s0, s1, s2, s3] = [a[i * n + j] as number, 0, 0, 0];
      let [k, p, q] = [0, i * n, j * n];
      for (; k + 3 < j; k += 4, p += 4, q += 4) {
        s0 -= (a[p] as number) * (a[q] as number);
        s1 -= (a[p + 1] as number) * (a[q + 1] as number);
        s2 -= (a[p + 2] as number) * (a[q + 2] as number);
        s3 -= (a[p + 3] as number) * (a[q + 3] as number);
      }
      for (; k < j; k++, p++, q++) s0 -= (a[p] as number) * (a[q] as number);
      const sum = s0 + s1 + (s2 + s3);
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

/** Inverse of the lower factor L, lower triangular as well. Row by row, four earlier rows in one pass over each. */
export function invertLower(l: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const own = 1 / (l[i * n + i] as number);
    const factor = (k: number) => own * (l[i * n + k] as number);
    let k = 0;
    for (; k + 3 < i; k += 4) {
      const [f0, f1, f2, f3] = [factor(k), factor(k + 1), factor(k + 2), factor(k + 3)];
      // Beyond their diagonals the earlier rows hold zeros.
      for (let j = 0, p = i * n, q = k * n; j <= k + 3; j++, p++, q++) {
        const sum =
          f0 * (out[q] as number) + f1 * (out[q + n] as number) + f2 * (out[q + 2 * n] as number) + f3 * (out[q + 3 * n] as number);
        out[p] = (out[p] as number) - sum;
      }
    }
    for (; k < i; k++) {
      const f = factor(k);
      for (let j = 0, p = i * n, q = k * n; j <= k; j++, p++, q++) out[p] = (out[p] as number) - f * (out[q] as number);
    }
    out[i * n + i] = own;
  }
  return out;
}
