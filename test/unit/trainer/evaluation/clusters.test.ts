import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanAuroc } from '../../../../src/trainer/evaluation/comparison';
import { clusteredMean, clusteredWilson, wilson } from '../../../../src/trainer/evaluation/intervals';
import { auroc, placements } from '../../../../src/trainer/evaluation/ranking';
import { random } from '../../../../src/trainer/random';

const binary = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 1 })), { minLength: 2, maxLength: 60 });

describe('placements', () => {
  it('are those counted pair by pair, and their means are the AUROC', () => {
    fc.assert(
      fc.property(binary, (pairs) => {
        const [scores, y] = [pairs.map(([score]) => score), pairs.map(([, state]) => state)];
        const found = placements(scores, y);
        const area = auroc(scores, y);
        expect(found === null).toBe(area === null);
        if (found === null || area === null) return;
        found.forEach((value, i) => {
          const others = scores.filter((_, j) => y[j] !== y[i]);
          const sign = y[i] === 1 ? 1 : -1;
          const below = others.reduce((sum, other) => sum + (1 + Math.sign(sign * ((scores[i] ?? 0) - other))) / 2, 0);
          expect(value).toBeCloseTo(below / others.length, 10);
        });
        for (const side of [0, 1]) {
          const own = [...found].filter((_, i) => y[i] === side);
          expect(own.reduce((a, b) => a + b, 0) / own.length).toBeCloseTo(area, 10);
        }
      }),
    );
  });
});

describe('intervals by patient', () => {
  it('are Wilson’s where every patient has one image, and are never narrower', () => {
    const cluster = fc.integer({ min: 1, max: 8 }).chain((n) => fc.record({ n: fc.constant(n), correct: fc.integer({ min: 0, max: n }) }));
    fc.assert(
      fc.property(fc.array(cluster, { minLength: 2, maxLength: 40 }), (clusters) => {
        const n = clusters.reduce((sum, each) => sum + each.n, 0);
        const correct = clusters.reduce((sum, each) => sum + each.correct, 0);
        const [plain, own] = [wilson(correct, n), clusteredWilson(clusters)];
        expect(own.high - own.low).toBeGreaterThanOrEqual(plain.high - plain.low - 1e-12);
      }),
    );
    const alone = Array.from({ length: 50 }, (_, i) => ({ n: 1, correct: i < 40 ? 1 : 0 }));
    const [plain, own] = [wilson(40, 50), clusteredWilson(alone)];
    // The sample variance has n - 1 below it.
    expect(own.low).toBeCloseTo(plain.low, 2);
    expect(own.high).toBeCloseTo(plain.high, 2);
    expect(clusteredWilson([{ n: 14, correct: 14 }])).toEqual(wilson(1, 1));
  });

  it('hold what they promise where the answers of an image hang together; independent cells would not', () => {
    const draw = random(3, 'coverage');
    const count = { clustered: 0, plain: 0 };
    const runs = 2000;
    for (let run = 0; run < runs; run++) {
      // 40 images of 14 findings: an image is easy (.95) or hard (.55), so that the rate is .75.
      const clusters = Array.from({ length: 40 }, () => {
        const p = draw.uniform() < 0.5 ? 0.95 : 0.55;
        return { n: 14, correct: Array.from({ length: 14 }, () => (draw.uniform() < p ? 1 : 0)).reduce<number>((a, b) => a + b, 0) };
      });
      const correct = clusters.reduce((sum, each) => sum + each.correct, 0);
      const holds = ({ low, high }: { low: number; high: number }) => (low <= 0.75 && 0.75 <= high ? 1 : 0);
      count.clustered += holds(clusteredWilson(clusters));
      count.plain += holds(wilson(correct, 40 * 14));
    }
    expect(count.clustered / runs).toBeGreaterThan(0.93);
    expect(count.clustered / runs).toBeLessThan(0.97);
    expect(count.plain / runs).toBeLessThan(0.85);
  });

  it('of a mean: the standard error over the sums of patients', () => {
    // Two patients who say the same twice count as two, not as four: mean 2, sums -2 and 2, variance (4 + 4) * 2 / 16 = 1.
    const { mean, low, high } = clusteredMean([1, 1, 3, 3], [7, 7, 9, 9]);
    expect(mean).toBe(2);
    expect((high - low) / 2).toBeCloseTo(1.959964, 5);
  });

  it('of a mean AUROC: as wide as its spread over many samples', () => {
    const draw = random(5, 'areas');
    const areas: number[] = [];
    const widths: number[] = [];
    for (let run = 0; run < 300; run++) {
      // 60 patients of two images, whose scores share half of their noise; two findings.
      const groups = Int32Array.from({ length: 120 }, (_, i) => Math.floor(i / 2));
      const y = Int8Array.from({ length: 240 }, (_, cell) => ((groups[cell >> 1] ?? 0) + (cell % 2)) % 2);
      const shared = Float64Array.from({ length: 60 }, () => draw.normal());
      const p = Float64Array.from(y, (state, cell) => state + draw.normal() + (shared[groups[cell >> 1] ?? 0] ?? 0));
      const found = meanAuroc({ rows: groups, groups, findings: 2, y }, p);
      if (!found) throw new Error('both sides are there');
      areas.push(found.mean);
      widths.push((found.high - found.low) / 2 / 1.96);
    }
    const mean = areas.reduce((a, b) => a + b, 0) / areas.length;
    const spread = Math.sqrt(areas.reduce((sum, area) => sum + (area - mean) ** 2, 0) / (areas.length - 1));
    const width = widths.reduce((a, b) => a + b, 0) / widths.length;
    expect(width / spread).toBeGreaterThan(0.88);
    expect(width / spread).toBeLessThan(1.12);
  });
});
