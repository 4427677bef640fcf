import type { Task } from '../../../contract/model';
import type { Targets } from '../../labels';
import { pause } from '../../pause';
import { random } from '../../random';
import { score, trainPass, valuesOf, type Batch, type Optimiser, type Progress, type Trainable } from '../../tensors/tuning';
import { inBatches, statesOf, type StateSource } from './states';

/** What all models of one fine-tuning are trained on. */
export interface Lesson {
  readonly source: StateSource;
  readonly targets: Targets;
  readonly task: Task;
  readonly seed: number;
  readonly optimiser: Optimiser;
  /** Images at once. */
  readonly batch: number;
  readonly signal?: AbortSignal | undefined;
}

/** One of the models that are trained side by side. */
export interface Member {
  readonly model: Trainable;
  /** Places in the targets that it learns from. */
  readonly rows: readonly number[];
  /** Of its stream of random numbers. */
  readonly name: string;
  at: Progress;
}

/** What training on an image takes, in goes of one through the model: the gradient takes two more. */
export const TRAINED = 3;
/** Hears of work as it is done, in goes of an image through the model. */
export type Worked = (goes: number) => void;

/** The member's pass number `done`, counted from 1. */
export async function pass(lesson: Lesson, member: Member, done: number, worked: Worked): Promise<void> {
  const { source, targets, task, seed, optimiser, batch, signal } = lesson;
  const { model, rows, name } = member;
  const order = random(seed, `tune ${name} ${String(done)}`).shuffle(Float64Array.from(rows));
  const weights = cellWeights(targets, task, rows);
  const parts = inBatches(Array.from(order), batch);
  const batches = parts.map((part) => () => batchOf(source, targets, weights, rows.length, part));
  member.at = await trainPass(model, task, member.at, batches, optimiser, told(parts, TRAINED, worked, signal));
}

/** Puts the member's logits of these places into [n, K]. */
export async function judge(
  lesson: Lesson,
  { model, at }: Member,
  rows: readonly number[],
  into: Float32Array,
  worked: Worked,
): Promise<void> {
  const { source, targets, batch, signal } = lesson;
  const k = targets.findings;
  const parts = inBatches(rows, batch);
  const batches = parts.map((part) => async () => ({ states: await statesAt(source, targets, part) }));
  const found = await score(model, valuesOf(model, at), batches, told(parts, 1, worked, signal));
  rows.forEach((i, r) => into.set(found.subarray(r * k, (r + 1) * k), i * k));
}

/** Between batches: says what the last one took, each of them once, also where a backend fails and begins again. */
function told(parts: readonly (readonly number[])[], each: number, worked: Worked, signal: AbortSignal | undefined): () => Promise<void> {
  let at = 0;
  return () => {
    worked(each * (parts[at++]?.length ?? 0));
    return pause(signal);
  };
}

/** Every finding counts the same, however many of its cells were read; multi-class: every row. */
function cellWeights(targets: Targets, task: Task, rows: readonly number[]): Float64Array {
  const k = targets.findings;
  const counts = new Float64Array(k);
  for (const i of rows) for (let f = 0; f < k; f++) if (targets.y[i * k + f] >= 0) counts[f] = counts[f] + 1;
  return counts.map((count) => (task === 'multiclass' ? 1 / rows.length : count > 0 ? 1 / (count * k) : 0));
}

async function batchOf(source: StateSource, targets: Targets, weights: Float64Array, n: number, part: readonly number[]): Promise<Batch> {
  const k = targets.findings;
  const y = new Float32Array(part.length * k);
  const weight = new Float32Array(part.length * k);
  part.forEach((i, b) => {
    for (let f = 0; f < k; f++) {
      const state = targets.y[i * k + f];
      if (state < 0) continue;
      y[b * k + f] = state;
      weight[b * k + f] = (weights[f] * n) / part.length;
    }
  });
  return { states: await statesAt(source, targets, part), y, weight };
}

const statesAt = (source: StateSource, targets: Targets, part: readonly number[]) =>
  statesOf(
    source,
    part.map((i) => targets.rows[i]),
  );
