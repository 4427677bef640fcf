import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaInterval, wilson } from '../../../../src/trainer/evaluation/intervals';
import { brier, calibrationBins, expectedCalibrationError, logLoss } from '../../../../src/trainer/evaluation/probability';
import { auroc, averagePrecision } from '../../../../src/trainer/evaluation/ranking';
import { random } from '../../../../src/trainer/random';
import { figures } from '../figures';

describe('figures against scikit-learn and scipy', () => {
  it.each(figures.ranking)('AUROC and average precision with ties, Brier, log loss (%#)', ({ p, y, ...expected }) => {
    expect(auroc(p, y)).toBeCloseTo(expected.auroc, 12);
    expect(averagePrecision(p, y)).toBeCloseTo(expected.ap, 12);
    expect(brier(p, y)).toBeCloseTo(expected.brier, 12);
    expect(logLoss(p, y)).toBeCloseTo(expected.logLoss, 12);
  });

  it.each(figures.wilson)("Wilson's interval of $k in $n", ({ k, n, low, high }) => {
    expect(wilson(k, n).low).toBeCloseTo(low, 10);
    expect(wilson(k, n).high).toBeCloseTo(high, 10);
  });

  it("Newcombe's interval of an AUROC: the values whose own standard error reaches the one observed, also at the ends", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (m, n, area) => {
          const { low, high } = areaInterval(area, m, n);
          expect(low).toBeLessThanOrEqual(area);
          expect(high).toBeGreaterThanOrEqual(area);
          for (const end of [low, high]) {
            if (end === 0 || end === 1) continue;
            const half = (m + n) / 2 - 1;
            const variance = ((end * (1 - end)) / (m * n)) * (1 + (half * (1 - end)) / (2 - end) + (half * end) / (1 + end));
            expect(Math.abs(area - end)).toBeCloseTo(1.959964 * Math.sqrt(variance), 5);
          }
          const mirrored = areaInterval(1 - area, n, m);
          expect(mirrored.low).toBeCloseTo(1 - high, 9);
        },
      ),
    );
    expect(areaInterval(1, 5, 20).low).toBeLessThan(0.9);
    expect(areaInterval(1, 5, 20).high).toBe(1);
  });

  it('which holds what it promises on few observations', () => {
    const draw = random(4, 'areas');
    let held = 0;
    const runs = 2000;
    // Normals one and a half apart: area Phi(1.5 / sqrt 2) = .8556.
    for (let run = 0; run < runs; run++) {
      const y = Array.from({ length: 30 }, (_, i) => (i < 8 ? 1 : 0));
      const scores = y.map((state) => draw.normal() + 1.5 * state);
      const { low, high } = areaInterval(auroc(scores, y) ?? NaN, 8, 22);
      if (low <= 0.8556 && 0.8556 <= high) held++;
    }
    expect(held / runs).toBeGreaterThan(0.93);
    expect(held / runs).toBeLessThan(0.985);
  });
});

describe('ranking', () => {
  it('says nothing without both sides', () => {
    expect(auroc([1, 2], [1, 1])).toBeNull();
    expect(auroc([], [])).toBeNull();
    expect(averagePrecision([1, 2], [0, 0])).toBeNull();
  });
});

describe('calibration bins', () => {
  const sample = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 1 })), {
    minLength: 1,
    maxLength: 400,
  });

  it('hold every observation once, in bins of equal mass, and the error lies between 0 and 1', () => {
    fc.assert(
      fc.property(sample, (pairs) => {
        const bins = calibrationBins(
          pairs.map(([p]) => p),
          pairs.map(([, y]) => y),
        );
        expect(bins.length).toBe(Math.min(pairs.length, pairs.length < 200 ? 5 : 15));
        expect(bins.reduce((sum, bin) => sum + bin.n, 0)).toBe(pairs.length);
        expect(Math.max(...bins.map(({ n }) => n)) - Math.min(...bins.map(({ n }) => n))).toBeLessThanOrEqual(1);
        const error = expectedCalibrationError(bins);
        expect(error).toBeGreaterThanOrEqual(0);
        expect(error).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('find no error where the probability is what was observed', () => {
    const p = Array.from({ length: 300 }, (_, i) => (i < 150 ? 0.2 : 0.8));
    const y = p.map((value, i) => (value === 0.2 ? (i % 5 === 0 ? 1 : 0) : i % 5 === 0 ? 0 : 1));
    expect(expectedCalibrationError(calibrationBins(p, y))).toBeCloseTo(0, 10);
  });
});
