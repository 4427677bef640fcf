import type { Task } from '../../contract/model';
import type { Targets } from '../labels';
import type { Matrix } from '../matrix';
import { makeDesign } from './design';
import { seenFindings, type FittedHead } from './fit';
import { linearHead } from './linear';

/**
 * The last head on new labels: same kind, same C, same calibration, and its out-of-fold figures, which are those of the
 * last full round. Null where other findings can be learnt than then.
 */
export async function refit(
  features: Matrix,
  targets: Targets,
  task: Task,
  last: FittedHead,
  signal?: AbortSignal,
): Promise<FittedHead | null> {
  const seen = seenFindings(targets, task);
  const before = last.linear.fitted.flatMap((one, f) => (one ? [f] : []));
  if (seen.length === 0 || seen.join() !== before.join()) return null;
  // What was fine-tuned stays as it is until the next full round has judged it on the new labels.
  if (last.tuned) return { ...last, targets };
  const { kind, linear: warm, strengths } = last;
  return {
    ...last,
    linear: await linearHead(kind).refit(makeDesign(features, targets), { task, seen, include: null, strengths, warm, signal }),
    targets,
  };
}
