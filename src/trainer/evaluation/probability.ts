import { random } from '../random';

/** Mean squared difference of probability and truth (Brier 1950). NaN without observations. */
export function brier(p: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += (p[i] - y[i]) ** 2;
  return sum / p.length;
}

/** Mean negative log likelihood; probabilities are kept 1e-7 off the ends. NaN without observations. */
export function logLoss(p: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum -= Math.log(Math.min(1, Math.max(1e-7, y[i] === 1 ? p[i] : 1 - p[i])));
  return sum / p.length;
}

export interface Bin {
  readonly n: number;
  /** Mean probability. */
  readonly mean: number;
  /** Share that was present. */
  readonly observed: number;
}

/** Bins of equal mass by ascending probability: 15, or 5 below 200 observations. */
export function calibrationBins(p: ArrayLike<number>, y: ArrayLike<number>): Bin[] {
  const order = Int32Array.from({ length: p.length }, (_, i) => i).sort((a, b) => p[a] - p[b] || a - b);
  return binsOfSorted(
    Float64Array.from(order, (i) => p[i]),
    Uint8Array.from(order, (i) => y[i]),
  );
}

function binsOfSorted(p: Float64Array, y: Uint8Array): Bin[] {
  const n = p.length;
  const count = Math.min(n, n < 200 ? 5 : 15);
  return Array.from({ length: count }, (_, bin) => {
    const [from, to] = [Math.floor((bin * n) / count), Math.floor(((bin + 1) * n) / count)];
    let mean = 0;
    let observed = 0;
    for (let i = from; i < to; i++) {
      mean += p[i];
      observed += y[i];
    }
    return { n: to - from, mean: mean / (to - from), observed: observed / (to - from) };
  });
}

/**
 * The 95 % quantile of the adaptive calibration error that a perfectly calibrated model would have: truths drawn from the very
 * probabilities, `draws` times. An error below it is no evidence of miscalibration.
 */
export function calibrationErrorByChance(p: ArrayLike<number>, seed: number, draws = 200): number {
  const sorted = Float64Array.from(p).sort();
  const y = new Uint8Array(sorted.length);
  const draw = random(seed, 'calibration by chance');
  const errors = Float64Array.from({ length: draws }, () => {
    sorted.forEach((value, i) => (y[i] = draw.uniform() < value ? 1 : 0));
    return expectedCalibrationError(binsOfSorted(sorted, y));
  }).sort();
  return errors[Math.min(draws - 1, Math.floor(0.95 * draws))] ?? NaN;
}

/** Adaptive expected calibration error: mean |observed - probability| over bins of equal mass. */
export function expectedCalibrationError(bins: readonly Bin[]): number {
  const n = bins.reduce((sum, bin) => sum + bin.n, 0);
  return bins.reduce((sum, bin) => sum + (bin.n / n) * Math.abs(bin.observed - bin.mean), 0);
}
