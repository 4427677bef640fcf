import { random } from '../random';
import type { Run } from './simulate';

export type Curve = readonly (readonly [labels: number, auroc: number])[];
export interface Range {
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 1000;

/** Mean over the seeds at each checkpoint where all of them have a head. */
export function meanCurve(runs: readonly Run[]): Curve {
  const checkpoints = runs[0]?.points.map(({ labels }) => labels) ?? [];
  return checkpoints.flatMap((labels, at) => {
    let sum = 0;
    for (const { points } of runs) {
      const value = points[at]?.labels === labels ? points[at].auroc : (points.find((point) => point.labels === labels)?.auroc ?? null);
      if (value === null) return [];
      sum += value;
    }
    return [[labels, sum / runs.length] as const];
  });
}

/** Area under the curve over log2 of the labels, from chance (0) to perfect (1); null without a point. */
export function areaUnder(curve: Curve): number | null {
  const [first, last] = [curve[0], curve.at(-1)];
  if (!first || !last) return null;
  if (curve.length === 1) return (first[1] - 0.5) / 0.5;
  const area = curve.slice(1).reduce((sum, [labels, auroc], at) => {
    const [before, lower] = curve[at] ?? first;
    return sum + ((auroc + lower) / 2) * Math.log2(labels / before);
  }, 0);
  return (area / Math.log2(last[0] / first[0]) - 0.5) / 0.5;
}

/**
 * 1 - n / baseline, n the labels at which the curve reaches `target`: running maximum, linear in log2 n. A curve that never
 * gets there counts with its last checkpoint.
 */
export function labelsSaved(curve: Curve, target: number, baseline: number): number {
  return 1 - (labelsFor(curve, target) ?? curve.at(-1)?.[0] ?? baseline) / baseline;
}

function labelsFor(curve: Curve, auroc: number): number | null {
  let before: readonly [number, number] | null = null;
  let highest = -Infinity;
  for (const [labels, value] of curve) {
    highest = Math.max(highest, value);
    if (highest >= auroc) {
      if (!before) return labels;
      const share = (auroc - before[1]) / (highest - before[1]);
      return 2 ** (Math.log2(before[0]) + share * Math.log2(labels / before[0]));
    }
    before = [labels, highest];
  }
  return null;
}

/** 95 % bootstrap interval over the seeds, drawn in pairs: `runs` and `baseline` share their splits. */
export function bootstrapped(
  runs: readonly Run[],
  baseline: readonly Run[],
  value: (runs: readonly Run[], baseline: readonly Run[]) => number,
): Range {
  const partner = new Map(baseline.map((run) => [run.seed, run]));
  const pairs = runs.flatMap((run) => {
    const other = partner.get(run.seed);
    return other ? [[run, other] as const] : [];
  });
  const draw = random(0, 'labels saved');
  const values = Float64Array.from({ length: RESAMPLES }, () => {
    const picks = pairs.map(() => pairs[draw.integer(pairs.length)]);
    return value(
      picks.map(([run]) => run),
      picks.map(([, other]) => other),
    );
  }).sort();
  return { low: values[Math.floor(0.025 * RESAMPLES)] ?? NaN, high: values[Math.floor(0.975 * RESAMPLES)] ?? NaN };
}

/** Mean over seeds of the difference in AUROC on the same split, averaged over the checkpoints from `from` labels on. */
export function pairedDifference(runs: readonly Run[], baseline: readonly Run[], from: number): Range & { readonly mean: number } {
  const difference = (a: readonly Run[], b: readonly Run[]) => {
    let sum = 0;
    let n = 0;
    a.forEach(({ points }, i) =>
      points.forEach(({ labels, auroc }) => {
        const other = b[i]?.points.find((point) => point.labels === labels)?.auroc;
        if (labels < from || auroc === null || other === null || other === undefined) return;
        sum += auroc - other;
        n++;
      }),
    );
    return sum / n;
  };
  return { mean: difference(runs, baseline), ...bootstrapped(runs, baseline, difference) };
}
