/** p = sigmoid(slope logit + offset). */
export interface Sigmoid {
  readonly slope: number;
  readonly offset: number;
}

/** Below this many on either side a slope and an offset of one's own cannot be estimated. */
export const ENOUGH = 10;

/** A slope may not turn the ranking round: labels that contradict the head make it flat, not reversed. In units of 1/sd. */
const FLATTEST = 1e-3;
const STEEPEST = 1e3;

/** Platt's targets: (N+ + 1)/(N+ + 2) and 1/(N- + 2), which keep separable logits from an infinite slope. */
export function smoothedTargets(present: number, absent: number): { present: number; absent: number } {
  return { present: (present + 1) / (present + 2), absent: 1 / (absent + 2) };
}

export function spread(logits: ArrayLike<number>): number {
  let mean = 0;
  for (let i = 0; i < logits.length; i++) mean += logits[i] / logits.length;
  let square = 0;
  for (let i = 0; i < logits.length; i++) square += (logits[i] - mean) ** 2 / logits.length;
  const sd = Math.sqrt(square);
  return sd > 1e-12 ? sd : 1;
}

export const sigmoid = (z: number) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

/** -log sigmoid(z) without overflow. */
export const softplus = (z: number) => Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z)));

/**
 * Platt scaling by Newton's method with backtracking (Lin, Lin and Weng, Machine Learning 2007). `y` is 0 or 1.
 * The logits should be out of fold. The slope stays positive.
 */
export function fitPlatt(logits: ArrayLike<number>, y: ArrayLike<number>): Sigmoid {
  const n = logits.length;
  let present = 0;
  for (let i = 0; i < n; i++) present += y[i];
  const target = smoothedTargets(present, n - present);
  // GDA's scale is arbitrary: the logits are brought to unit spread first, which Newton's method then need not find.
  const unit = 1 / spread(logits);
  const z = Float64Array.from(logits, (value) => value * unit);
  const t = Float64Array.from(y, (value) => (value === 1 ? target.present : target.absent));
  const loss = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const f = a * z[i] + b;
      sum += softplus(f) - t[i] * f;
    }
    return sum;
  };
  let a = 1;
  let b = Math.log((present + 1) / (n - present + 1));
  let value = loss(a, b);
  for (let iteration = 0; iteration < 100; iteration++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-12, 0, 1e-12];
    for (let i = 0; i < n; i++) {
      const x = z[i];
      const p = sigmoid(a * x + b);
      const d = p - t[i];
      const w = p * (1 - p);
      ga += d * x;
      gb += d;
      haa += w * x * x;
      hab += w * x;
      hbb += w;
    }
    if (Math.abs(ga) < 1e-9 * n && Math.abs(gb) < 1e-9 * n) break;
    const determinant = haa * hbb - hab * hab;
    const da = -(hbb * ga - hab * gb) / determinant;
    const db = -(haa * gb - hab * ga) / determinant;
    let step = 1;
    for (; step > 1e-10; step /= 2) {
      const next = loss(a + step * da, b + step * db);
      if (next < value + 1e-4 * step * (ga * da + gb * db)) {
        a += step * da;
        b += step * db;
        value = next;
        break;
      }
    }
    if (step <= 1e-10) break;
  }
  if (a < FLATTEST) {
    a = FLATTEST;
    b = Math.log((present + 1) / (n - present + 1));
  }
  return { slope: Math.min(a, STEEPEST) * unit, offset: b };
}

/** The mean of Platt's targets: what probabilities of labels have to come to. */
export function smoothedMean(present: number, absent: number): number {
  const target = smoothedTargets(present, absent);
  return (present * target.present + absent * target.absent) / (present + absent);
}

/** The offset at which the mean of sigmoid(slope logit + offset) is `mean`, which lies between 0 and 1. */
export function offsetFor(logits: readonly number[], slope: number, mean: number): number {
  const z = logits.map((logit) => slope * logit);
  const odds = Math.log(mean / (1 - mean));
  // At these two ends all probabilities lie on one side of the mean.
  let low = z.reduce((least, value) => Math.min(least, odds - value), Infinity);
  let high = z.reduce((most, value) => Math.max(most, odds - value), -Infinity);
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (z.reduce((sum, value) => sum + sigmoid(value + middle), 0) < mean * z.length) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The root of an increasing function of log(slope) by bisection, over slopes that are sensible for logits of this spread:
 * used to fit one temperature, where the derivative of the log loss by the slope is what has to vanish.
 */
export function bisectSlope(derivative: (slope: number) => number, sd: number): number {
  let low = Math.log(FLATTEST / sd);
  let high = Math.log(STEEPEST / sd);
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (derivative(Math.exp(middle)) < 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}
