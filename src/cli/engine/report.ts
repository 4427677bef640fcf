import { areaUnder, bootstrapped, labelsSaved, meanCurve } from '../../trainer/evaluation/learning-curves';
import type { Run } from '../../trainer/evaluation/simulate';

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
  /** What random picks with the same head reach, and with how many labels: the target of `saved`. */
  readonly target: { readonly labels: number; readonly auroc: number } | null;
}

/** Random picks at so many labels set the target, or at their last checkpoint where that is less. */
const TARGET_LABELS = 200;
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
    const saved = baseline && strategy !== 'random' ? savedAgainst(own, baseline) : null;
    const range = saved !== null && baseline ? bootstrapped(own, baseline, (a, b) => savedAgainst(a, b) ?? 0) : null;
    return [
      {
        task,
        strategy,
        head,
        alc: areaUnder(meanCurve(own)),
        saved,
        interval: range ? [range.low, range.high] : null,
        target: saved !== null && baseline ? targetOf(baseline) : null,
      },
    ];
  });
}

/** Against what random picks reach with TARGET_LABELS, or at their last checkpoint where that is less. */
function savedAgainst(runs: readonly Run[], baseline: readonly Run[]): number | null {
  const target = targetOf(baseline);
  const curve = meanCurve(runs);
  return target && curve.length > 0 ? labelsSaved(curve, target.auroc, target.labels) : null;
}

function targetOf(baseline: readonly Run[]): ReportLine['target'] {
  const [labels, auroc] = meanCurve(baseline).findLast(([count]) => count <= TARGET_LABELS) ?? [];
  return labels === undefined || auroc === undefined ? null : { labels, auroc };
}
