import type { Task } from '../../../contract/model';
import type { Matrix } from '../../matrix';
import { makeDesign } from '../design';
import { clearlyBetter } from '../evidence';
import { finishHead, seenFindings, type FittedHead } from '../fit';

/** A fine-tuned head with what it says of the pool, so that rounds need no states. */
export interface TunedPool {
  readonly fitted: FittedHead;
  /** Held-out logits [n, K] of the rows of fitted.targets, which it learnt from. */
  readonly held: Float32Array;
  /** Logits [N, K] of every row of the pool. */
  readonly logits: Float32Array;
}

/**
 * The fine-tuned head on the labels there are now: as it was trained, but calibrated on all of them. Rows that it learnt from are judged by their
 * held-out logits, the newer ones it never saw. Null where the linear head has become clearly better, or other findings can be learnt.
 */
export async function tunedOn(pool: TunedPool, features: Matrix, linear: FittedHead, task: Task): Promise<FittedHead | null> {
  const { targets } = linear;
  const { fitted, held } = pool;
  const k = targets.findings;
  const seen = seenFindings(targets, task);
  if (fitted.targets.findings !== k || seen.join() !== fitted.linear.fitted.flatMap((one, f) => (one ? [f] : [])).join()) return null;
  const places = new Map(Array.from(fitted.targets.rows, (row, i) => [row, i]));
  const logits = new Float64Array(targets.y.length).fill(NaN);
  targets.rows.forEach((row, i) => {
    const place = places.get(row);
    const from = place === undefined ? pool.logits.subarray(row * k) : held.subarray(place * k);
    for (const f of seen) logits[i * k + f] = from[f] as number;
  });
  const again = await finishHead(fitted.kind, makeDesign(features, targets), fitted.linear, logits, null, seen, task);
  if (clearlyBetter(targets, task, linear.outOfFold.probabilities, again.outOfFold.probabilities)) return null;
  return {
    ...again,
    compared: [...linear.compared, { kind: again.kind, probabilities: again.outOfFold.probabilities }],
    ...(fitted.tuned ? { tuned: fitted.tuned } : {}),
  };
}
