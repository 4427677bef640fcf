import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hanleyMcNeil, wilson } from '../../../../src/trainer/evaluation/intervals';
import { brier, calibrationBins, expectedCalibrationError, logLoss } from '../../../../src/trainer/evaluation/probability';
import { auroc, averagePrecision } from '../../../../src/trainer/evaluation/ranking';
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

  it("Hanley and McNeil's interval of their own example: area .893, 51 diseased and 58 not, standard error .032", () => {
    const { low, high } = hanleyMcNeil(0.893, 51, 58);
    expect(Math.abs((high - low) / (2 * 1.96) - 0.032)).toBeLessThan(0.001);
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
