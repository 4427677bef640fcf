import type { Interval } from './intervals';

/** The exact 95 % interval of a rate (Clopper and Pearson, Biometrika 1934), for `n` independent answers; 0 to 1 without any. */
export function clopperPearson(hits: number, n: number): Interval {
  const low = hits === 0 ? 0 : rateAt((p) => 1 - atMost(hits - 1, n, p) >= 0.025);
  const high = hits === n ? 1 : rateAt((p) => atMost(hits, n, p) <= 0.025);
  return { low, high };
}

/** The least rate from which `reached` holds. */
function rateAt(reached: (p: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (reached(middle)) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

/** P(X <= hits) of a binomial, 0 < p < 1. */
function atMost(hits: number, n: number, p: number): number {
  let term = n * Math.log1p(-p);
  let sum = Math.exp(term);
  for (let i = 1; i <= hits; i++) {
    term += Math.log((n - i + 1) / i) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(term);
  }
  return Math.min(1, sum);
}
