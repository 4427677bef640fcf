export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Column j of this row-major n x n matrix belongs to values[j]; its largest component is positive. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix (row-major n x n, float64): Householder reduction to tridiagonal
 * form, then implicit QL (Golub and Van Loan, Matrix Computations, 8.3). Time O(n^3), meant for n of a few hundred.
 */
export function symmetricEigen(a: Float64Array, n: number): Eigen {
  const q = new Float64Array(n * n);
  const work = Float64Array.from(a);
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  tridiagonalise(work, n, d, e, q);
  implicitQl(n, d, e, q);
  return sorted(n, d, q);
}

/** A = Q T Q^T; d the diagonal of T, e[1..n-1] what lies beside it. `q` receives Q^T (row k the k-th basis vector). */
function tridiagonalise(a: Float64Array, n: number, d: Float64Array, e: Float64Array, q: Float64Array): void {
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    let norm = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = a[i * n + k];
      norm += v[i] ** 2;
    }
    norm = Math.sqrt(norm);
    if (norm === 0) continue;
    const head = v[k + 1];
    const alpha = head > 0 ? -norm : norm;
    v[k + 1] = head - alpha;
    let length = 0;
    for (let i = k + 1; i < n; i++) length += v[i] ** 2;
    const beta = 2 / length;
    // p = beta A v over the trailing block, then A -= v w^T + w v^T with w = p - (beta/2)(p.v) v.
    let pv = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[i * n + j] * v[j];
      p[i] = beta * sum;
      pv += p[i] * v[i];
    }
    const half = (beta * pv) / 2;
    for (let i = k + 1; i < n; i++) p[i] = p[i] - half * v[i];
    for (let i = k + 1; i < n; i++) {
      const vi = v[i];
      const pi = p[i];
      for (let j = k + 1; j < n; j++) a[i * n + j] = a[i * n + j] - vi * p[j] - pi * v[j];
    }
    a[(k + 1) * n + k] = alpha;
    // Q^T <- H Q^T.
    p.fill(0);
    for (let i = k + 1; i < n; i++) {
      const vi = v[i];
      for (let j = 0; j < n; j++) p[j] = p[j] + vi * q[i * n + j];
    }
    for (let i = k + 1; i < n; i++) {
      const factor = beta * v[i];
      for (let j = 0; j < n; j++) q[i * n + j] = q[i * n + j] - factor * p[j];
    }
  }
  for (let i = 0; i < n; i++) {
    d[i] = a[i * n + i];
    e[i] = i > 0 ? a[i * n + i - 1] : 0;
  }
}

/** Diagonalises T by implicit shifts, turning the rows of `q` along. */
function implicitQl(n: number, d: Float64Array, e: Float64Array, q: Float64Array): void {
  for (let i = 1; i < n; i++) e[i - 1] = e[i];
  if (n > 0) e[n - 1] = 0;
  for (let l = 0; l < n; l++) {
    for (let round = 0; ; round++) {
      let m = l;
      for (; m < n - 1; m++) {
        const size = Math.abs(d[m]) + Math.abs(d[m + 1]);
        if (Math.abs(e[m]) <= Number.EPSILON * size) break;
      }
      if (m === l) break;
      if (round === 60) throw new RangeError('the eigenvalues of a matrix with NaN or infinity were asked for');
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = Math.hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        let f = s * e[i];
        const b = c * e[i];
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] = d[i + 1] - p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        for (let k = 0, x = i * n, y = (i + 1) * n; k < n; k++, x++, y++) {
          f = q[y];
          q[y] = s * q[x] + c * f;
          q[x] = c * q[x] - s * f;
        }
      }
      if (r === 0 && i >= l) continue;
      d[l] = d[l] - p;
      e[l] = g;
      e[m] = 0;
    }
  }
}

/** Descending order, and a fixed sign, so that the result is one and the same for the same matrix. */
function sorted(n: number, d: Float64Array, rows: Float64Array): Eigen {
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => d[j] - d[i] || i - j);
  const values = new Float64Array(n);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    values[to] = d[from];
    let largest = 0;
    for (let k = 0; k < n; k++) {
      const value = rows[from * n + k];
      if (Math.abs(value) > Math.abs(largest) * (1 + 1e-9)) largest = value;
    }
    const sign = largest < 0 ? -1 : 1;
    for (let k = 0; k < n; k++) vectors[k * n + to] = sign * rows[from * n + k];
  });
  return { values, vectors };
}
