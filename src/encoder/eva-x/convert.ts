import { basename } from 'node:path';
import type { EncoderCard, Precision, Preprocessing, TileRecipe } from '../../contract/encoder-card';
import { attempt, fail, FailureError, unwrap, type Result } from '../../contract/result';
import { IdentityHash } from '../card';
import { openCheckpoint, type Checkpoint } from '../checkpoint/checkpoint';
import { writeEncoderFolder, type EncoderFolder } from '../folder';
import { hashFile } from '../hash';
import { evaXModel } from './graph';
import { canonicalName, encoderWeights, findLayout, variantOf, type Layout } from './layout';
import { ropeDifference } from './rope';

export interface Conversion {
  readonly checkpoint: string;
  readonly crop: TileRecipe['crop'];
  readonly precision: Precision;
  /** Where the folder goes, once the encoder's id is known. */
  readonly place: (id: string) => string;
  readonly overwrite: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

const LICENCE =
  'The published EVA-X weights state no licence (their repository, hustvl/EVA-X, shows an MIT badge). Ask their authors before you pass them on.';

const POOLING = 'mean of the 196 patch tokens, fc_norm';

/** How EVA-X's published numbers were made, but for `crop`, which can keep the whole image. */
const preprocessingOf = (crop: TileRecipe['crop']): Preprocessing => ({
  tile: { crop, resize: crop === 'official' ? 256 : 224, size: 224, colour: 'keep', filter: 'pillow-bicubic' },
  normalise: { kind: 'fixed', mean: 0.49185243, std: 0.28509309 },
});

/** The orders of EVA-X's own fine-tuned heads, by the number of classes. */
const FINDINGS: Readonly<Record<number, readonly string[]>> = {
  14: [
    'Atelectasis',
    'Cardiomegaly',
    'Effusion',
    'Infiltration',
    'Mass',
    'Nodule',
    'Pneumonia',
    'Pneumothorax',
    'Consolidation',
    'Edema',
    'Emphysema',
    'Fibrosis',
    'Pleural_Thickening',
    'Hernia',
  ],
  5: ['Atelectasis', 'Cardiomegaly', 'Consolidation', 'Edema', 'Pleural Effusion'],
};

/** Reads an EVA-X checkpoint and writes an encoder folder. Failures: file-*, checkpoint-*, and those of writing. */
export async function convertCheckpoint(conversion: Conversion): Promise<Result<EncoderFolder>> {
  if (conversion.precision !== 'fp32') {
    return fail('wrong-use', { reason: `The precision ${conversion.precision} cannot be made yet; fp32 can` });
  }
  const opened = await openCheckpoint(conversion.checkpoint);
  if (!opened.ok) return opened;
  const checkpoint = opened.value;
  try {
    const result = await attempt(() => convert(checkpoint, conversion));
    return result.ok ? result.value : result;
  } finally {
    await checkpoint.close();
  }
}

/** May throw FailureErrors. */
async function convert(checkpoint: Checkpoint, { checkpoint: path, crop, place, overwrite, signal, onProgress }: Conversion) {
  const layout = unwrap(findLayout(checkpoint.weights, checkpoint.file));
  const names = encoderWeights(layout);
  let done = 0;
  // Every weight is read twice, for the id and for the graph: cheaper than to hold all of them.
  const read = async (name: string) => {
    if (signal?.aborted) throw new FailureError(fail('stopped').failure);
    const data = unwrap(await checkpoint.read(name));
    onProgress?.(Math.min(++done, 2 * names.length), 2 * names.length + 1);
    return data;
  };
  await compareRope(checkpoint);

  const preprocessing = preprocessingOf(crop);
  const identity = new IdentityHash();
  for (const name of names.sort((a, b) => (canonicalName(a) < canonicalName(b) ? -1 : 1))) {
    const data = await read(name);
    if (!data.every(Number.isFinite)) {
      return fail('checkpoint-corrupt', { file: checkpoint.file, reason: `${name} holds values that are not numbers` });
    }
    identity.add({ name: canonicalName(name), shape: checkpoint.weights.get(name)?.shape ?? [], data });
  }
  const id = identity.finish({ preprocessing, pooling: POOLING, precision: 'fp32' });
  const model = await evaXModel(layout, read);
  const head = await readHead(checkpoint, layout);
  const written = await writeEncoderFolder(
    place(id),
    model,
    {
      id,
      name: nameOf(layout, head !== null),
      kind: 'eva-x',
      variant: variantOf(layout),
      input: { name: 'pixels', channels: 3, size: 224 },
      preprocessing,
      pooling: POOLING,
      outputs: { embedding: layout.width },
      source: { file: basename(path), sha256: await hashFile(path) },
      licence: LICENCE,
      head: head && { findings: head.findings },
    },
    head && head.tensors,
    overwrite,
  );
  onProgress?.(2 * names.length + 1, 2 * names.length + 1);
  return written;
}

/** A table stored in half precision is rounded: up to half a unit in its last place at 1. */
const ropeLimit = { float32: 2e-5, float16: 5e-4, bfloat16: 4e-3 } as const;

async function compareRope(checkpoint: Checkpoint): Promise<void> {
  for (const [name, turn] of [
    ['rope.freqs_cos', Math.cos],
    ['rope.freqs_sin', Math.sin],
  ] as const) {
    const difference = ropeDifference(unwrap(await checkpoint.read(name)), turn);
    const dtype = checkpoint.weights.get(name)?.dtype;
    const limit = dtype === 'float16' || dtype === 'bfloat16' ? ropeLimit[dtype] : ropeLimit.float32;
    if (!(difference <= limit)) {
      unwrap(fail('checkpoint-rope-differs', { file: checkpoint.file, difference: Number(difference.toPrecision(3)) }));
    }
  }
}

/** The classification head of a fine-tuned file, for proposals before any label. */
async function readHead(checkpoint: Checkpoint, layout: Layout) {
  if (layout.classes === null) return null;
  const findings = FINDINGS[layout.classes] ?? Array.from({ length: layout.classes }, (_, i) => `class ${String(i + 1)}`);
  return {
    findings: [...findings] satisfies NonNullable<EncoderCard['head']>['findings'],
    tensors: {
      weight: { shape: [layout.classes, layout.width], data: unwrap(await checkpoint.read('head.weight')) },
      bias: { shape: [layout.classes], data: unwrap(await checkpoint.read('head.bias')) },
    },
  };
}

function nameOf(layout: Layout, tuned: boolean): string {
  const variant = variantOf(layout);
  const size = variant ? { tiny: 'Ti', small: 'S', base: 'B' }[variant] : `of width ${String(layout.width)}, depth ${String(layout.depth)}`;
  return `EVA-X ${size}${tuned ? ', fine-tuned' : ''}`;
}
