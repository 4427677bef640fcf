/*
 * Products of small matrices in float64, several rows at a time: what is read of the others then serves all of them, and no sum waits for
 * its own last addition. Each sum is made in the order in which it would be made alone.
 */

/** A v of a square matrix (row-major, n x n). */
export function times(a: Float64Array, n: number, v: Float64Array, out: Float64Array): void {
  let i = 0;
  for (; i + 3 < n; i += 4) {
    let p0 = i * n;
    let p1 = p0 + n;
    let p2 = p1 + n;
    let p3 = p2 + n;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let c = 0; c < n; c++, p0++, p1++, p2++, p3++) {
      const x = v[c];
      s0 += a[p0] * x;
      s1 += a[p1] * x;
      s2 += a[p2] * x;
      s3 += a[p3] * x;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (; i < n; i++) out[i] = rowTimes(a, i, n, v);
}

/** One row of A [., n] times v. */
export function rowTimes(a: Float64Array, row: number, n: number, v: Float64Array): number {
  let sum = 0;
  for (let c = 0, p = row * n; c < n; c++, p++) sum += a[p] * v[c];
  return sum;
}

/** x x^T [n, n] of rows x [n, m]. */
export function rowProducts(x: Float64Array, n: number, m: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    let j = 0;
    for (; j + 3 <= i; j += 4) {
      let q0 = j * m;
      let q1 = q0 + m;
      let q2 = q1 + m;
      let q3 = q2 + m;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let p = i * m, end = p + m; p < end; p++, q0++, q1++, q2++, q3++) {
        const value = x[p];
        s0 += value * x[q0];
        s1 += value * x[q1];
        s2 += value * x[q2];
        s3 += value * x[q3];
      }
      out[i * n + j] = s0;
      out[i * n + j + 1] = s1;
      out[i * n + j + 2] = s2;
      out[i * n + j + 3] = s3;
    }
    for (; j <= i; j++) {
      let sum = 0;
      for (let p = i * m, q = j * m, end = p + m; p < end; p++, q++) sum += x[p] * x[q];
      out[i * n + j] = sum;
    }
  }
  mirror(out, n);
  return out;
}

/** a += sign x^T x over some rows of x [., m]. */
export function addScatter(a: Float64Array, x: Float64Array, m: number, rows: readonly number[], sign: number): Float64Array {
  const none = new Float64Array(m);
  const rowAt = (i: number) => {
    const row = rows[i];
    return row === undefined ? none : x.subarray(row * m, (row + 1) * m);
  };
  for (let i = 0; i < rows.length; i += 4) {
    const [r0, r1, r2, r3] = [rowAt(i), rowAt(i + 1), rowAt(i + 2), rowAt(i + 3)] as const;
    for (let c = 0; c < m; c += 2) addFour(a, m, c, r0, r1, r2, r3, sign);
  }
  mirror(a, m);
  return a;
}

/** Lines c and c + 1 of the lower triangle, four rows. */
function addFour(
  a: Float64Array,
  m: number,
  c: number,
  r0: Float64Array,
  r1: Float64Array,
  r2: Float64Array,
  r3: Float64Array,
  sign: number,
): void {
  const v0 = sign * r0[c];
  const v1 = sign * r1[c];
  const v2 = sign * r2[c];
  const v3 = sign * r3[c];
  // Where m is odd the line after the last one lies outside `a`, and typed arrays let nothing be written there.
  const w0 = sign * (r0[c + 1] ?? 0);
  const w1 = sign * (r1[c + 1] ?? 0);
  const w2 = sign * (r2[c + 1] ?? 0);
  const w3 = sign * (r3[c + 1] ?? 0);
  const last = Math.min(c + 1, m - 1);
  for (let e = 0, p = c * m, q = p + m; e <= last; e++, p++, q++) {
    const e0 = r0[e];
    const e1 = r1[e];
    const e2 = r2[e];
    const e3 = r3[e];
    a[p] = a[p] + v0 * e0 + v1 * e1 + (v2 * e2 + v3 * e3);
    a[q] = a[q] + w0 * e0 + w1 * e1 + (w2 * e2 + w3 * e3);
  }
}

/** The upper triangle from the lower one. */
function mirror(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
}
