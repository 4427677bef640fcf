import type { Task } from '../../contract/model';
import type { Targets } from '../labels';

/**
 * By how much the log loss of probabilities `a` [n, findings] is lower than that of `b` on the mean, and the standard error of that difference,
 * patients as clusters; of one finding, or of all. Cells without both are left out; null without any.
 */
export function advantage(
  targets: Targets,
  task: Task,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  finding: number | null = null,
): { readonly mean: number; readonly error: number } | null {
  const { findings, y, groups } = targets;
  const byGroup = new Map<number, { sum: number; n: number }>();
  let total = 0;
  let n = 0;
  for (let i = 0; i < y.length; i++) {
    if (finding !== null && i % findings !== finding) continue;
    const state = y[i];
    if (state < 0 || (task === 'multiclass' && state === 0)) continue;
    const [pa, pb] = [a[i], b[i]];
    if (Number.isNaN(pa) || Number.isNaN(pb)) continue;
    const gain = lossOf(pb, state) - lossOf(pa, state);
    const group = groups[Math.floor(i / findings)];
    const cluster = byGroup.get(group) ?? { sum: 0, n: 0 };
    byGroup.set(group, { sum: cluster.sum + gain, n: cluster.n + 1 });
    total += gain;
    n++;
  }
  if (n === 0) return null;
  const mean = total / n;
  let square = 0;
  for (const cluster of byGroup.values()) square += (cluster.sum - cluster.n * mean) ** 2;
  return { mean, error: Math.sqrt(square) / n };
}

/** Whether the log loss of `a` is lower than that of `b` by more than one standard error of the difference. */
export function clearlyBetter(...compared: Parameters<typeof advantage>): boolean {
  const gain = advantage(...compared);
  return gain !== null && gain.mean > gain.error;
}

/** Mean log loss of `a` over the cells that both `a` and `b` know. */
export function meanLossOf(targets: Targets, task: Task, a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  let n = 0;
  targets.y.forEach((state, i) => {
    if (state < 0 || (task === 'multiclass' && state === 0) || Number.isNaN(a[i]) || Number.isNaN(b[i])) return;
    total += lossOf(a[i], state);
    n++;
  });
  return total / Math.max(1, n);
}

const lossOf = (p: number, state: number) => -Math.log(Math.min(1, Math.max(1e-7, state === 1 ? p : 1 - p)));
