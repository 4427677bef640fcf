import type { Task } from '../../contract/model';
import { pause } from '../pause';
import { logitsOf, type Design } from './design';
import { fitGda } from './gda';
import { solveLogistic, STRENGTHS, type LogisticProblem } from './logistic';
import type { Products } from './products';

/** Rows of the design outside a fold. */
export function outside(folds: Int8Array, fold: number): Uint8Array {
  return Uint8Array.from(folds, (one) => (one === fold ? 0 : 1));
}

export const foldCount = (folds: Int8Array) => folds.reduce((most, fold) => Math.max(most, fold + 1), 0);

/**
 * Whether logits for `finding` can be had from the rows that `include` leaves: both sides read, or, in multi-class,
 * every class seen (a softmax says nothing about a class it never met).
 */
function learnable(design: Design, task: Task, seen: readonly number[], include: Uint8Array, finding: number): boolean {
  const { y, findings } = design.targets;
  const has = (f: number, state: number) => include.some((one, i) => one === 1 && y[i * findings + f] === state);
  return task === 'multiclass' ? seen.every((f) => has(f, 1)) : has(finding, 0) && has(finding, 1);
}

/** Out-of-fold logits [n, findings] of GDA; NaN where the other folds could not teach the finding. */
export async function gdaOutOfFold(
  design: Design,
  task: Task,
  seen: readonly number[],
  folds: Int8Array,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const k = design.targets.findings;
  const out = new Float64Array(design.n * k).fill(NaN);
  for (let fold = 0; fold < foldCount(folds); fold++) {
    const include = outside(folds, fold);
    const logits = logitsOf(fitGda(design, task, include), design);
    for (const f of seen) {
      if (!learnable(design, task, seen, include, f)) continue;
      for (let i = 0; i < design.n; i++) if (folds[i] === fold) out[i * k + f] = logits[i * k + f];
    }
    await pause(signal);
  }
  return out;
}

export interface Searched {
  /** The strength (C mean|x|^2) chosen for each of `seen`; one and the same in multi-class. */
  readonly strengths: readonly number[];
  /** Out-of-fold logits [n, findings] at those strengths. */
  readonly logits: Float64Array;
  /** Parameters of the fit on all rows at those strengths, in float32's precision: where the final fit starts. */
  readonly start: Float64Array;
}

const SEARCH = { tolerance: 5e-5, iterations: 150 };
/** Strengths solved together; the next ones start where these ended, and only for findings whose loss still falls. */
const STRIDE = 3;

/** One sigmoid, or the one softmax (finding null), on its way through the strengths. */
interface Search {
  readonly finding: number | null;
  /** Folds whose other folds could teach it. */
  readonly usable: readonly boolean[];
  /** Held-out log losses of each strength solved so far. */
  readonly losses: number[][];
  /** Held-out logits [n, outputs] of each. */
  readonly logits: Float64Array[];
  /** Parameters of every fold and of all rows, of each. */
  readonly parameters: Float64Array[];
}

/**
 * C of every finding by cross-validation over STRENGTHS with the one-standard-error rule: the strongest regularisation
 * whose mean log loss is within one standard error of the best. Findings, strengths and folds are columns of one batch.
 * From strong to weak: a finding whose loss has risen by more than a standard error is not followed further.
 */
export async function searchLogistic(
  design: Design,
  task: Task,
  seen: readonly number[],
  folds: Int8Array,
  products: Products,
  signal?: AbortSignal,
): Promise<Searched> {
  const count = foldCount(folds);
  const outputs = task === 'multiclass' ? seen.length : 1;
  const includes = [...Array.from({ length: count }, (_, fold) => outside(folds, fold)), new Uint8Array(design.n).fill(1)];
  const searches = (task === 'multiclass' ? [null] : seen).map((finding): Search => ({
    finding,
    usable: Array.from({ length: count }, (_, fold) => learnable(design, task, seen, includes[fold], finding ?? 0)),
    losses: [],
    logits: [],
    parameters: [],
  }));
  const size = includes.length * outputs * (design.m + 1);
  for (let from = 0; from < STRENGTHS.length; from += STRIDE) {
    const open = searches.filter(({ losses }) => !risen(losses));
    const block = STRENGTHS.slice(from, from + STRIDE);
    const batch = open.flatMap((search) => block.map((strength) => ({ search, strength })));
    if (batch.length === 0) break;
    const problems: LogisticProblem[] = batch.flatMap(({ search: { finding }, strength }) =>
      includes.map((include) => ({ finding, include, strength })),
    );
    const start = new Float64Array(batch.length * size);
    batch.forEach(({ search }, b) => start.set(search.parameters[from - 1] ?? new Float64Array(0), b * size));
    const solved = await solveLogistic(design, task, seen, problems, products, { ...SEARCH, between: () => pause(signal) }, start);
    batch.forEach(({ search }, b) => {
      const held = heldOut(solved.logits, design.n, problems.length * outputs, b * includes.length * outputs, outputs, folds);
      search.logits.push(held);
      search.losses.push(lossesOf(design, seen, search, held, outputs, folds));
      search.parameters.push(solved.parameters.slice(b * size, (b + 1) * size));
    });
  }
  return gather(design, seen, searches, folds, outputs, count);
}

