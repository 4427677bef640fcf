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
import { fitGda } from './gda';
import { gdaLeftOut } from './left-out';
import { linearOf, solveLogistic, type LogisticProblem } from './logistic';
import { foldCount, gdaOutOfFold, searchLogistic } from './out-of-fold';
import { plainProducts, tensorProducts } from './products';

/** Below this many rows a difference of one standard error between the heads is not to be had. */
const ROWS_FOR_LOGISTIC = 50;
const FINAL = { tolerance: 1e-7, iterations: 400 };

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
 * The head that the labels call for: GDA, unless logistic regression has the lower out-of-fold log loss by more than one
 * standard error. Null where no finding can be learnt. `features` is the pool in the head's feature space.
 */
export async function fitHead(features: Matrix, targets: Targets, options: FitOptions): Promise<FittedHead | null> {
  const { task, signal } = options;
  const seen = seenFindings(targets, task);
  if (seen.length === 0) return null;
  const design = makeDesign(features, targets);
  const folds = groupedFolds(targets.groups, targets, options.folds, options.seed);
  const several = foldCount(folds) > 1;
  const gdaBy = (logits: Float64Array) => finishHead('gda', design, linear, logits, null, seen, task);
  const linear = fitGda(design, task);
  if (options.head === 'gda' || (options.head === 'auto' && (!several || design.n < ROWS_FOR_LOGISTIC)))
    return gdaBy(gdaLeftOut(design, task));
  await pause(signal);
  const logistic = await logisticCandidate(design, seen, folds, several, options);
  if (options.head === 'logistic') return logistic;
  // The two are compared on the same folds; the one that stays is calibrated as well as it can be.
  const folded = await gdaBy(await gdaOutOfFold(design, task, seen, folds, signal));
  const compared = [folded, logistic].map(({ kind, outOfFold: { probabilities } }) => ({ kind, probabilities }));
  const chosen = clearlyBetter(targets, task, logistic.outOfFold.probabilities, folded.outOfFold.probabilities)
    ? logistic
    : await gdaBy(gdaLeftOut(design, task));
  return { ...chosen, compared };
}

async function logisticCandidate(
  design: Design,
  seen: readonly number[],
  folds: Int8Array,
  several: boolean,
  options: FitOptions,
): Promise<FittedHead> {
  const { task, signal } = options;
  const products = tensorProducts(design);
  const exact = plainProducts(design);
  try {
    const searched = several ? await searchLogistic(design, task, seen, folds, products, signal) : null;
    const strengths = searched?.strengths ?? seen.map(() => 1);
    const include = new Uint8Array(design.n).fill(1);
    const problems: LogisticProblem[] =
      task === 'multiclass'
        ? [{ finding: null, include, strength: strengths[0] ?? 1 }]
        : seen.map((finding, i) => ({ finding, include, strength: strengths[i] ?? 1 }));
    const final = await solveLogistic(design, task, seen, problems, exact, { ...FINAL, between: () => pause(signal) }, searched?.start);
    const linear = linearOf(design, seen, final.parameters, exact.factor);
    const all = Array.from({ length: design.targets.findings }, (_, f) => strengths[seen.indexOf(f)] ?? 0);
    return await finishHead('logistic', design, linear, searched?.logits ?? allNaN(design), all, seen, task);
  } finally {
    products.release();
  }
}

/** A head of the same kind and strengths as `like`, on part of the rows. */
export async function fitLinear(
  design: Design,
  like: FittedHead,
  task: Task,
  seen: readonly number[],
  include: Uint8Array,
  signal?: AbortSignal,
): Promise<Linear> {
  if (like.kind === 'gda') return fitGda(design, task, include);
  const strength = (f: number) => like.strengths?.[f] ?? 1;
  const problems: LogisticProblem[] =
    task === 'multiclass'
      ? [{ finding: null, include, strength: strength(seen[0] ?? 0) }]
      : seen.map((finding) => ({ finding, include, strength: strength(finding) }));
  const exact = plainProducts(design);
  const solved = await solveLogistic(design, task, seen, problems, exact, { ...FINAL, between: () => pause(signal) });
  return linearOf(design, seen, solved.parameters, exact.factor);
}

const allNaN = (design: Design) => new Float64Array(design.n * design.targets.findings).fill(NaN);

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
  const source = { withPrior: kind !== 'gda', leftOut };
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
