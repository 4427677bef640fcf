import type { Run } from '../../trainer/evaluation/simulate';
import { random } from '../../trainer/random';

/** How much a strategy learns, and saves against random picks with the same head. */
export interface ReportLine {
  readonly task: string;
  readonly strategy: string;
  readonly head: string;
  /** Area under the mean AUROC over log2 of the labels, from chance (0) to perfect (1); null where a checkpoint has no head. */
  readonly alc: number | null;
  /** Share of the labels saved; null without random picks to compare with. */
  readonly saved: number | null;
  /** 95 % bootstrap interval of `saved` over the seeds. */
  readonly interval: readonly [number, number] | null;
}

/** Random picks at so many labels set the target, or at their last checkpoint where that is less. */
const TARGET_LABELS = 200;
const RESAMPLES = 1000;

type Curve = readonly (readonly [labels: number, auroc: number])[];

/** One line a task, strategy and head, in the order in which they ran. */
export function reportLines(runs: readonly Run[]): ReportLine[] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.task, run.strategy, run.head]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].flatMap((own) => {
    const [first] = own;
    if (!first) return [];
    const { task, strategy, head } = first;
    const baseline = groups.get(JSON.stringify([task, 'random', head]));
    const saved = baseline && strategy !== 'random' ? labelsSaved(meanCurve(own), meanCurve(baseline)) : null;
    return [
      {
        task,
        strategy,
        head,
        alc: areaUnder(meanCurve(own)),
        saved,
        interval: baseline && saved !== null ? bootstrap(own, baseline) : null,
      },
    ];
  });
}

/** Mean over the seeds at each checkpoint where all of them have a head. */
function meanCurve(runs: readonly Run[]): Curve {
  const checkpoints = runs[0]?.points.map(({ labels }) => labels) ?? [];
  return checkpoints.flatMap((labels) => {
    const values = runs.map(({ points }) => points.find((point) => point.labels === labels)?.auroc ?? null);
    const known = values.flatMap((value) => (value === null ? [] : [value]));
    return known.length < runs.length ? [] : [[labels, known.reduce((sum, value) => sum + value, 0) / known.length] as const];
  });
}

function areaUnder(curve: Curve): number | null {
  const [first, last] = [curve[0], curve.at(-1)];
  if (!first || !last) return null;
  if (curve.length === 1) return (first[1] - 0.5) / 0.5;
  const area = curve.slice(1).reduce((sum, [labels, auroc], at) => {
    const [before, lower] = curve[at] ?? first;
    return sum + ((auroc + lower) / 2) * Math.log2(labels / before);
  }, 0);
  return (area / Math.log2(last[0] / first[0]) - 0.5) / 0.5;
}

/** 1 - n / n_random, where n labels reach what random picks reach with n_random: running maximum, linear in log2 n. */
function labelsSaved(curve: Curve, baseline: Curve): number | null {
  const target = baseline.findLast(([labels]) => labels <= TARGET_LABELS);
  const last = curve.at(-1);
  if (!target || !last) return null;
  const needed = labelsFor(curve, target[1]) ?? last[0];
  return 1 - needed / target[0];
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

/** Seeds are drawn in pairs: strategy and random picks share their splits. */
function bootstrap(runs: readonly Run[], baseline: readonly Run[]): readonly [number, number] | null {
  const draw = random(0, 'labels saved');
  const values: number[] = [];
  for (let n = 0; n < RESAMPLES; n++) {
    const picks = runs.map(() => draw.integer(runs.length));
    const take = (from: readonly Run[]) => picks.flatMap((at) => from.find(({ seed }) => seed === runs[at]?.seed) ?? []);
    const saved = labelsSaved(meanCurve(take(runs)), meanCurve(take(baseline)));
    if (saved !== null) values.push(saved);
  }
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))];
  const [low, high] = [at(0.025), at(0.975)];
  return low === undefined || high === undefined ? null : [low, high];
}
