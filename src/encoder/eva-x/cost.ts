import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EncoderCard } from '../../contract/encoder-card';
import type { Head } from '../../contract/head';
import type { Tile } from '../../contract/jobs/imaging';
import { fail, FailureError, unwrap } from '../../contract/result';
import { serialiseModel, type Model } from '../../onnx/model';
import { inputLength, normaliseInto, type InputCard } from '../normalise';
import { openSession, type Values } from '../session';

/** The person's images, on which a model in less than float32 is compared with the exact one. */
export interface Comparison {
  readonly card: InputCard;
  /** At least one. */
  readonly tiles: readonly Tile[];
  /** Images a call. */
  readonly batch: number;
  /** Folder for the models while they run, as sessions are opened by path. */
  readonly scratch: string;
  readonly signal: AbortSignal | undefined;
  readonly onImages: (done: number, total: number) => void;
}

/** What both models make of the same images: embeddings [measured, width]. */
export interface Compared {
  readonly exact: Float32Array;
  readonly found: Float32Array;
  readonly measured: number;
}

/** Random directions that stand in for heads. */
const DIRECTIONS = 256;

export type Run = (inputs: { pixels: Values }) => Promise<Record<string, Values>>;

/** Both models on all tiles. Throws FailureErrors. */
export async function compare(exact: Model, found: Model, width: number, comparison: Comparison): Promise<Compared> {
  const { tiles } = comparison;
  const progress = progressOf(comparison, 2 * tiles.length);
  const all: Float32Array[] = [];
  for (const model of [exact, found])
    all.push(await withModel(model, comparison.scratch, (run) => embeddingsOf(tiles, comparison, width, run, progress)));
  return { exact: all[0] ?? new Float32Array(), found: all[1] ?? new Float32Array(), measured: tiles.length };
}

/** Counts images; throws where the work was stopped. */
export function progressOf({ signal, onImages }: Comparison, total: number): (n: number) => void {
  let done = 0;
  return (n) => {
    if (signal?.aborted) throw new FailureError(fail('stopped').failure);
    onImages((done += n), total);
  };
}

/** What the lesser precision costs, for the encoder card. `calibrated`: images that set its scales, of which none is among the measured. */
export function costReport({ exact, found, measured }: Compared, calibrated: number, width: number, head: Head | null) {
  const errors = Array.from({ length: measured }, (_, row) => {
    let [difference, norm] = [0, 0];
    for (let i = row * width; i < (row + 1) * width; i++) {
      difference += ((found[i] ?? NaN) - (exact[i] ?? NaN)) ** 2;
      norm += (exact[i] ?? NaN) ** 2;
    }
    return Math.sqrt(difference / norm);
  });
  const decisions = head ? headDecisions(head) : randomDecisions(exact, width);
  let equal = 0;
  for (let row = 0; row < measured; row++) {
    const [a, b] = [exact, found].map((rows) => decisions(rows.subarray(row * width, (row + 1) * width)));
    equal += (a?.filter((yes, i) => yes === b?.[i]).length ?? 0) / (a?.length ?? 1);
  }
  const round = (value: number) => Number(value.toPrecision(3));
  return {
    calibrated,
    measured,
    error: round(errors.reduce((sum, error) => sum + error, 0) / measured),
    worst: round(Math.max(...errors)),
    agreement: round(equal / measured),
    decisions: head ? 'head' : 'directions',
  } satisfies EncoderCard['quantisation'];
}

type Decide = (row: Float32Array) => boolean[];

function headDecisions({ file, tensors }: Head): Decide {
  const weight = tensors.weight?.data ?? new Float32Array();
  const bias = tensors.bias?.data ?? new Float32Array();
  return (row) => {
    const logits = file.findings.map((_, k) => row.reduce((sum, v, i) => sum + v * (weight[k * row.length + i] ?? 0), bias[k] ?? 0));
    const largest = Math.max(...logits);
    return logits.map((logit) => (file.task === 'multilabel' ? logit > 0 : logit === largest));
  };
}

/** On which side of planes through the mean embedding a row lies: a stand-in for heads that are still to be fitted. */
function randomDecisions(exact: Float32Array, width: number): Decide {
  const rows = exact.length / width;
  const mean = Float64Array.from({ length: width }, (_, i) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += exact[row * width + i] ?? 0;
    // Of one image alone there is no mean but itself.
    return rows > 1 ? sum / rows : 0;
  });
  let state = 1;
  const planes = Float32Array.from({ length: DIRECTIONS * width }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return (row) =>
    Array.from(
      { length: DIRECTIONS },
      (_, plane) => row.reduce((sum, v, i) => sum + (v - (mean[i] ?? 0)) * (planes[plane * width + i] ?? 0), 0) > 0,
    );
}

export async function embeddingsOf(
  tiles: readonly Tile[],
  comparison: Comparison,
  width: number,
  run: Run,
  progress: (n: number) => void,
): Promise<Float32Array> {
  const all = new Float32Array(tiles.length * width);
  let row = 0;
  await forBatches(tiles, comparison, run, ({ embedding }, n) => {
    all.set(embedding?.data ?? [], row * width);
    row += n;
    progress(n);
  });
  return all;
}

export async function forBatches(
  tiles: readonly Tile[],
  { card, batch }: Comparison,
  run: Run,
  use: (outputs: Record<string, Values>, n: number) => void,
): Promise<void> {
  const { channels, size } = card.input;
  for (let from = 0; from < tiles.length; from += batch) {
    const some = tiles.slice(from, from + batch);
    const data = new Float32Array(some.length * inputLength(card));
    some.forEach((tile, i) => unwrap(normaliseInto(data, i * inputLength(card), tile, card)));
    use(await run({ pixels: { shape: [some.length, channels, size, size], data } }), some.length);
  }
}

/** A model in a session for the length of `work`. */
export async function withModel<T>(model: Model, scratch: string, work: (run: Run) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(scratch, '.model-'));
  try {
    const path = join(folder, 'model.onnx');
    await writeFile(path, serialiseModel(model));
    const session = unwrap(await openSession(path, 'cpu', 0));
    try {
      return await work(async (inputs) => unwrap(await session.run(inputs)));
    } finally {
      await session.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
