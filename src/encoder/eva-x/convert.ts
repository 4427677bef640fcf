import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import type { Precision, Preparation, TileRecipe } from '../../contract/encoder-card';
import type { ConversionStage } from '../../contract/jobs/encoder';
import type { Tile } from '../../contract/jobs/imaging';
import { attempt, fail, FailureError, unwrap, type Result } from '../../contract/result';
import { toHalf } from '../../onnx/half';
import type { Model } from '../../onnx/model';
import { IdentityHash } from '../card';
import { openCheckpoint, type Checkpoint } from '../checkpoint/checkpoint';
import type { DType } from '../checkpoint/tensors';
import { encodeHalves, fromHalf, halfOf, roundBfloat16 } from '../../contract/float16';
import { writeEncoderFolder, type EncoderFolder } from '../folder';
import { hashFile } from '../../files/hash';
import type { InputCard } from '../normalise';
import { compare, costReport, type Compared, type Comparison } from './cost';
import { evaXModel, isTail, type ReadWeight } from './graph';
import { readyHead, type HeadChoice } from './head';
import { canonicalName, encoderWeights, findLayout, ropeTurn, sizeOf, tokensOf, variantOf, type Layout } from './layout';
import { withPlainNames } from './names';
import { preprocessingOf, statedBeside } from './preparation';
import { quantise } from './quantise';
import { GRID, ropeDifference } from './rope';
import { withStates } from './states';

export interface Conversion extends HeadChoice {
  readonly checkpoint: string;
  /** How images become its input, as far as the person said: the rest is what the file beside the checkpoint says or, at 224, EVA-X's own. */
  readonly preparation?: Preparation | undefined;
  readonly precision: Precision;
  /** Where the folder goes, once the encoder's id is known. */
  readonly place: (id: string) => string;
  readonly overwrite: boolean;
  /** Tiles of the user's images; int8 needs them, and what float16 costs is measured where they are given. */
  readonly calibrate?:
    ((recipe: TileRecipe, onRead: (done: number, total: number) => void) => Promise<Result<readonly Tile[]>>) | undefined;
  /** How many of them go through a model at once at most. */
  readonly batch?: number | undefined;
  /** Folder for models that are tried on the way; the system's place for such where it is left out. */
  readonly scratch?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number, stage: ConversionStage) => void;
}

const LICENCE =
  'The published EVA-X weights state no licence (their repository, hustvl/EVA-X, shows an MIT badge). Ask their authors before you pass them on.';

const poolingOf = (layout: Layout) => `mean of the ${String(tokensOf(layout) - 1)} patch tokens, fc_norm`;

/** Reads an EVA-X checkpoint and writes an encoder folder. Failures: wrong-use, file-*, checkpoint-*, image-*, and those of writing. */
export async function convertCheckpoint(conversion: Conversion): Promise<Result<EncoderFolder>> {
  const opened = await openCheckpoint(conversion.checkpoint);
  if (!opened.ok) return opened;
  const checkpoint = opened.value;
  try {
    const result = await attempt(() => convert(unwrap(withPlainNames(checkpoint)), conversion));
    return result.ok ? result.value : result;
  } finally {
    await checkpoint.close();
  }
}

