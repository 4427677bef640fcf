import type { SnapshotBase, TunedHead } from '../../../contract/jobs/trainer';
import type { Matrix } from '../../matrix';
import { makeDesign, type Linear } from '../design';
import { clearlyBetter } from '../evidence';
import { finishHead, seenFindings, type FittedHead } from '../fit';
import { tensorOf } from '../formula';
import { tunedKind } from '../../../contract/tuned';

/** What every head has; the rest of a fine-tuned one's tensors is its own. */
const COMMON = /^(scaling|calibration|ready)\.|^(projection|weight|bias)$/;

/**
 * The fine-tuned head on the labels there are now: as it was trained, but calibrated on all of them. Rows that it learnt from are judged by their
 * held-out logits, the newer ones it never saw; newer ones of patients that it learnt from are left out. Null where the linear head has become
 * clearly better, or other findings can be learnt.
 */
export async function tunedOn(tuned: TunedHead, base: SnapshotBase, features: Matrix, linear: FittedHead): Promise<FittedHead | null> {
  const { targets } = linear;
  const { task, groups } = base;
  const kind = tunedKind(tuned.file);
  const k = targets.findings;
  const seen = seenFindings(targets, task);
  if (!kind || seen.join() !== tuned.learnt.flatMap((one, f) => (one ? [f] : [])).join()) return null;
  const places = new Map(Array.from(tuned.rows, (row, i) => [row, i]));
  const taught = new Set(Array.from(tuned.rows, (row) => groups[row]));
  const logits = new Float64Array(targets.y.length).fill(NaN);
  targets.rows.forEach((row, i) => {
    const place = places.get(row);
    if (place === undefined && taught.has(groups[row])) return;
    const from = place === undefined ? tuned.logits.subarray(row * k) : tuned.held.subarray(place * k);
    for (const f of seen) logits[i * k + f] = from[f];
  });
  const again = await finishHead(kind, makeDesign(features, targets), linearPart(tuned), logits, null, seen, task);
  if (clearlyBetter(targets, task, linear.outOfFold.probabilities, again.outOfFold.probabilities)) return null;
  return {
    ...again,
    compared: [...linear.compared, { kind, probabilities: again.outOfFold.probabilities }],
    tuned: Object.fromEntries(Object.entries(tuned.tensors).filter(([name]) => !COMMON.test(name))),
  };
}

const linearPart = (tuned: TunedHead): Linear => ({
  weight: Float64Array.from(tensorOf(tuned, 'weight').data),
  bias: Float64Array.from(tensorOf(tuned, 'bias').data),
  fitted: tuned.learnt,
});
