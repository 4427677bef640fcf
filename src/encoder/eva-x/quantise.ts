import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncoderCard } from '../../contract/encoder-card';
import type { Head } from '../../contract/head';
import type { Tile } from '../../contract/jobs/imaging';
import { fail, FailureError, unwrap } from '../../contract/result';
import { serialiseModel, type Model } from '../../onnx/model';
import { inputLength, normaliseInto, type InputCard } from '../normalise';
import { openSession, type Values } from '../session';
import { evaXModel, type ReadWeight } from './graph';
import type { Layout } from './layout';
import { calibrating, int8, rangeNames, sitesOf, type Range } from './products';

export interface Quantisation {
  readonly layout: Layout;
  readonly read: ReadWeight;
  readonly card: InputCard;
  /** At least one; every second one sets the scales, the others measure the error. */
  readonly tiles: readonly Tile[];
  readonly signal: AbortSignal | undefined;
  readonly onImages: (done: number, total: number) => void;
}

export interface Quantised {
  readonly model: Model;
  /** Low and high of every activation, in the order of the graph. */
  readonly scales: Float32Array;
  /** Embeddings [measured, width] in float32 and in int8. */
  readonly exact: Float32Array;
  readonly found: Float32Array;
  readonly calibrated: number;
  readonly measured: number;
}

/** Images a call: activations of EVA-X B in float32 take 40 MB an image. */
const BATCH = 4;
const DIRECTIONS = 256;

/** An int8 model whose activation scales suit the tiles, and what both models make of those that set no scale. Throws FailureErrors. */
export async function quantise({ layout, read, card, tiles, signal, onImages }: Quantisation): Promise<Quantised> {
  // A single image has to do for both.
  const setting = tiles.filter((_, i) => i % 2 === 0);
  const measuring = tiles.length > 1 ? tiles.filter((_, i) => i % 2 === 1) : tiles;
  const total = setting.length + 2 * measuring.length;
  let done = 0;
  const progress = (n: number) => {
    if (signal?.aborted) throw new FailureError(fail('stopped').failure);
    onImages((done += n), total);
  };

  const float = await evaXModel(layout, read, calibrating);
  const sites = sitesOf(float.graph.outputs.map(({ name }) => name));
  const ranges = new Map<string, Range>();
  const exact = await withModel(float, async (run) => {
    await forBatches(setting, card, run, (outputs, n) => {
      for (const site of sites) widen(ranges, site, outputs);
      progress(n);
    });
    return embeddingsOf(measuring, card, layout.width, run, progress);
  });
  const model = await evaXModel(layout, read, int8(ranges));
  const found = await withModel(model, (run) => embeddingsOf(measuring, card, layout.width, run, progress));
  const scales = Float32Array.from(sites.flatMap((site) => [ranges.get(site)?.low ?? NaN, ranges.get(site)?.high ?? NaN]));
  return { model, scales, exact, found, calibrated: setting.length, measured: measuring.length };
}

/** What int8 costs, for the encoder card. */
export function quantisationReport({ exact, found, calibrated, measured }: Quantised, width: number, head: Head | null) {
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
type Run = (inputs: { pixels: Values }) => Promise<Record<string, Values>>;

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

async function embeddingsOf(tiles: readonly Tile[], card: InputCard, width: number, run: Run, progress: (n: number) => void) {
  const all = new Float32Array(tiles.length * width);
  let row = 0;
  await forBatches(tiles, card, run, ({ embedding }, n) => {
    all.set(embedding?.data ?? [], row * width);
    row += n;
    progress(n);
  });
  return all;
}

async function forBatches(tiles: readonly Tile[], card: InputCard, run: Run, use: (outputs: Record<string, Values>, n: number) => void) {
  const { channels, size } = card.input;
  for (let from = 0; from < tiles.length; from += BATCH) {
    const some = tiles.slice(from, from + BATCH);
    const data = new Float32Array(some.length * inputLength(card));
    some.forEach((tile, i) => unwrap(normaliseInto(data, i * inputLength(card), tile, card)));
    use(await run({ pixels: { shape: [some.length, channels, size, size], data } }), some.length);
  }
}

function widen(ranges: Map<string, Range>, site: string, outputs: Record<string, Values>): void {
  const [low = 0, high = 0] = rangeNames(site).map((name) => outputs[name]?.data[0]);
  const known = ranges.get(site);
  ranges.set(site, { low: Math.min(low, known?.low ?? low), high: Math.max(high, known?.high ?? high) });
}

/** A model in a session for the length of `work`; by way of a temporary file, as sessions are opened by path. */
async function withModel<T>(model: Model, work: (run: Run) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'collimate-'));
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
