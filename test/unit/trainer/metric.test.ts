import { beforeAll, describe, expect, it } from 'vitest';
import { SCATTERING_POOLING, scatteringMaps } from '../../../src/contract/scattering';
import { buildBasis, transformRows } from '../../../src/trainer/basis';
import { matrix } from '../../../src/trainer/matrix';
import { metricOf } from '../../../src/trainer/metric';
import { random } from '../../../src/trainer/random';
import { start } from './backend';

const d = 3856;
const n = 24;
const draw = random(5, 'rows');
const rows = matrix(
  n,
  d,
  Float32Array.from({ length: n * d }, (_, i) => 3 + draw.normal() * (1 + (i % 7))),
);

/** x [d] of one order at cell (row, column) of a map, weighted and with the mirror image mixed in, in float64. */
function weighed(): Float64Array {
  const maps = scatteringMaps();
  const out = new Float64Array(n * d);
  const standard = new Float64Array(n * d);
  for (let c = 0; c < d; c++) {
    const column = Array.from({ length: n }, (_, r) => rows.data[r * d + c] ?? NaN);
    const mean = column.reduce((a, b) => a + b) / n;
    const spread = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / n);
    const weight = [4, 2, 1][maps[Math.floor(c / 16)]?.order ?? -1] ?? NaN;
    column.forEach((value, r) => (standard[r * d + c] = (weight * (value - mean)) / spread));
  }
  for (let r = 0; r < n; r++) {
    maps.forEach(({ mirror }, at) => {
      for (let y = 0; y < 4; y++) {
        for (let x = 0; x < 4; x++) {
          const here = standard[r * d + at * 16 + y * 4 + x] ?? NaN;
          const there = standard[r * d + mirror * 16 + y * 4 + 3 - x] ?? NaN;
          out[r * d + at * 16 + y * 4 + x] = 0.75 * here + 0.25 * there;
        }
      }
    });
  }
  return out;
}

describe('the metric of the scattering', () => {
  beforeAll(() => start());

  it('knows 241 maps of three orders, each with a mirror image of its own order', () => {
    const maps = scatteringMaps();
    expect([0, 1, 2].map((order) => maps.filter((map) => map.order === order).length)).toEqual([1, 24, 216]);
    maps.forEach(({ order, mirror }, at) => {
      expect(maps[mirror]?.mirror).toBe(at);
      expect(maps[mirror]?.order).toBe(order);
    });
  });

  it('lies in the scaling and the projection of a head, so that its file needs nothing else', async () => {
    const { transform } = await buildBasis(rows, 0, 256, { pooling: SCATTERING_POOLING });
    // As many components as rows span: the products of the rows are kept whole.
    const features = await transformRows(rows, { ...transform, unit: false });
    const expected = weighed();
    const m = features.columns;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let found = 0;
        for (let c = 0; c < m; c++) found += (features.data[i * m + c] ?? NaN) * (features.data[j * m + c] ?? NaN);
        let wanted = 0;
        for (let c = 0; c < d; c++) wanted += (expected[i * d + c] ?? NaN) * (expected[j * d + c] ?? NaN);
        expect(Math.abs(found - wanted)).toBeLessThan(1e-3 * d);
      }
    }
  });

  it('is used for no other embedding', async () => {
    expect(metricOf('class token', d)).toBeNull();
    expect(metricOf(undefined, d)).toBeNull();
    expect(metricOf(SCATTERING_POOLING, 384)).toBeNull();
    const plain = await buildBasis(rows, 0, 256);
    expect((await buildBasis(rows, 0, 256, { pooling: 'mean' })).features.data).toEqual(plain.features.data);
  });
});
