import type { Task } from '../../../contract/model';
import type { Targets } from '../../labels';
import { pause } from '../../pause';
import { random } from '../../random';
import {
  beginning,
  score,
  trainPass,
  valuesOf,
  type Batch,
  type Optimiser,
  type Progress,
  type Trainable,
  type Values,
} from '../../tensors/tuning';
import { foldCount, outside } from '../out-of-fold';
import { inBatches, statesOf, type StateSource } from './states';

export interface TrainingOptions {
  readonly task: Task;
  readonly seed: number;
  readonly optimiser: Optimiser;
  readonly passes: number;
  /** Passes without a lower held-out loss after which training ends. */
  readonly patience: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Trained {
  readonly values: Values;
  /** Passes over the labels; 0: the linear head was never beaten. */
  readonly passes: number;
  /** Held-out logits [n, K] after that many passes. */
  readonly logits: Float32Array;
  /** Held-out log loss after 0, 1, ... passes. */
  readonly losses: readonly number[];
}

/**
 * Trains one model for each fold side by side, pass by pass, until their loss on the rows held out has not fallen for `patience` passes; then one
 * on all rows for as many passes as were best. `begin` makes the model that a fold (null: all rows) starts from, out of rows outside it.
 */
export async function trainInStep(
  source: StateSource,
  targets: Targets,
  folds: Int8Array,
  begin: (fold: number | null) => Promise<Trainable>,
  options: TrainingOptions,
): Promise<Trained> {
  const { task, seed, optimiser, signal } = options;
  const count = foldCount(folds);
  const k = targets.findings;
  const between = () => pause(signal);
  const pass = (model: Trainable, at: Progress, rows: readonly number[], stream: string) => {
    const order = random(seed, stream).shuffle(Float64Array.from(rows));
    const weights = cellWeights(targets, task, rows);
    const batches = inBatches(Array.from(order)).map((part) => () => batchOf(source, targets, weights, rows.length, part));
    return trainPass(model, task, at, batches, optimiser, between);
  };
  const members: { model: Trainable; at: Progress; rows: number[]; held: number[] }[] = [];
  for (let fold = 0; fold < count; fold++) {
    const model = await begin(fold);
    const included = outside(folds, fold);
    const all = Array.from(folds, (_, i) => i);
    members.push({ model, at: beginning(model), rows: all.filter((i) => included[i] === 1), held: all.filter((i) => included[i] === 0) });
  }
  const heldOut = async (): Promise<Float32Array> => {
    const logits = new Float32Array(targets.y.length);
    for (const { model, at, held } of members) {
      const batches = inBatches(held).map((part) => async () => ({
        states: await statesOf(
          source,
          part.map((i) => targets.rows[i] as number),
        ),
      }));
      const found = await score(model, valuesOf(model, at), batches, between);
      held.forEach((i, h) => logits.set(found.subarray(h * k, (h + 1) * k), i * k));
    }
    return logits;
  };

  const total = options.passes * (count + 1);
  let best = { passes: 0, logits: await heldOut() };
  const losses = [meanLoss(targets, task, best.logits)];
  for (let done = 1; done <= options.passes && done - best.passes <= options.patience; done++) {
    for (const [fold, member] of members.entries()) {
      member.at = await pass(member.model, member.at, member.rows, `tune ${String(fold)} ${String(done)}`);
      options.onProgress?.((done - 1) * count + fold + 1, total);
    }
    const logits = await heldOut();
    const loss = meanLoss(targets, task, logits);
    if (loss < Math.min(...losses)) best = { passes: done, logits };
    losses.push(loss);
  }
  const model = await begin(null);
  let at = beginning(model);
  const rows = Array.from(targets.rows, (_, i) => i);
  for (let done = 1; done <= best.passes; done++) {
    at = await pass(model, at, rows, `tune all ${String(done)}`);
    options.onProgress?.(total - best.passes + done, total);
  }
  return { values: valuesOf(model, at), ...best, losses };
}

/** Every finding counts the same, however many of its cells were read; multi-class: every row. */
function cellWeights(targets: Targets, task: Task, rows: readonly number[]): Float64Array {
  const k = targets.findings;
  const counts = new Float64Array(k);
  for (const i of rows) for (let f = 0; f < k; f++) if ((targets.y[i * k + f] as number) >= 0) counts[f] = (counts[f] as number) + 1;
  return counts.map((count) => (task === 'multiclass' ? 1 / rows.length : count > 0 ? 1 / (count * k) : 0));
}

async function batchOf(source: StateSource, targets: Targets, weights: Float64Array, n: number, part: readonly number[]): Promise<Batch> {
  const k = targets.findings;
  const y = new Float32Array(part.length * k);
  const weight = new Float32Array(part.length * k);
  part.forEach((i, b) => {
    for (let f = 0; f < k; f++) {
      const state = targets.y[i * k + f] as number;
      if (state < 0) continue;
      y[b * k + f] = state;
      weight[b * k + f] = ((weights[f] as number) * n) / part.length;
    }
  });
  return {
    states: await statesOf(
      source,
      part.map((i) => targets.rows[i] as number),
    ),
    y,
    weight,
  };
}

/** Mean over findings of the mean log loss of their read cells; multi-class: over rows. */
function meanLoss(targets: Targets, task: Task, logits: Float32Array): number {
  const k = targets.findings;
  const sums = new Float64Array(k);
  const counts = new Float64Array(k);
  for (let i = 0; i < targets.rows.length; i++) {
    const row = logits.subarray(i * k, (i + 1) * k);
    const top = Math.max(...row);
    const all = task === 'multiclass' ? top + Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0)) : 0;
    for (let f = 0; f < k; f++) {
      const state = targets.y[i * k + f] as number;
      if (state < 0 || (task === 'multiclass' && state === 0)) continue;
      const z = row[f] as number;
      // log(1 + exp(-z)) of a present cell, log(1 + exp(z)) of an absent one, without overflow.
      const sign = state === 1 ? -z : z;
      const loss = task === 'multiclass' ? all - z : Math.max(0, sign) + Math.log1p(Math.exp(-Math.abs(sign)));
      sums[f] = (sums[f] as number) + loss;
      counts[f] = (counts[f] as number) + 1;
    }
  }
  if (task === 'multiclass') return sums.reduce((a, b) => a + b, 0) / Math.max(1, targets.rows.length);
  const read = Array.from(sums, (sum, f) => ({ sum, n: counts[f] as number })).filter(({ n }) => n > 0);
  return read.reduce((a, { sum, n }) => a + sum / n, 0) / Math.max(1, read.length);
}
