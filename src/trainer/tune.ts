import type { Head } from '../contract/head';
import { fail, FailureError, ok, type Result } from '../contract/result';
import type { Task } from '../contract/model';
import { besideReady, type Learnt, type Prepared } from './engine';
import { makeDesign, type Linear } from './heads/design';
import { clearlyBetter, meanLossOf } from './heads/evidence';
import { fitLinear, finishHead, seenFindings, type FittedHead } from './heads/fit';
import { foldCount } from './heads/out-of-fold';
import { LEAST_FOLDS, trainInStep, type Watched } from './heads/tuned/lockstep';
import { methodOf, type TunedPart } from './heads/tuned/method';
import type { StateSource } from './heads/tuned/states';
import type { Targets } from './labels';
import type { Matrix } from './matrix';
import { groupedFolds } from './splits';
import type { Trainable } from './tensors/tuning';

export interface TuneOptions extends Watched {
  readonly part: TunedPart;
  readonly source: StateSource;
  readonly created: string;
}

export interface Tuned {
  readonly head: Head;
  readonly fitted: FittedHead;
  /** Held-out logits [n, K] of the rows that it learnt from, by the folds' models. */
  readonly held: Float32Array;
  readonly passes: number;
  /** Out-of-fold log loss of the fine-tuned and of the linear head. */
  readonly loss: number;
  readonly linearLoss: number;
  /** Lower by more than one standard error: only then it is to replace the linear head. */
  readonly wins: boolean;
}

/**
 * Fine-tunes a head on the states of the labelled rows, from the linear one `learnt` on, and compares the two out of fold on the same rows.
 * A ready head goes on speaking where it is not beaten, as it does beside the linear one.
 * A pure function of its arguments. `embeddings` [N, d] are those of the pool. Failures: labels-too-few, embedding-foreign, stopped.
 */
export async function tune(prepared: Prepared, learnt: Learnt, embeddings: Matrix, options: TuneOptions): Promise<Result<Tuned>> {
  const {
    snapshot: { base },
    basis,
  } = prepared;
  const { source, signal, part } = options;
  const from = learnt.own;
  const { targets } = from;
  const seen = seenFindings(targets, base.task);
  const folds = groupedFolds(targets.groups, targets, base.settings.folds, base.seed);
  if (foldCount(folds) < LEAST_FOLDS) return fail('labels-too-few', { reason: 'fine-tuning needs labels of at least three patients' });
  try {
    const method = await methodOf(part, source, embeddings, Array.from(targets.rows), basis.transform, signal);
    const design = makeDesign(basis.features, targets);
    const begin = async (include: Uint8Array): Promise<Trainable> =>
      method.begin(asShown(await fitLinear(design, from, base.task, seen, include, signal), from, base.task));
    const { task, seed } = base;
    const { optimiser, batch, passes, patience } = method;
    const lesson = { source, targets: learnable(targets, seen, task), task, seed, optimiser, batch, signal };
    const trained = await trainInStep(lesson, folds, begin, { passes, patience, onProgress: options.onProgress });
    const { weight, bias, ...others } = trained.values;
    if (!weight || !bias) throw new Error('a trained head without weights');
    const linear = learntOnly(weight.data, bias.data, from.linear.fitted);
    const logits = Float64Array.from(trained.logits, (z, i) => (seen.includes(i % targets.findings) ? z : NaN));
    const own = await finishHead(part.kind, design, linear, logits, null, seen, base.task);
    const fitted: FittedHead = { ...own, tuned: method.tensors(others) };
    const [a, b] = [fitted.outOfFold.probabilities, from.outOfFold.probabilities];
    return ok({
      head: (await besideReady(prepared, fitted, options.created)).head,
      fitted,
      held: trained.logits,
      passes: trained.passes,
      loss: meanLossOf(targets, base.task, a, b),
      linearLoss: meanLossOf(targets, base.task, b, a),
      // Without a pass it is the linear head, calibrated once more.
      wins: trained.passes > 0 && clearlyBetter(targets, base.task, a, b),
    });
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

/** A class that nobody has met: as good as nothing in the softmax while the others are trained. */
const UNSEEN = -30;

/** The linear head with its calibration inside: its logits are then on the scale of the log loss. Findings that cannot be learnt say nothing. */
function asShown({ weight, bias, fitted }: Linear, { calibration: { slope, offset } }: FittedHead, task: Task): Linear {
  const m = weight.length / bias.length;
  const silent = task === 'multiclass' ? UNSEEN : 0;
  return {
    weight: weight.map((w, i) => w * slope[Math.floor(i / m)]),
    bias: bias.map((b, f) => (fitted[f] ? b * slope[f] + offset[f] : silent)),
    fitted,
  };
}

/** The trained weights; those of findings that cannot be learnt are zero, as in every head. */
function learntOnly(weight: Float32Array, bias: Float32Array, fitted: readonly boolean[]): Linear {
  const m = weight.length / bias.length;
  return {
    weight: Float64Array.from(weight, (w, i) => (fitted[Math.floor(i / m)] ? w : 0)),
    bias: Float64Array.from(bias, (b, f) => (fitted[f] ? b : 0)),
    fitted,
  };
}

/** In multi-label, cells of findings that cannot be learnt are left out. */
function learnable(targets: Targets, seen: readonly number[], task: Task): Targets {
  if (task === 'multiclass') return targets;
  return { ...targets, y: targets.y.map((state, i) => (seen.includes(i % targets.findings) ? state : -1)) };
}
