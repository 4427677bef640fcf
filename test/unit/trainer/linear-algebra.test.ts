import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cholesky, choleskySolve, invertLower } from '../../../src/trainer/linear-algebra/cholesky';
import { addScatter, rowProducts, times } from '../../../src/trainer/linear-algebra/products';
import { symmetricEigen } from '../../../src/trainer/linear-algebra/symmetric-eigen';
import { random } from '../../../src/trainer/random';

function gram(n: number, rank: number, seed: number): Float64Array {
  const draw = random(seed, 'gram');
  const b = Float64Array.from({ length: n * rank }, () => draw.normal());
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < rank; k++) a[i * n + j] = (a[i * n + j] ?? 0) + (b[i * rank + k] ?? 0) * (b[j * rank + k] ?? 0);
    }
  }
  return a;
}

const size = fc.integer({ min: 1, max: 40 });
const seed = fc.integer({ min: 0, max: 1e6 });

describe('symmetric eigen-decomposition', () => {
  it('rebuilds the matrix from orthonormal vectors, largest value first, full rank or not', () => {
    fc.assert(
      fc.property(size, size, seed, (n, rank, s) => {
        const a = gram(n, rank, s);
        const { values, vectors } = symmetricEigen(a, n);
        const scale = 1 + Math.max(...values);
        for (let i = 0; i < n; i++) {
          expect(values[i]).toBeLessThanOrEqual(values[Math.max(0, i - 1)] ?? 0);
          for (let j = 0; j < n; j++) {
            let rebuilt = 0;
            let inner = 0;
            for (let k = 0; k < n; k++) {
              rebuilt += (vectors[i * n + k] ?? 0) * (values[k] ?? 0) * (vectors[j * n + k] ?? 0);
              inner += (vectors[k * n + i] ?? 0) * (vectors[k * n + j] ?? 0);
            }
            expect(Math.abs(rebuilt - (a[i * n + j] ?? 0)) / scale).toBeLessThan(1e-12);
            expect(Math.abs(inner - (i === j ? 1 : 0))).toBeLessThan(1e-12);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('refuses NaN instead of turning for ever', () => {
    expect(() => symmetricEigen(Float64Array.from([1, NaN, 0, NaN, 1, 0, 0, 0, 1]), 3)).toThrow(RangeError);
  });
});

describe('Cholesky', () => {
  it('solves positive definite systems and inverts its factor', () => {
    fc.assert(
      fc.property(size, seed, (n, s) => {
        const a = gram(n, n, s);
        for (let i = 0; i < n; i++) a[i * n + i] = (a[i * n + i] ?? 0) + n;
        const l = Float64Array.from(a);
        expect(cholesky(l, n)).toBe(true);
        const draw = random(s, 'x');
        const x = Float64Array.from({ length: n }, () => draw.normal());
        const b = new Float64Array(n);
        for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) b[i] = (b[i] ?? 0) + (a[i * n + k] ?? 0) * (x[k] ?? 0);
        choleskySolve(l, n, b);
        for (let i = 0; i < n; i++) expect(b[i]).toBeCloseTo(x[i] ?? NaN, 8);
        const inverse = invertLower(l, n);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j <= i; j++) {
            let sum = 0;
            for (let k = j; k <= i; k++) sum += (l[i * n + k] ?? 0) * (inverse[k * n + j] ?? 0);
            expect(sum).toBeCloseTo(i === j ? 1 : 0, 9);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('says so where the matrix is not positive definite', () => {
    expect(cholesky(Float64Array.from([1, 2, 2, 1]), 2)).toBe(false);
    expect(cholesky(Float64Array.from([0]), 1)).toBe(false);
  });
});

describe('products', () => {
  it('are those of one sum at a time, odd sizes or even', () => {
    fc.assert(
      fc.property(size, size, seed, (n, m, s) => {
        const draw = random(s, 'rows');
        const x = Float64Array.from({ length: n * m }, () => draw.normal());
        const at = (i: number, c: number) => x[i * m + c] ?? NaN;
        const rows = Array.from({ length: n }, (_, i) => i);
        const inner = rowProducts(x, n, m);
        const kept = rows.filter((i) => i % 3 !== 0);
        const scatter = addScatter(new Float64Array(m * m), x, m, kept, -1);
        const turned = new Float64Array(n);
        const v = Float64Array.from({ length: n }, () => draw.normal());
        times(inner, n, v, turned);
        for (const i of rows) {
          for (const j of rows)
            expect(inner[i * n + j]).toBeCloseTo(
              range(m, (c) => at(i, c) * at(j, c)),
              10,
            );
          expect(turned[i]).toBe(range(n, (j) => (inner[i * n + j] ?? NaN) * (v[j] ?? NaN)));
        }
        for (let c = 0; c < m; c++)
          for (let e = 0; e < m; e++)
            expect(scatter[c * m + e]).toBeCloseTo(
              kept.reduce((sum, i) => sum - at(i, c) * at(i, e), 0),
              10,
            );
      }),
      { numRuns: 40 },
    );
  });
});

const range = (n: number, term: (i: number) => number) => Array.from({ length: n }, (_, i) => term(i)).reduce((sum, one) => sum + one, 0);