function risen(losses: readonly (readonly number[])[]): boolean {
  if (losses.length === 0) return false;
  const { means, limit } = standing(losses);
  return (means.at(-1) ?? 0) > limit;
}

/** For every row the logits [n, outputs] of the problem that left its fold out; `from` is the first problem's first column. */
function heldOut(logits: ArrayLike<number>, n: number, columns: number, from: number, outputs: number, folds: Int8Array): Float64Array {
  const out = new Float64Array(n * outputs);
  for (let i = 0; i < n; i++) {
    for (let o = 0; o < outputs; o++) out[i * outputs + o] = logits[i * columns + from + folds[i] * outputs + o];
  }
  return out;
}

function lossesOf(
  design: Design,
  seen: readonly number[],
  { finding, usable }: Search,
  held: Float64Array,
  outputs: number,
  folds: Int8Array,
): number[] {
  const out: number[] = [];
  for (let i = 0; i < design.n; i++) {
    if (!usable[folds[i]]) continue;
    const loss = rowLoss(design, i, finding, seen, Array.from(held.subarray(i * outputs, (i + 1) * outputs)));
    if (loss !== null) out.push(loss);
  }
  return out;
}

function gather(
  design: Design,
  seen: readonly number[],
  searches: readonly Search[],
  folds: Int8Array,
  outputs: number,
  count: number,
): Searched {
  const k = design.targets.findings;
  const width = outputs * (design.m + 1);
  const logits = new Float64Array(design.n * k).fill(NaN);
  const start = new Float64Array(searches.length * width);
  const strengths: number[] = [];
  searches.forEach(({ finding, usable, losses, logits: all, parameters }, unit) => {
    const chosen = oneStandardError(losses);
    const held = all[chosen];
    for (let o = 0; o < outputs; o++) strengths.push(STRENGTHS[chosen]);
    for (let i = 0; i < design.n; i++) {
      if (!usable[folds[i]]) continue;
      for (let o = 0; o < outputs; o++) logits[i * k + (finding ?? seen[o])] = held[i * outputs + o];
    }
    start.set(parameters[chosen].subarray(count * width, (count + 1) * width), unit * width);
  });
  return { strengths, logits, start };
}

function rowLoss(design: Design, i: number, finding: number | null, seen: readonly number[], row: readonly number[]): number | null {
  const { y, findings } = design.targets;
  if (finding !== null) {
    const state = y[i * findings + finding];
    if (state < 0) return null;
    const margin = (state === 1 ? 1 : -1) * row[0];
    return Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
  }
  const truth = seen.findIndex((f) => y[i * findings + f] === 1);
  const top = Math.max(...row);
  return top + Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0)) - row[truth];
}

/** Mean losses, and the lowest plus one standard error. */
function standing(losses: readonly (readonly number[])[]): { means: number[]; limit: number } {
  const means = losses.map((one) => one.reduce((a, b) => a + b, 0) / Math.max(1, one.length));
  const best = means.indexOf(Math.min(...means));
  const at = losses[best] ?? [];
  const mean = means[best] ?? 0;
  const variance = at.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, at.length - 1);
  return { means, limit: mean + Math.sqrt(variance / Math.max(1, at.length)) };
}

/** Index of the first (strongest) entry whose mean is within one standard error of the lowest mean. */
function oneStandardError(losses: readonly (readonly number[])[]): number {
  const { means, limit } = standing(losses);
  return Math.max(
    0,
    means.findIndex((value) => value <= limit),
  );
}
