import type { Task } from '../../contract/model';
import { emptyLinear, type Design, type Linear } from './design';
import { minimise, type LbfgsOptions } from './lbfgs';
import type { Products } from './products';

/**
 * L2 logistic regression as scikit-learn states it: min |w|^2 / 2 + C sum of log losses, the bias free of penalty.
 * Multi-label: one sigmoid a finding over the rows where it was read. Multi-class: one softmax over the classes seen.
 */
export interface LogisticProblem {
  /** The finding of a sigmoid; null for the softmax. */
  readonly finding: number | null;
  /** Rows of the design that count (cells that were not read are left out besides). */
  readonly include: Uint8Array;
  /** C times the mean squared length of a row: what the grid is made of. */
  readonly strength: number;
}

/** C mean|x|^2, strongest regularisation first. */
export const STRENGTHS: readonly number[] = Array.from({ length: 9 }, (_, i) => 10 ** (-1 + i / 2));

export interface LogisticSolution {
  /** [problems, outputs, m + 1], in the scaled rows' coordinates, the bias last. */
  readonly parameters: Float64Array;
  /** [n, problems x outputs] */
  readonly logits: ArrayLike<number>;
  /** Largest absolute gradient left in each problem. */
  readonly residual: Float64Array;
}

/** Findings a softmax runs over, or [the one finding] of a sigmoid. */
export function outputsOf(task: Task, seen: readonly number[]): number {
  return task === 'multiclass' ? seen.length : 1;
}

/** Solves all problems in one batch. `seen`: the classes of a softmax. `start` as `parameters`. */
export async function solveLogistic(
  design: Design,
  task: Task,
  seen: readonly number[],
  problems: readonly LogisticProblem[],
  products: Products,
  options: LbfgsOptions,
  start?: Float64Array,
): Promise<LogisticSolution> {
  const { n, m } = design;
  const outputs = outputsOf(task, seen);
  const columns = problems.length * outputs;
  const width = m + 1;
  const weights = problems.map((problem) => rowWeights(design, problem));
  const residual = new Float64Array(n * columns);
  const evaluate = async (at: Float64Array, values: Float64Array, gradient: Float64Array) => {
    const logits = await products.forward(at, columns);
    values.fill(0);
    problems.forEach((problem, g) => {
      const weight = weights[g];
      if (problem.finding === null) values[g] = softmaxLoss(design, seen, weight, logits, residual, g * outputs, columns);
      else values[g] = sigmoidLoss(design, problem.finding, weight, logits, residual, g, columns);
    });
    const back = await products.backward(residual, columns);
    for (let c = 0; c < columns; c++) {
      const g = Math.floor(c / outputs);
      const shrink = problems[g].strength * rowsCounted(weights[g]);
      const from = c * width;
      let square = 0;
      for (let j = 0; j < m; j++) {
        const w = at[from + j];
        square += w * w;
        gradient[from + j] = back[j * columns + c] + w / shrink;
      }
      let bias = 0;
      for (let i = 0, p = c; i < n; i++, p += columns) bias += residual[p];
      gradient[from + m] = bias;
      values[g] = values[g] + square / (2 * shrink);
    }
  };
  const parameters = start ? Float64Array.from(start) : new Float64Array(columns * width);
  const left = await minimise({ problems: problems.length, size: outputs * width, evaluate }, parameters, options);
  return { parameters, logits: await products.forward(parameters, columns), residual: left };
}

/** 1 / (number of rows that count) for those rows, 0 for the others: the loss is a mean, which keeps gradients comparable. */
function rowWeights(design: Design, { finding, include }: LogisticProblem): Float64Array {
  const { y, findings } = design.targets;
  const weight = new Float64Array(design.n);
  let count = 0;
  for (let i = 0; i < design.n; i++) {
    if (include[i] === 1 && (finding === null || y[i * findings + finding] >= 0)) {
      weight[i] = 1;
      count++;
    }
  }
  return weight.map((one) => one / Math.max(1, count));
}

const rowsCounted = (weight: Float64Array) => {
  const one = weight.find((value) => value > 0);
  return one === undefined ? 1 : 1 / one;
};

function sigmoidLoss(
  design: Design,
  finding: number,
  weight: Float64Array,
  logits: ArrayLike<number>,
  residual: Float64Array,
  column: number,
  columns: number,
): number {
  const { y, findings } = design.targets;
  let loss = 0;
  for (let i = 0; i < design.n; i++) {
    const share = weight[i];
    const at = i * columns + column;
    if (share === 0) {
      residual[at] = 0;
      continue;
    }
    const sign = y[i * findings + finding] === 1 ? 1 : -1;
    const margin = sign * logits[at];
    const tail = Math.exp(-Math.abs(margin));
    loss += share * (Math.max(0, -margin) + Math.log1p(tail));
    residual[at] = (-sign * share * (margin > 0 ? tail : 1)) / (1 + tail);
  }
  return loss;
}

function softmaxLoss(
  design: Design,
  seen: readonly number[],
  weight: Float64Array,
  logits: ArrayLike<number>,
  residual: Float64Array,
  column: number,
  columns: number,
): number {
  const { y, findings } = design.targets;
  let loss = 0;
  for (let i = 0; i < design.n; i++) {
    const share = weight[i];
    const at = i * columns + column;
    if (share === 0) {
      residual.fill(0, at, at + seen.length);
      continue;
    }
    let top = -Infinity;
    for (let s = 0; s < seen.length; s++) top = Math.max(top, logits[at + s]);
    let sum = 0;
    for (let s = 0; s < seen.length; s++) sum += Math.exp(logits[at + s] - top);
    for (let s = 0; s < seen.length; s++) {
      const target = y[i * findings + seen[s]] === 1 ? 1 : 0;
      const p = Math.exp(logits[at + s] - top) / sum;
      residual[at + s] = share * (p - target);
      if (target === 1) loss -= share * (logits[at + s] - top - Math.log(sum));
    }
  }
  return loss;
}

/** The head's weights from the parameters of one problem per finding (multi-label) or of the one softmax (multi-class). */
export function linearOf(design: Design, findings: readonly number[], parameters: Float64Array, factor: number): Linear {
  const { m } = design;
  const out = emptyLinear(design.targets.findings, m);
  findings.forEach((f, index) => {
    const from = index * (m + 1);
    for (let j = 0; j < m; j++) out.weight[f * m + j] = parameters[from + j] * factor;
    out.bias[f] = parameters[from + m];
    out.fitted[f] = true;
  });
  return out;
}
