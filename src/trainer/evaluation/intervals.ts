export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % point of the standard normal. */
const Z = 1.959963984540054;

/** Wilson's 95 % interval of a rate (Wilson, JASA 1927); 0 to 1 without observations. */
export function wilson(correct: number, n: number): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const p = correct / n;
  const zz = Z * Z;
  const centre = (p + zz / (2 * n)) / (1 + zz / n);
  const half = (Z / (1 + zz / n)) * Math.sqrt((p * (1 - p)) / n + zz / (4 * n * n));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * 95 % interval of an AUROC (Newcombe, Statistics in Medicine 2006, method 5): the values whose own standard error, by Hanley and McNeil's
 * exponential model with both sides counted as half of all, puts the one observed within reach. Taken at the observed value instead, an area of 1
 * out of five positives would be certain.
 */
export function areaInterval(area: number, present: number, absent: number): Interval {
  const half = (present + absent) / 2 - 1;
  const within = (value: number) => {
    const spread = 1 + (half * (1 - value)) / (2 - value) + (half * value) / (1 + value);
    return (area - value) ** 2 <= (Z * Z * value * (1 - value) * spread) / (present * absent);
  };
  return { low: edge(area, 0, within), high: edge(area, 1, within) };
}

/** Where `within`, true at `from`, ends on the way to `to`. */
function edge(from: number, to: number, within: (value: number) => boolean): number {
  if (within(to)) return to;
  let [inner, outer] = [from, to];
  for (let i = 0; i < 50; i++) {
    const middle = (inner + outer) / 2;
    if (within(middle)) inner = middle;
    else outer = middle;
  }
  return outer;
}

/** Right answers among the observations of one patient. */
export interface Cluster {
  readonly n: number;
  readonly correct: number;
}

/**
 * Wilson's interval of a rate whose observations hang together by cluster, at the effective number n / deff (Korn and Graubard, Survey
 * Methodology 1998; Franco, Little, Louis and Slud, J. Surv. Stat. Methodol. 2019). deff is the variance of the ratio of sums over clusters
 * (Cochran, Sampling Techniques 1977, 6.13) over that of independent observations, and never below 1; it is itself known from so few clusters only, for
 * which Student's quantile makes up. Where all or none are right it cannot be seen: then a cluster counts as one observation.
 */
export function clusteredWilson(clusters: readonly Cluster[]): Interval {
  const n = clusters.reduce((sum, cluster) => sum + cluster.n, 0);
  const correct = clusters.reduce((sum, cluster) => sum + cluster.correct, 0);
  const p = correct / n;
  const known = (student(n - 1) / student(clusters.length - 1)) ** 2;
  const effective = correct === 0 || correct === n ? clusters.length : (known * n) / Math.max(1, designEffect(clusters, n, p));
  return wilson(p * effective, effective);
}

/** The 97.5 % point of Student's t (Fisher and Cornish's expansion in 1 / df: Abramowitz and Stegun 26.7.5), within 1 % from two degrees on. */
export function student(df: number): number {
  const [z, zz] = [Z, Z * Z];
  const terms = [
    (z * (zz + 1)) / 4,
    (z * (5 * zz ** 2 + 16 * zz + 3)) / 96,
    (z * (3 * zz ** 3 + 19 * zz ** 2 + 17 * zz - 15)) / 384,
    (z * (79 * zz ** 4 + 776 * zz ** 3 + 1482 * zz ** 2 - 1920 * zz - 945)) / 92160,
  ];
  return terms.reduce((sum, term, i) => sum + term / Math.max(1, df) ** (i + 1), z);
}

function designEffect(clusters: readonly Cluster[], n: number, p: number): number {
  if (clusters.length < 2) return n;
  const square = clusters.reduce((sum, cluster) => sum + (cluster.correct - p * cluster.n) ** 2, 0);
  const variance = (square / n ** 2) * (clusters.length / (clusters.length - 1));
  return variance / ((p * (1 - p)) / n);
}
