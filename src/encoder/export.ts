import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { encoderLabel, isSameEncoder } from '../contract/encoder-identity';
import type { Precision } from '../contract/encoder-card';
import type { Head } from '../contract/head';
import type { encoderService } from '../contract/jobs/encoder';
import { Priority, type Tile } from '../contract/jobs/imaging';
import { attempt, fail, ok, unwrap, type Result } from '../contract/result';
import { parseModel, serialiseModel, type Model } from '../onnx/model';
import { surround } from '../onnx/splice';
import { writeSafetensors } from '../onnx/safetensors';
import { modelCard, type ModelCardFacts } from '../model-export/card';
import { stateOfKind, tunedKind } from '../contract/tuned';
import { composeAround, composeHead, composeModel, inputOf, readsEmbedding } from '../model-export/compose';
import { BATCH } from '../contract/jobs/encoder';
import { chunks, openForeignModel } from './custom/foreign-file';
import type { TileSource } from './tiles';
import type { Engine } from './engine';
import { openExportedModel } from './exported';
import { hashFile } from '../files/hash';
import { publish } from '../files/publish';
import predictPy from '../model-export/predict.py?raw';
import { withStates } from './eva-x/states';
import { openSession } from './session';

type Request = z.infer<typeof encoderService.methods.exportModel.params>;
type Answer = z.infer<typeof encoderService.methods.exportModel.result>;

/**
 * Two ways to the same probabilities may differ by this, and no more. In int8 the last bit of a pixel's normalisation can move an
 * activation by a whole step.
 */
const limits: Record<Precision, number> = { fp32: 1e-4, fp16: 1e-3, int8: 5e-3 };

/** Writes the model, or the head alone, with its card; compared with the app's own proposals under a temporary name first. */
export async function exportModel(engine: Engine, imaging: TileSource, request: Request, signal: AbortSignal): Promise<Result<Answer>> {
  return attempt(() => run(engine, imaging, request, signal));
}

/** May throw FailureErrors. */
async function run(engine: Engine, imaging: TileSource, request: Request, signal: AbortSignal): Promise<Answer> {
  const { card } = engine;
  const head: Head = { file: request.head, tensors: request.headTensors };
  if (!isSameEncoder(head.file.encoder.id, card.id))
    unwrap(fail('head-foreign', { found: encoderLabel(card), expected: encoderLabel(head.file.encoder) }));
  if (request.probabilities.length !== request.check.length * head.file.findings.length) {
    unwrap(fail('internal', { reason: 'not one probability for every image and finding' }));
  }
  const name = request.parts === 'head' ? 'head.onnx' : 'model.onnx';
  const bytes = await modelBytes(engine, request.parts, head);
  const tiles = await tilesOf(engine, imaging, request, signal);
  let maxDifference = 0;
  let needs: ModelCardFacts['needs'] = { opset: 0, irVersion: 0, domains: [] };
  const hashes: Record<string, string> = {};
  const check = async (path: string): Promise<Result<void>> => {
    const found = request.parts === 'head' ? await predictByHead(engine, path, head, tiles) : await predictByModel(path, tiles);
    if (!found.ok) return found;
    if (signal.aborted) return fail('stopped');
    maxDifference = largestDifference(found.value, request.probabilities);
    const limit = limits[card.precision];
    if (maxDifference <= limit) {
      needs = needsOf(path);
      hashes[name] = await hashFile(path);
      return ok();
    }
    return fail('export-check-failed', { difference: Number(maxDifference.toPrecision(2)), limit });
  };
  const beside = [
    { name: 'head.safetensors', content: writeSafetensors(head.tensors) },
    { name: 'head.json', content: utf8(`${JSON.stringify(head.file, null, 2)}\n`) },
    { name: 'predict.py', content: utf8(predictPy) },
  ];
  for (const file of beside) hashes[file.name] = createHash('sha256').update(file.content).digest('hex');
  const text = () =>
    modelCard({
      parts: request.parts,
      encoder: card,
      head: head.file,
      ...request.card,
      needs,
      files: { [name]: '', ...hashes },
      checked: request.check.length,
      maxDifference,
    });
  // The card tells how the check went.
  const written = [{ name, content: bytes, check }, ...beside, { name: 'README.md', content: () => utf8(text()) }];
  const files = unwrap(await publish(request.out, written, request.overwrite));
  // The card of an earlier version, which speaks of what was replaced.
  if (request.overwrite) await rm(join(request.out, 'model-card.md'), { force: true });
  return { files, checked: request.check.length, maxDifference };
}

