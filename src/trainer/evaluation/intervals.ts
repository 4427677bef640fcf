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
