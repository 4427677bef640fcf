import type { HeadKind } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import { pause } from '../pause';
import type { Design, Linear } from './design';
import { fitGda } from './gda';
import { gdaLeftOut } from './left-out';
import { foldCount, gdaOutOfFold, searchLogistic } from './out-of-fold';
import { linearOf, solveLogistic, type LogisticProblem } from './logistic';
import { plainProducts, tensorProducts } from './products';

/** What a head is fitted to: the labelled rows, the findings that can be learnt, and the folds by which heads are compared. */
export interface Work {
  readonly design: Design;
  readonly task: Task;
  readonly seen: readonly number[];
  readonly folds: Int8Array;
  readonly signal?: AbortSignal | undefined;
}

export interface Fit {
  readonly linear: Linear;
  /** C mean|x|^2 of each finding, where the head has such a thing. */
  readonly strengths: readonly number[] | null;
  /** Logits [n, K] of each row by heads that did not see its fold; NaN without folds. */
  readonly outOfFold: () => Promise<Float64Array>;
}

/** Of another head: the same one on other rows. */
export interface Refit {
  readonly task: Task;
  readonly seen: readonly number[];
  /** 1 for each row that counts; null: all do. */
  readonly include: Uint8Array | null;
  readonly strengths: readonly number[] | null;
  /** To begin from and to stop early; null: exactly, as the full round does. */
  readonly warm: Linear | null;
  readonly signal?: AbortSignal | undefined;
}

export type LinearKind = Exclude<HeadKind, 'auto'>;

/** A kind of linear head. */
export interface LinearHead<Kind extends string = string> {
  readonly kind: Kind;
  /** It is tried by itself from so many rows on; fewer could not show that it is better. */
  readonly from: number;
  /** Its logits are those at equal priors; of others the labelled prevalence is taken out. */
  readonly equalPriors: boolean;
  readonly fit: (work: Work) => Promise<Fit>;
  readonly refit: (design: Design, how: Refit) => Promise<Linear>;
  /** Better out-of-fold logits than those of the folds, to calibrate by: without each patient. */
  readonly leftOut?: (design: Design, task: Task) => Float64Array;
}

const gda: LinearHead<'gda'> = {
  kind: 'gda',
  from: 0,
  equalPriors: true,
  fit: ({ design, task, seen, folds, signal }) =>
    Promise.resolve({
      linear: fitGda(design, task),
      strengths: null,
      outOfFold: () => gdaOutOfFold(design, task, seen, folds, signal),
    }),
  refit: (design, { task, include }) => Promise.resolve(fitGda(design, task, include ?? undefined)),
  leftOut: gdaLeftOut,
};

const FINAL = { tolerance: 1e-7, iterations: 400 };
const QUICK = { tolerance: 1e-4, iterations: 60 };

const logistic: LinearHead<'logistic'> = {
  kind: 'logistic',
  from: 50,
  equalPriors: false,
  async fit({ design, task, seen, folds, signal }) {
    const products = tensorProducts(design);
    const exact = plainProducts(design);
    try {
      const searched = foldCount(folds) > 1 ? await searchLogistic(design, task, seen, folds, products, signal) : null;
      const found = searched?.strengths ?? seen.map(() => 1);
      const problems = problemsOf(task, seen, everyRow(design), (_, i) => found[i] ?? 1);
      const how = { ...FINAL, between: () => pause(signal) };
      const final = await solveLogistic(design, task, seen, problems, exact, how, searched?.start);
      const strengths = Array.from({ length: design.targets.findings }, (_, f) => found[seen.indexOf(f)] ?? 0);
      const logits = searched?.logits ?? new Float64Array(design.n * design.targets.findings).fill(NaN);
      return { linear: linearOf(design, seen, final.parameters, exact.factor), strengths, outOfFold: () => Promise.resolve(logits) };
    } finally {
      products.release();
    }
  },
  async refit(design, { task, seen, include, strengths, warm, signal }) {
    const problems = problemsOf(task, seen, include ?? everyRow(design), (f) => strengths?.[f] ?? 1);
    const products = warm ? tensorProducts(design) : plainProducts(design);
    try {
      const how = { ...(warm ? QUICK : FINAL), between: () => pause(signal) };
      const start = warm ? parametersOf(warm, seen, design.m, products.factor) : undefined;
      const solved = await solveLogistic(design, task, seen, problems, products, how, start);
      return linearOf(design, seen, solved.parameters, products.factor);
    } finally {
      products.release();
    }
  },
};

const everyRow = ({ n }: Design) => new Uint8Array(n).fill(1);

const problemsOf = (
  task: Task,
  seen: readonly number[],
  include: Uint8Array,
  strength: (finding: number, at: number) => number,
): LogisticProblem[] =>
  task === 'multiclass'
    ? [{ finding: null, include, strength: strength(seen[0] ?? 0, 0) }]
    : seen.map((finding, i) => ({ finding, include, strength: strength(finding, i) }));

function parametersOf(linear: Linear, seen: readonly number[], m: number, factor: number): Float64Array {
  const out = new Float64Array(seen.length * (m + 1));
  seen.forEach((f, i) => {
    for (let c = 0; c < m; c++) out[i * (m + 1) + c] = linear.weight[f * m + c] / factor;
    out[i * (m + 1) + m] = linear.bias[f];
  });
  return out;
}

/** All of them; the first stays unless a later one is clearly better. How to add one: docs/adding.md. */
export const linearHeads: readonly LinearHead<LinearKind>[] = [gda, logistic];

/** What is fine-tuned starts from logistic regression. */
export const linearHead = (kind: string): LinearHead => linearHeads.find((head) => head.kind === kind) ?? logistic;

/** Whether the logits of such a head are those at equal priors. */
export const atEqualPriors = (kind: string): boolean => linearHeads.some((head) => head.kind === kind && head.equalPriors);
