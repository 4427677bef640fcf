import type { Task } from '../../contract/model';
import { countStates, type Targets } from '../labels';

/** Sets are stated from so many audit draws on. */
export const AUDITS_FOR_SETS = 50;

/** An answer belongs to the proposal set where its probability is at least `least`. */
export interface ProposalSets {
  /** The share of sets that may miss the truth. */
  readonly alpha: number;
  /** Of each finding (multi-class: the same for all); null where its audit draws are too few. */
  readonly least: readonly (number | null)[];
  /** Audit draws behind each. */
  readonly n: readonly number[];
}

/**
 * Split conformal prediction (Vovk et al. 2005; the score is one minus the probability of the truth, Sadinle et al. 2019) on rows
 * that the head never saw: sets hold the truth with probability 1 - alpha at least, over audit draws and images alike.
 * `probabilities` [N, K] of the pool. Multi-label: a set for each finding, out of present (p) and absent (1 - p).
 */
export function proposalSets(task: Task, audit: Targets, probabilities: ArrayLike<number>, alpha: number): ProposalSets {
  const k = audit.findings;
  const truthOf = (i: number, f: number) => {
    const p = probabilities[audit.rows[i] * k + f];
    return audit.y[i * k + f] === 1 ? p : 1 - p;
  };
  if (task === 'multiclass') {
    const truths = Array.from(audit.rows, (_, i) => truthOf(i, audit.y.subarray(i * k, (i + 1) * k).indexOf(1)));
    const least = threshold(truths, alpha);
    return { alpha, least: Array.from({ length: k }, () => least), n: Array.from({ length: k }, () => truths.length) };
  }
  const truths = Array.from({ length: k }, (_, f) =>
    Array.from(audit.rows.keys())
      .filter((i) => audit.y[i * k + f] >= 0)
      .map((i) => truthOf(i, f)),
  );
  return {
    alpha,
    least: truths.map((one) => threshold(one, alpha)),
    n: Array.from({ length: k }, (_, f) => countStates(audit, f)).map(({ present, absent }) => present + absent),
  };
}

/** The floor(alpha (n + 1))-th smallest probability of a truth. */
function threshold(truths: readonly number[], alpha: number): number | null {
  if (truths.length < AUDITS_FOR_SETS) return null;
  const rank = Math.floor(alpha * (truths.length + 1));
  return rank < 1 ? 0 : ([...truths].sort((a, b) => a - b)[rank - 1] ?? 0);
}