/** May throw FailureErrors. */
async function convert(checkpoint: Checkpoint, conversion: Conversion) {
  const { precision, signal, onProgress } = conversion;
  const layout = unwrap(findLayout(checkpoint.weights, checkpoint.file));
  const names = encoderWeights(layout).sort((a, b) => (canonicalName(a) < canonicalName(b) ? -1 : 1));
  // Every weight is read twice or, for int8, three times, for the id and for each graph: cheaper than to hold all of them. Where images are
  // run through the model, those take the time, so that the later readings are not counted.
  const total = names.length * (precision !== 'fp32' && conversion.calibrate ? 1 : 2) + 1;
  let done = 0;
  let stage: ConversionStage = 'weights';
  const read = async (name: string) => {
    if (signal?.aborted) throw new FailureError(fail('stopped').failure);
    const data = unwrap(await checkpoint.read(name));
    done++;
    if (stage === 'weights') onProgress?.(Math.min(done, total - 1), total, stage);
    return data;
  };
  await compareRope(checkpoint, layout);

  const size = sizeOf(layout);
  const pooling = poolingOf(layout);
  const preprocessing = unwrap(
    preprocessingOf(size, checkpoint.file, (await statedBeside(conversion.checkpoint, size))?.preparation ?? null, conversion.preparation),
  );
  const identity = new IdentityHash();
  for (const name of names) {
    const data = await read(name);
    if (!data.every(Number.isFinite)) {
      return fail('checkpoint-corrupt', { file: checkpoint.file, reason: `${name} holds values that are not numbers` });
    }
    identity.add({ name: canonicalName(name), shape: checkpoint.weights.get(name)?.shape ?? [], data });
  }
  const input: InputCard = { name: nameOf(layout), input: { name: 'pixels', channels: 3, size }, preprocessing };
  const during = (next: ConversionStage) => (n: number, of: number) => {
    stage = next;
    onProgress?.(n, of, next);
  };
  const made = await modelOf(conversion, layout, read, input, during);
  const { model, compared, calibrated = 0, scales } = made;
  const id = identity.finish({ preprocessing, pooling, precision, ...(scales ? { scales } : {}) });
  const head = unwrap(await readyHead(checkpoint, layout, { id, name: input.name }, conversion));
  const written = await writeEncoderFolder(
    conversion.place(id),
    { model, states: withStates(model) },
    {
      id,
      ...input,
      name: `${input.name}${head ? ', fine-tuned' : ''}${precision === 'fp32' ? '' : `, ${precision}`}`,
      kind: 'eva-x',
      variant: variantOf(layout),
      pooling,
      precision,
      outputs: { embedding: layout.width, tokens: [tokensOf(layout) - 1, layout.width], blockInput: [tokensOf(layout), layout.width] },
      ...(compared ? { quantisation: costReport(compared, calibrated, layout.width, head) } : {}),
      source: { file: basename(conversion.checkpoint), sha256: await hashFile(conversion.checkpoint) },
      licence: LICENCE,
      head: head && { findings: head.file.findings, task: head.file.task, named: conversion.findings ? 'by hand' : 'by number' },
    },
    head,
    conversion.overwrite,
  );
  if (stage === 'weights') onProgress?.(total, total, stage);
  return written;
}

interface Made {
  readonly model: Model;
  /** With the float32 model, on the user's images. */
  readonly compared?: Compared;
  /** Of int8. */
  readonly calibrated?: number;
  readonly scales?: Float32Array;
}

/** Images a call: activations of EVA-X B in float32 take 40 MB an image. */
const BATCH = 4;

/** The model in the wanted precision. Throws FailureErrors. */
async function modelOf(
  { precision, checkpoint, calibrate, batch = BATCH, scratch = tmpdir(), signal }: Conversion,
  layout: Layout,
  read: ReadWeight,
  card: InputCard,
  during: (stage: ConversionStage) => (done: number, total: number) => void,
): Promise<Made> {
  if (precision === 'fp32') return { model: await evaXModel(layout, read) };
  const tiles = calibrate ? unwrap(await calibrate(card.preprocessing.tile, during('images'))) : [];
  const comparison: Comparison = { card, tiles, batch: Math.min(batch, BATCH), scratch, signal, onImages: during('measuring') };
  if (tiles.length > 0) await mkdir(scratch, { recursive: true });
  if (precision === 'fp16') {
    const exact = await evaXModel(layout, read);
    const model = toHalf(exact, isTail, encodeHalves);
    if (!model) return unwrap(fail('wrong-use', { reason: `${basename(checkpoint)} holds weights that float16 cannot; use fp32` }));
    return tiles.length === 0 ? { model } : { model, compared: await compare(exact, model, layout.width, comparison) };
  }
  if (tiles.length === 0)
    return unwrap(fail('wrong-use', { reason: 'int8 needs images that it is to be calibrated for (--calibrate FOLDER)' }));
  const { model, scales, calibrated, ...compared } = await quantise(layout, read, comparison);
  return { model, scales, calibrated, compared };
}

/** A table may be stored in half precision, whatever the weights are. */
const rounding: Partial<Record<DType, (value: number) => number>> = {
  float16: (value) => fromHalf(halfOf(value)),
  bfloat16: roundBfloat16,
};

/** Refuses a checkpoint that stores a rotary table other than EVA-X's. May throw FailureErrors. */
export async function compareRope(checkpoint: Checkpoint, { grid }: Layout): Promise<void> {
  for (const [name, { dtype }] of checkpoint.weights) {
    const turn = ropeTurn(name);
    if (!turn) continue;
    const difference = ropeDifference(unwrap(await checkpoint.read(name)), Math[turn], grid, rounding[dtype] ?? Math.fround);
    if (difference !== 0) {
      unwrap(fail('checkpoint-rope-differs', { file: checkpoint.file, difference: Number(difference.toPrecision(3)) }));
    }
  }
}

export function nameOf(layout: Layout): string {
  const variant = variantOf(layout);
  const size = variant ? { tiny: 'Ti', small: 'S', base: 'B' }[variant] : `of width ${String(layout.width)}, depth ${String(layout.depth)}`;
  return `EVA-X ${size}${layout.grid === GRID ? '' : `, ${String(sizeOf(layout))} pixels`}`;
}
