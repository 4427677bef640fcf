import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusteredWilson, student, wilson } from '../../../../src/trainer/evaluation/intervals';
import { random } from '../../../../src/trainer/random';

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

  it('know their own variance from few clusters only: by the table of Student’s t', () => {
    for (const [df, t] of [
      [2, 4.303],
      [3, 3.182],
      [5, 2.571],
      [10, 2.228],
      [30, 2.042],
      [1e9, 1.96],
    ] as const)
      expect(Math.abs(student(df) / t - 1)).toBeLessThan(0.01);
  });

  it.each([8, 40])(
    'hold what they promise where the answers of an image hang together; independent cells would not (%i images)',
    (images) => {
      const draw = random(3, 'coverage');
      const count = { clustered: 0, plain: 0 };
      const runs = 2000;
      for (let run = 0; run < runs; run++) {
        // Images of 14 findings: an image is easy (.95) or hard (.55), so that the rate is .75.
        const clusters = Array.from({ length: images }, () => {
          const p = draw.uniform() < 0.5 ? 0.95 : 0.55;
          return { n: 14, correct: Array.from({ length: 14 }, () => (draw.uniform() < p ? 1 : 0)).reduce<number>((a, b) => a + b, 0) };
        });
        const correct = clusters.reduce((sum, each) => sum + each.correct, 0);
        const holds = ({ low, high }: { low: number; high: number }) => (low <= 0.75 && 0.75 <= high ? 1 : 0);
        count.clustered += holds(clusteredWilson(clusters));
        count.plain += holds(wilson(correct, images * 14));
      }
      expect(count.clustered / runs).toBeGreaterThan(0.93);
      expect(count.clustered / runs).toBeLessThan(0.97);
      expect(count.plain / runs).toBeLessThan(0.85);
    },
  );
});
