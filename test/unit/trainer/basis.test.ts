import { beforeAll, describe, expect, it } from 'vitest';
import { buildBasis, transformRows } from '../../../src/trainer/basis';
import { matrix } from '../../../src/trainer/matrix';
import { random } from '../../../src/trainer/random';
import { start } from './backend';
import { figures } from './figures';

const { n, d, components, x, inner } = figures.pca;
const rows = matrix(n, d, Float32Array.from(x));

describe('the basis', () => {
  beforeAll(() => start());

  it('has the principal components of numpy where there are many dimensions', async () => {
    const { transform } = await buildBasis(rows, 0, components);
    const features = await transformRows(rows, { ...transform, unit: false });
    expect(features.columns).toBe(components);
    const largest = Math.max(...inner.map(Math.abs));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let c = 0; c < components; c++) sum += (features.data[i * components + c] ?? 0) * (features.data[j * components + c] ?? 0);
        expect(Math.abs(sum - (inner[i * n + j] ?? NaN)) / largest).toBeLessThan(2e-4);
      }
    }
  });

  it('gives the same bytes for the same pool, and transforms new rows as it did the pool', async () => {
    const first = await buildBasis(rows, 3, components);
    const second = await buildBasis(rows, 3, components);
    expect(second.features.data).toEqual(first.features.data);
    expect((await transformRows(rows, first.transform)).data).toEqual(first.features.data);
  });

  it('only standardises few dimensions; a constant column stays finite; unit rows have length one', async () => {
    const draw = random(1, 'rows');
    const small = matrix(
      20,
      4,
      Float32Array.from({ length: 80 }, (_, i) => (i % 4 === 3 ? 7 : 5 + 2 * draw.normal())),
    );
    const { transform, features: unit } = await buildBasis(small, 0, 256);
    const features = await transformRows(small, { ...transform, unit: false });
    expect(transform.projection).toBeNull();
    for (let c = 0; c < 4; c++) {
      const column = Array.from({ length: 20 }, (_, r) => features.data[r * 4 + c] ?? NaN);
      const mean = column.reduce((a, b) => a + b) / 20;
      expect(mean).toBeCloseTo(0, 5);
      expect(column.reduce((a, b) => a + (b - mean) ** 2, 0) / 20).toBeCloseTo(c === 3 ? 0 : 1, 4);
    }
    for (let r = 0; r < 20; r++) expect(Math.hypot(...unit.data.subarray(r * 4, r * 4 + 4))).toBeCloseTo(1, 5);
  });

  it('does with fewer rows than components', async () => {
    const few = matrix(3, d, rows.data.slice(0, 3 * d));
    const { features } = await buildBasis(few, 0, 256);
    expect(features.rows).toBe(3);
    expect(features.data.every(Number.isFinite)).toBe(true);
  });

  it.each([
    [4, 1],
    [32, 5],
    [48, 48],
    [60, 40],
    [100, 100],
    [300, 150],
  ])('does with %i rows of which %i differ, their variance falling as that of images does', async (count, different) => {
    const draw = random(count, 'rows');
    const width = 800;
    const axes = Array.from({ length: 12 }, () => Float32Array.from({ length: width }, () => draw.normal()));
    const pool = Array.from({ length: different }, () => {
      const weights = axes.map((_, i) => draw.normal() / (i + 1) ** 2);
      return Float32Array.from({ length: width }, (_, c) =>
        axes.reduce((sum, axis, i) => sum + (weights[i] ?? 0) * (axis[c] ?? 0), 1e-4 * draw.normal()),
      );
    });
    const data = new Float32Array(count * width);
    for (let r = 0; r < count; r++) data.set(pool[r % different] ?? [], r * width);
    const rows = matrix(count, width, data);
    const { transform, features } = await buildBasis(rows, 0, 256);
    expect(features.data.every(Number.isFinite)).toBe(true);
    const z = await transformRows(rows, { ...transform, unit: false });
    const total = z.data.reduce((sum, value) => sum + value * value, 0);
    // Standardised columns have variance one: nearly all of it lies within the span of the rows.
    expect(total / (count * width)).toBeGreaterThan(different > 1 ? 0.9 : -1);
  });
});