/** Of model.onnx or head.onnx. A model of somebody else is not taken apart: ours goes before and behind it. May throw FailureErrors. */
async function modelBytes(engine: Engine, parts: Request['parts'], head: Head): Promise<() => Uint8Array | Iterable<Uint8Array>> {
  const { card, model } = engine.source;
  if (parts === 'head') return () => serialiseModel(composeHead(card, head));
  if (card.kind !== 'custom') {
    const encoder = await encoderFor(engine, head);
    return () => serialiseModel(composeModel(encoder, card, head));
  }
  return function* () {
    const foreign = unwrap(openForeignModel(model));
    try {
      yield* chunks(foreign, surround(foreign.bytes, foreign.model, composeAround(card, head, foreign.model.opset)));
    } finally {
      foreign.close();
    }
  };
}

/** Read off the file, since the graph of somebody else is in it as it was. */
function needsOf(path: string): ModelCardFacts['needs'] {
  const { model, close } = unwrap(openForeignModel(path));
  close();
  return { opset: model.opset, irVersion: model.irVersion, domains: [...model.domains] };
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

async function tilesOf(engine: Engine, imaging: TileSource, { check }: Request, signal: AbortSignal): Promise<Tile[]> {
  const recipe = engine.card.preprocessing.tile;
  // Every image that is under way listens.
  setMaxListeners(0, signal);
  const reads = check.map((source) => imaging.read({ source, priority: Priority.thumbnail, tile: recipe }, { signal }));
  return (await Promise.all(reads)).map((result) => {
    const { tile } = unwrap(result);
    if (!tile) throw new Error('imaging gave no tile');
    return tile;
  });
}

/** The encoder's model; of a fine-tuned head, with the values that it reads. May throw FailureErrors. */
async function encoderFor(engine: Engine, head: Head): Promise<Model> {
  const model = unwrap(parseModel(await readFile(engine.source.model)));
  if (tunedKind(head.file) === null || engine.source.tokensModel === engine.source.model) return model;
  return withStates(model) ?? unwrap(fail('encoder-corrupt', { folder: engine.source.folder, reason: 'its model gives no tokens' }));
}

async function predictByModel(path: string, tiles: readonly Tile[]): Promise<Result<Float32Array>> {
  const opened = await openExportedModel(path, 'cpu', 0);
  if (!opened.ok) return opened;
  const model = opened.value;
  try {
    return await inBatches(tiles, (batch) => model.predict(batch));
  } finally {
    await model.close();
  }
}

async function predictByHead(engine: Engine, path: string, head: Head, tiles: readonly Tile[]): Promise<Result<Float32Array>> {
  const opened = await openSession(path, 'cpu', 0);
  if (!opened.ok) return opened;
  const session = opened.value;
  try {
    return await inBatches(tiles, async (batch) => {
      const kind = tunedKind(head.file);
      const state = kind && stateOfKind[kind];
      const encoded = await engine.encode(batch, state ? [state] : []);
      if (!encoded.ok) return encoded;
      const { outputs: sizes } = engine.card;
      const inputs = {
        ...(readsEmbedding(head)
          ? {
              embedding: stacked(
                encoded.value.map(({ embedding }) => embedding),
                [sizes.embedding],
              ),
            }
          : {}),
        ...(state
          ? {
              [inputOf(head)]: stacked(
                encoded.value.map((one) => one[state] ?? new Float32Array()),
                sizes[state] ?? [],
              ),
            }
          : {}),
      };
      const outputs = await session.run(inputs);
      return outputs.ok ? ok(outputs.value.probabilities?.data ?? new Float32Array()) : outputs;
    });
  } finally {
    await session.close();
  }
}

function stacked(rows: readonly Float32Array[], shape: readonly number[]) {
  const length = shape.reduce((product, n) => product * n, 1);
  const data = new Float32Array(rows.length * length);
  rows.forEach((row, i) => data.set(row, i * length));
  return { shape: [rows.length, ...shape], data };
}

async function inBatches(
  tiles: readonly Tile[],
  predict: (batch: readonly Tile[]) => Promise<Result<Float32Array>>,
): Promise<Result<Float32Array>> {
  const parts: Float32Array[] = [];
  for (let at = 0; at < tiles.length; at += BATCH) {
    const part = await predict(tiles.slice(at, at + BATCH));
    if (!part.ok) return part;
    parts.push(part.value);
  }
  return ok(Float32Array.from(parts.flatMap((part) => [...part])));
}

/** NaN anywhere, or a missing value, counts as infinitely far. */
function largestDifference(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity;
  return found.reduce((largest, value, i) => {
    const difference = Math.abs(value - (expected[i] ?? NaN));
    return Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }, 0);
}
