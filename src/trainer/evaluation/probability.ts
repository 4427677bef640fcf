/** Mean squared difference of probability and truth (Brier 1950). NaN without observations. */
export function brier(p: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += ((p[i] as number) - (y[i] as number)) ** 2;
  return sum / p.length;
}

/** Mean negative log likelihood; probabilities are kept 1e-7 off the ends. NaN without observations. */
export function logLoss(p: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum -= Math.log(Math.min(1, Math.max(1e-7, y[i] === 1 ? (p[i] as number) : 1 - (p[i] as number))));
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
  const n = p.length;
  const count = Math.min(n, n < 200 ? 5 : 15);
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => (p[a] as number) - (p[b] as number) || a - b);
  return Array.from({ length: count }, (_, bin) => {
    const members = order.slice(Math.floor((bin * n) / count), Math.floor(((bin + 1) * n) / count));
    const mean = members.reduce((sum, i) => sum + (p[i] as number), 0) / members.length;
    const observed = members.reduce((sum, i) => sum + (y[i] as number), 0) / members.length;
    return { n: members.length, mean, observed };
  });
}

/** Adaptive expected calibration error: mean |observed - probability| over bins of equal mass. */
export function expectedCalibrationError(bins: readonly Bin[]): number {
  const n = bins.reduce((sum, bin) => sum + bin.n, 0);
  return bins.reduce((sum, bin) => sum + (bin.n / n) * Math.abs(bin.observed - bin.mean), 0);
}
