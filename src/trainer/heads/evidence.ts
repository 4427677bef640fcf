import type { Task } from '../../contract/model';
import type { Targets } from '../labels';

/**
 * Whether the log loss of probabilities `a` [n, findings] is lower than that of `b` by more than one standard error of the difference,
 * patients as clusters; of one finding, or of all. Cells without both are left out; without any the answer is no.
 */
export function clearlyBetter(
  targets: Targets,
  task: Task,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  finding: number | null = null,
): boolean {
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
    const difference = lossOf(pa, state) - lossOf(pb, state);
    const group = groups[Math.floor(i / findings)];
    const cluster = byGroup.get(group) ?? { sum: 0, n: 0 };
    byGroup.set(group, { sum: cluster.sum + difference, n: cluster.n + 1 });
    total += difference;
    n++;
  }
  if (n === 0) return false;
  const mean = total / n;
  let square = 0;
  for (const cluster of byGroup.values()) square += (cluster.sum - cluster.n * mean) ** 2;
  return mean < -Math.sqrt(square) / n;
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
