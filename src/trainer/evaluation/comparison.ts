import type { Metrics } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import type { FittedHead } from '../heads/fit';
import type { Targets } from '../labels';
import { areaOf } from './areas';
import { logLoss } from './probability';

/** The heads that the choice was made from, each on the same folds, over the labels that there were then. */
export function compareHeads(task: Task, { kind, compared, outOfFold: { targets } }: FittedHead): NonNullable<Metrics['heads']> {
  return compared.flatMap((candidate) => {
    const losses = lossesOf(task, targets, candidate.probabilities);
    if (losses.length === 0) return [];
    const areas = Array.from({ length: targets.findings }, (_, f) => areaOf(targets, candidate.probabilities, f)?.auroc ?? null).filter(
      (area) => area !== null,
    );
    return [
      {
        kind: candidate.kind,
        used: candidate.kind === kind,
        n: losses.length,
        logLoss: mean(losses),
        auroc: areas.length === 0 ? null : mean(areas),
      },
    ];
  });
}

/** Log loss of every answer with an out-of-fold probability: of the true class, or of a cell. */
function lossesOf(task: Task, { y }: Targets, probabilities: ArrayLike<number>): number[] {
  const losses: number[] = [];
  y.forEach((state, i) => {
    const p = probabilities[i];
    if (state >= 0 && !Number.isNaN(p) && !(task === 'multiclass' && state === 0)) losses.push(logLoss([p], [state]));
  });
  return losses;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
