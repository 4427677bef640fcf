import type { HeadFile, Tensor } from '../../contract/head';
import type { Task } from '../../contract/model';
import type { HeadKind } from '../../contract/jobs/trainer';
import { calibrateLabels, type Calibration, type Judged } from '../calibration/calibrate';
import { calibrateClasses } from '../calibration/classes';
import { countStates, type Targets } from '../labels';
import type { Matrix } from '../matrix';
import { pause } from '../pause';
import { groupedFolds } from '../splits';
import { logitsOf, makeDesign, type Design, type Linear } from './design';
import { clearlyBetter } from './evidence';
import { calibrated } from './formula';
import { atEqualPriors, linearHead, linearHeads, type Fit, type LinearHead } from './linear';
import { foldCount } from './out-of-fold';

/** Rows scored by a head that never saw their patient. */
export interface OutOfFold {
  readonly targets: Targets;
  /** [n, findings], by the very calibration that is served; NaN where there were too few patients for folds. */
  readonly probabilities: Float32Array;
}

/** A head that was fitted beside the one in use: calibrated probabilities [n, findings] on the same folds. */
export interface Candidate {
  readonly kind: HeadFile['kind'];
  readonly probabilities: Float32Array;
}

export interface FittedHead {
  readonly kind: 'gda' | 'logistic' | 'attentive' | 'block';
  readonly linear: Linear;
  readonly calibration: Calibration;
  /** C mean|x|^2 of each finding, of a logistic head. */
  readonly strengths: readonly number[] | null;
  /** Inverse regularisation C of each finding as scikit-learn counts it; null without a logistic head. */
  readonly regularisation: readonly number[] | null;
  /** What it was trained on. */
  readonly targets: Targets;
  readonly outOfFold: OutOfFold;
  /** What the choice was made from, the one in use among them; empty where nothing was compared. */
  readonly compared: readonly Candidate[];
  /** Of a fine-tuned head: its tensors beyond the linear ones (contract/head). */
  readonly tuned?: Readonly<Record<string, Tensor>>;
}

export interface FitOptions {
  readonly task: Task;
  readonly head: HeadKind;
  readonly folds: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Findings that can be learnt: read on both sides, or (multi-class) classes with a label, if there are two. */
export function seenFindings(targets: Targets, task: Task): number[] {
  const all = Array.from({ length: targets.findings }, (_, f) => ({ f, ...countStates(targets, f) }));
  const seen = all.filter(({ present, absent }) => present > 0 && (task === 'multiclass' || absent > 0)).map(({ f }) => f);
  return task === 'multiclass' && seen.length < 2 ? [] : seen;
}

/**
 * The head that the labels call for: the first of the kinds, unless a later one has the lower out-of-fold log loss by more than one standard
 * error. Null where no finding can be learnt. `features` is the pool in the head's feature space.
 */
export async function fitHead(
  features: Matrix,
  targets: Targets,
  options: FitOptions,
  heads: readonly LinearHead<FittedHead['kind']>[] = linearHeads,
): Promise<FittedHead | null> {
  const { task, signal } = options;
  const seen = seenFindings(targets, task);
  if (seen.length === 0) return null;
  const design = makeDesign(features, targets);
  const folds = groupedFolds(targets.groups, targets, options.folds, options.seed);
  const comparable = (head: LinearHead, at: number) => at === 0 || (foldCount(folds) > 1 && design.n >= head.from);
  const tried = heads.filter((head, at) => (options.head === 'auto' ? comparable(head, at) : head.kind === options.head));
  const finish = ({ head, fit }: Made, logits: Float64Array) =>
    finishHead(head.kind, design, fit.linear, logits, fit.strengths, seen, task);
  const made: Made[] = [];
  for (const head of tried) {
    if (made.length > 0) await pause(signal);
    made.push({ head, fit: await head.fit({ design, task, seen, folds, signal }) });
  }
  const folded = async (one: Made) => finish(one, await one.fit.outOfFold());
  const [only, ...others] = made;
  if (!only) throw new Error(`no head is called ${options.head}`);
  if (others.length === 0) return only.head.leftOut ? finish(only, only.head.leftOut(design, task)) : folded(only);
  // They are compared on the same folds; the one that stays is calibrated as well as it can be.
  const candidates: { one: Made; head: FittedHead }[] = [];
  for (const one of made) candidates.push({ one, head: await folded(one) });
  const compared = candidates.map(({ head: { kind, outOfFold } }) => ({ kind, probabilities: outOfFold.probabilities }));
  const chosen = candidates.reduce((best, each) =>
    clearlyBetter(targets, task, each.head.outOfFold.probabilities, best.head.outOfFold.probabilities) ? each : best,
  );
  const { leftOut } = chosen.one.head;
  return { ...(leftOut ? await finish(chosen.one, leftOut(design, task)) : chosen.head), compared };
}

interface Made {
  readonly head: LinearHead<FittedHead['kind']>;
  readonly fit: Fit;
}

/** A head of the same kind and strengths as `like`, on part of the rows. */
export const fitLinear = (
  design: Design,
  like: FittedHead,
  task: Task,
  seen: readonly number[],
  include: Uint8Array,
  signal?: AbortSignal,
): Promise<Linear> => linearHead(like.kind).refit(design, { task, seen, include, strengths: like.strengths, warm: null, signal });

/** A head of its parameters and its out-of-fold logits [n, K] (NaN: none): calibrated on them. */
export async function finishHead(
  kind: FittedHead['kind'],
  design: Design,
  linear: Linear,
  logits: Float64Array,
  strengths: readonly number[] | null,
  seen: readonly number[],
  task: Task,
): Promise<FittedHead> {
  const { targets } = design;
  const judged: Judged = { n: design.n, findings: targets.findings, y: targets.y, logits };
  // Without folds the head can only be calibrated on what it has seen; Platt's smoothed targets keep that from certainty.
  const leftOut = !logits.every(Number.isNaN);
  const used = leftOut ? judged : { ...judged, logits: logitsOf(linear, design) };
  const counts = Array.from({ length: targets.findings }, (_, f) => countStates(targets, f));
  const source = { withPrior: !atEqualPriors(kind), leftOut };
  const presents = counts.map(({ present }) => present);
  const calibration =
    task === 'multiclass' ? await calibrateClasses(used, presents, seen, source) : calibrateLabels(used, counts, linear.fitted, source);
  const { slope, offset } = calibration;
  const probabilities = calibrated(task, slope, offset, withoutUnseen(logits, task, seen, targets.findings));
  const regularisation = strengths?.map((strength) => (design.meanSquare > 0 ? strength / design.meanSquare : strength)) ?? null;
  return { kind, linear, calibration, strengths, regularisation, targets, outOfFold: { targets, probabilities }, compared: [] };
}

/** A class without labels has the constant logit 0 in a head; out of fold as well, or its NaN would spread over the softmax. */
function withoutUnseen(logits: Float64Array, task: Task, seen: readonly number[], findings: number): Float64Array {
  if (task === 'multilabel') return logits;
  return logits.map((value, i) => (seen.includes(i % findings) ? value : 0));
}
