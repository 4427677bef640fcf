import type { Task } from '../../../contract/model';
import type { Targets } from '../../labels';
import { beginning, valuesOf, type Trainable, type Values } from '../../tensors/tuning';
import { foldCount } from '../out-of-fold';
import { judge, pass, TRAINED, type Lesson, type Member, type Worked } from './member';

/** Work in the background that tells how far it is. */
export interface Watched {
  /** In goes of an image through the model. `total` is the most it can take: it falls where the end comes sooner. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TrainingOptions extends Watched {
  readonly passes: number;
  /** Passes without a lower held-out loss after which the search for their best number ends. */
  readonly patience: number;
}

export interface Trained {
  readonly values: Values;
  /** Passes over the labels; 0: the linear head was never beaten. */
  readonly passes: number;
  /** Held-out logits [n, K]: of each fold by a model that saw none of it, after a number of passes that was chosen without it. */
  readonly logits: Float32Array;
}

/** Folds below which none can be left out of the choice of the number of passes. */
export const LEAST_FOLDS = 3;

/** The model that training starts from, out of the places in the targets that are marked 1. */
type Begin = (include: Uint8Array) => Promise<Trainable>;

/**
 * Trains one model for each fold, for its held-out logits, and one on all rows. For how many passes is chosen before, with models that leave out
 * two neighbouring folds each: for a fold by its two such models on the other fold that they left out, so that its labels have no part in
 * what is said of it (nested cross-validation); for the model on all rows by the mean of these losses.
 */
export async function trainInStep(lesson: Lesson, folds: Int8Array, begin: Begin, options: TrainingOptions): Promise<Trained> {
  const count = foldCount(folds);
  if (count < LEAST_FOLDS) throw new RangeError(`${String(count)} folds are too few`);
  const n = folds.length;
  /** Goes of an image through the model that the last models take: those of the folds with a look at what each left out, and the one on all rows. */
  const last = (passes: readonly number[], all: number) =>
    n + TRAINED * passes.reduce((sum, each, fold) => sum + each * (n - placesOf(folds, fold).length), n * all);
  const { passes, onProgress } = options;
  let total = passes * n * TRAINED * (count - 2) + (passes + 1) * 2 * n + last(Array<number>(count).fill(passes), passes);
  let done = 0;
  const worked: Worked = (goes) => {
    done += goes;
    onProgress?.(done, total);
  };
  const chosen = await choosePasses(lesson, folds, begin, options, worked);
  total = done + last(chosen.each, chosen.all);
  const trained = async (without: readonly number[], passes: number): Promise<Member> => {
    const member = await memberWithout(folds, without, begin);
    for (let at = 1; at <= passes; at++) await pass(lesson, member, at, worked);
    return member;
  };
  const logits = new Float32Array(lesson.targets.y.length);
  for (const [fold, passes] of chosen.each.entries())
    await judge(lesson, await trained([fold], passes), placesOf(folds, fold), logits, worked);
  const { model, at } = await trained([], chosen.all);
  onProgress?.(total, total);
  return { values: valuesOf(model, at), passes: chosen.all, logits };
}

/** The number of passes for the model that leaves out each fold, and for the one on all rows. */
async function choosePasses(
  lesson: Lesson,
  folds: Int8Array,
  begin: Begin,
  { passes, patience }: TrainingOptions,
  worked: Worked,
): Promise<{ each: readonly number[]; all: number }> {
  const { targets, task } = lesson;
  const count = foldCount(folds);
  const next = (fold: number) => (fold + 1) % count;
  const before = (fold: number) => (fold + count - 1) % count;
  /** Member f leaves out the folds f and f + 1: what it says of them stands in `own` and in `other`. */
  const members: Member[] = [];
  for (let fold = 0; fold < count; fold++) members.push(await memberWithout(folds, [fold, next(fold)], begin));
  const own = new Float32Array(targets.y.length);
  const other = new Float32Array(targets.y.length);
  const losses: number[][] = members.map(() => []);
  const all: number[] = [];
  const look = async () => {
    for (const [fold, member] of members.entries()) {
      await judge(lesson, member, placesOf(folds, fold), own, worked);
      await judge(lesson, member, placesOf(folds, next(fold)), other, worked);
    }
    const now = members.map((_, fold) => {
      const ahead = meanLoss(targets, task, other, placesOf(folds, next(fold)));
      return (ahead + meanLoss(targets, task, own, placesOf(folds, before(fold)))) / 2;
    });
    losses.forEach((curve, fold) => curve.push(now[fold]));
    all.push(now.reduce((sum, loss) => sum + loss, 0) / count);
  };
  await look();
  for (let done = 1; done <= passes && [...losses, all].some((curve) => isOpen(curve, patience)); done++) {
    for (const member of members) await pass(lesson, member, done, worked);
    await look();
  }
  return { each: losses.map((curve) => lowest(curve, patience)), all: lowest(all, patience) };
}

async function memberWithout(folds: Int8Array, left: readonly number[], begin: Begin): Promise<Member> {
  const include = Uint8Array.from(folds, (fold) => (left.includes(fold) ? 0 : 1));
  const model = await begin(include);
  const rows = Array.from(folds.keys()).filter((i) => include[i] === 1);
  return { model, rows, name: left.join(' and ') || 'all', at: beginning(model) };
}

const placesOf = (folds: Int8Array, fold: number) => Array.from(folds.keys()).filter((i) => folds[i] === fold);

/** Where the losses are least, up to where they have not fallen for longer than `patience`: other folds' losses may go on, and are not to matter. */
function lowest(losses: readonly number[], patience: number): number {
  let best = 0;
  for (let done = 1; done < losses.length && done - best <= patience; done++) if ((losses[done] ?? 0) < (losses[best] ?? 0)) best = done;
  return best;
}

const isOpen = (losses: readonly number[], patience: number) => losses.length - 1 - lowest(losses, patience) <= patience;

/** Mean over findings of the mean log loss of the read cells of these rows; multi-class: over rows. */
function meanLoss(targets: Targets, task: Task, logits: Float32Array, rows: readonly number[]): number {
  const k = targets.findings;
  const sums = new Float64Array(k);
  const counts = new Float64Array(k);
  for (const i of rows) {
    const row = logits.subarray(i * k, (i + 1) * k);
    const top = Math.max(...row);
    const all = task === 'multiclass' ? top + Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0)) : 0;
    for (let f = 0; f < k; f++) {
      const state = targets.y[i * k + f];
      if (state < 0 || (task === 'multiclass' && state === 0)) continue;
      const z = row[f];
      // log(1 + exp(-z)) of a present cell, log(1 + exp(z)) of an absent one, without overflow.
      const sign = state === 1 ? -z : z;
      const loss = task === 'multiclass' ? all - z : Math.max(0, sign) + Math.log1p(Math.exp(-Math.abs(sign)));
      sums[f] = sums[f] + loss;
      counts[f] = counts[f] + 1;
    }
  }
  if (task === 'multiclass') return sums.reduce((a, b) => a + b, 0) / Math.max(1, rows.length);
  const read = Array.from(sums, (sum, f) => ({ sum, n: counts[f] })).filter(({ n }) => n > 0);
  return read.reduce((a, { sum, n }) => a + sum / n, 0) / Math.max(1, read.length);
}
