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
      for (let i = 0; i < design.n; i++) if (folds[i] === fold) out[i * k + f] = logits[i * k + f] as number;
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

const SEARCH = { tolerance: 2e-5, iterations: 150 };

/**
 * C of every finding by cross-validation over STRENGTHS with the one-standard-error rule: the strongest regularisation
 * whose mean log loss is within one standard error of the best. All findings, strengths and folds are one batch.
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
  const units = task === 'multiclass' ? [null] : seen;
  const outputs = task === 'multiclass' ? seen.length : 1;
  const includes = [...Array.from({ length: count }, (_, fold) => outside(folds, fold)), new Uint8Array(design.n).fill(1)];
  const problems: LogisticProblem[] = units.flatMap((finding) =>
    STRENGTHS.flatMap((strength) => includes.map((include) => ({ finding, include, strength }))),
  );
  const at = (unit: number, strength: number, fold: number) => (unit * STRENGTHS.length + strength) * includes.length + fold;
  const solved = await solveLogistic(design, task, seen, problems, products, { ...SEARCH, between: () => pause(signal) });
  const columns = problems.length * outputs;
  const k = design.targets.findings;
  const width = outputs * (design.m + 1);

  const logits = new Float64Array(design.n * k).fill(NaN);
  const strengths: number[] = [];
  const start = new Float64Array(units.length * width);
  units.forEach((finding, unit) => {
    const usable = Array.from({ length: count }, (_, fold) => learnable(design, task, seen, includes[fold] as Uint8Array, finding ?? 0));
    const losses = STRENGTHS.map((_, s) => {
      const out: number[] = [];
      for (let i = 0; i < design.n; i++) {
        const fold = folds[i] as number;
        if (!usable[fold]) continue;
        const from = i * columns + at(unit, s, fold) * outputs;
        const row = Array.from({ length: outputs }, (__, o) => solved.logits[from + o] as number);
        const loss = rowLoss(design, i, finding, seen, row);
        if (loss !== null) out.push(loss);
      }
      return out;
    });
    const chosen = oneStandardError(losses);
    const strength = STRENGTHS[chosen] as number;
    for (let o = 0; o < (task === 'multiclass' ? seen.length : 1); o++) strengths.push(strength);
    for (let i = 0; i < design.n; i++) {
      const fold = folds[i] as number;
      if (!usable[fold]) continue;
      const from = i * columns + at(unit, chosen, fold) * outputs;
      if (finding === null) seen.forEach((f, o) => (logits[i * k + f] = solved.logits[from + o] as number));
      else logits[i * k + finding] = solved.logits[from] as number;
    }
    const full = at(unit, chosen, count) * width;
    start.set(solved.parameters.subarray(full, full + width), unit * width);
  });
  return { strengths, logits, start };
}

function rowLoss(design: Design, i: number, finding: number | null, seen: readonly number[], row: readonly number[]): number | null {
  const { y, findings } = design.targets;
  if (finding !== null) {
    const state = y[i * findings + finding] as number;
    if (state < 0) return null;
    const margin = (state === 1 ? 1 : -1) * (row[0] as number);
    return Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
  }
  const truth = seen.findIndex((f) => y[i * findings + f] === 1);
  const top = Math.max(...row);
  return top + Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0)) - (row[truth] as number);
}

/** Index of the first (strongest) entry whose mean is within one standard error of the lowest mean. */
export function oneStandardError(losses: readonly (readonly number[])[]): number {
  const means = losses.map((one) => one.reduce((a, b) => a + b, 0) / Math.max(1, one.length));
  const best = means.indexOf(Math.min(...means));
  const at = losses[best] ?? [];
  const mean = means[best] ?? 0;
  const variance = at.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, at.length - 1);
  const limit = mean + Math.sqrt(variance / Math.max(1, at.length));
  return Math.max(
    0,
    means.findIndex((value) => value <= limit),
  );
}
