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

/** 95 % interval of an AUROC from the numbers of present and absent (Hanley and McNeil, Radiology 1982). */
export function hanleyMcNeil(auroc: number, present: number, absent: number): Interval {
  const q1 = auroc / (2 - auroc);
  const q2 = (2 * auroc * auroc) / (1 + auroc);
  const square = auroc * auroc;
  const variance = (auroc * (1 - auroc) + (present - 1) * (q1 - square) + (absent - 1) * (q2 - square)) / (present * absent);
  const half = Z * Math.sqrt(Math.max(0, variance));
  return { low: Math.max(0, auroc - half), high: Math.min(1, auroc + half) };
}

/** Right answers among the observations of one patient. */
export interface Cluster {
  readonly n: number;
  readonly correct: number;
}

/**
 * Wilson's interval of a rate whose observations hang together by cluster, at the effective number n / deff (Korn and Graubard, Survey
 * Methodology 1998; Franco, Little, Louis and Slud, J. Surv. Stat. Methodol. 2019). deff is the variance of the ratio of sums over clusters
 * (Cochran, Sampling Techniques 1977, 6.13) over that of independent observations, and never below 1. Where all or none are right it cannot
 * be seen: then a cluster counts as one observation.
 */
export function clusteredWilson(clusters: readonly Cluster[]): Interval {
  const n = clusters.reduce((sum, cluster) => sum + cluster.n, 0);
  const correct = clusters.reduce((sum, cluster) => sum + cluster.correct, 0);
  const p = correct / n;
  const effective = correct === 0 || correct === n ? clusters.length : n / Math.max(1, designEffect(clusters, n, p));
  return wilson(p * effective, effective);
}

function designEffect(clusters: readonly Cluster[], n: number, p: number): number {
  if (clusters.length < 2) return n;
  const square = clusters.reduce((sum, cluster) => sum + (cluster.correct - p * cluster.n) ** 2, 0);
  const variance = (square / n ** 2) * (clusters.length / (clusters.length - 1));
  return variance / ((p * (1 - p)) / n);
}

/** 95 % interval of a mean of `values` whose observations hang together by `groups`: normal, variance over the sums of clusters. */
export function clusteredMean(values: ArrayLike<number>, groups: ArrayLike<number>): Interval & { readonly mean: number } {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  const sums = new Map<number, number>();
  for (let i = 0; i < n; i++) sums.set(groups[i], (sums.get(groups[i]) ?? 0) + values[i] - mean);
  const half = (Z * Math.sqrt(varianceOfSums(sums))) / n;
  return { mean, low: mean - half, high: mean + half };
}

/** Variance of a sum over independent clusters, from their sums about zero. */
export function varianceOfSums(sums: ReadonlyMap<number, number>): number {
  if (sums.size < 2) return Infinity;
  let square = 0;
  for (const sum of sums.values()) square += sum * sum;
  return (square * sums.size) / (sums.size - 1);
}

/** mean +- the normal's 97.5 % point times the standard error, within [0, 1]. */
export const normalInterval = (mean: number, variance: number): Interval => ({
  low: Math.max(0, mean - Z * Math.sqrt(variance)),
  high: Math.min(1, mean + Z * Math.sqrt(variance)),
});
