import type { Metrics } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import type { Candidate, FittedHead } from '../heads/fit';
import type { Targets } from '../labels';
import { clusteredMean, normalInterval, varianceOfSums, type Interval } from './intervals';
import { logLoss } from './probability';
import { placements } from './ranking';

/** With fewer labels than this on either side an AUROC is not shown. */
const ENOUGH = 5;

/** The heads that the choice was made from, each on the same folds, over the labels that there were then. */
export function compareHeads(task: Task, { kind, compared, outOfFold: { targets } }: FittedHead): NonNullable<Metrics['heads']> {
  return compared.flatMap((candidate) => {
    const { losses, groups } = lossesOf(task, targets, candidate);
    if (losses.length === 0) return [];
    const loss = clusteredMean(losses, groups);
    const area = meanAuroc(targets, candidate.probabilities);
    return [
      {
        kind: candidate.kind,
        used: candidate.kind === kind,
        n: losses.length,
        logLoss: loss.mean,
        logLossLow: Math.max(0, loss.low),
        logLossHigh: loss.high,
        auroc: area?.mean ?? null,
        aurocLow: area?.low ?? null,
        aurocHigh: area?.high ?? null,
      },
    ];
  });
}

/** Log loss of every answer with an out-of-fold probability: of the true class, or of a cell. */
function lossesOf(task: Task, { findings, y, groups }: Targets, { probabilities }: Candidate) {
  const losses: number[] = [];
  const of: number[] = [];
  for (let i = 0; i < y.length; i++) {
    const state = y[i];
    const p = probabilities[i];
    if (state < 0 || Number.isNaN(p) || (task === 'multiclass' && state === 0)) continue;
    losses.push(logLoss([p], [state]));
    of.push(groups[Math.floor(i / findings)]);
  }
  return { losses, groups: of };
}

/**
 * Mean AUROC over the findings with labels on both sides, and its interval by patient: the placements are the influence of an observation on
 * the area (DeLong et al. 1988), summed by patient (Obuchowski, Biometrics 1997), so that the findings of one image count together.
 */
export function meanAuroc(
  { findings, y, groups }: Targets,
  probabilities: ArrayLike<number>,
): (Interval & { readonly mean: number }) | null {
  const sums = new Map<number, number>();
  let [total, count] = [0, 0];
  for (let f = 0; f < findings; f++) {
    const rows: number[] = [];
    for (let i = 0, cell = f; cell < y.length; i++, cell += findings) if (y[cell] >= 0 && !Number.isNaN(probabilities[cell])) rows.push(i);
    const states = rows.map((i) => y[i * findings + f]);
    const present = states.reduce((sum, state) => sum + state, 0);
    const absent = states.length - present;
    const placed = placements(
      rows.map((i) => probabilities[i * findings + f]),
      states,
    );
    if (placed === null || present < ENOUGH || absent < ENOUGH) continue;
    const area = placed.reduce((sum, value, at) => sum + (states[at] === 1 ? value / present : 0), 0);
    rows.forEach((i, at) => {
      const influence = (placed[at] - area) / (states[at] === 1 ? present : absent);
      sums.set(groups[i], (sums.get(groups[i]) ?? 0) + influence);
    });
    total += area;
    count++;
  }
  if (count === 0) return null;
  const mean = total / count;
  return { mean, ...normalInterval(mean, varianceOfSums(sums) / count ** 2) };
}
