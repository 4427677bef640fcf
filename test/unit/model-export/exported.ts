import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Precision, TileRecipe } from '../../../src/contract/encoder-card';
import type { Head } from '../../../src/contract/head';
import { FailureError, fail, ok, unwrap } from '../../../src/contract/result';
import type { TileSource } from '../../../src/encoder/tiles';
import { convertCheckpoint } from '../../../src/encoder/eva-x/convert';
import { readLastBlock } from '../../../src/encoder/eva-x/last-block';
import { openExportedModel } from '../../../src/encoder/exported';
import { createEncoder, type Encoder } from '../../../src/encoder/service';
import { decodeImage } from '../../../src/imaging/formats/decode';
import { makeTile } from '../../../src/imaging/resample/tile';
import { display } from '../../../src/imaging/window/display';
import { headId } from '../../../src/contract/head-identity';
import { evaX } from '../encoder/arrays';
import { cardFacts, syntheticHead } from '../encoder/heads';
import { factsOf, syntheticTile } from '../encoder/tiles';
import { python, runPython } from './python';

/** The app's own way from a file to a tile. Throws FailureErrors. */
const tileOf = async (file: string, frame: number | null, recipe: TileRecipe) =>
  makeTile(display(await decodeImage(readFileSync(file), frame)), recipe);

const imaging: TileSource = {
  identify: ({ source }) => Promise.resolve(ok(factsOf(source.file))),
  async read({ source, tile }) {
    try {
      return ok({ facts: factsOf(source.file), ...(tile && { tile: await tileOf(source.file, source.frame, tile) }) });
    } catch (error) {
      if (error instanceof FailureError) return fail(error.failure.code, error.failure.params);
      throw error;
    }
  },
};

/** An EVA-X of two small blocks in a folder below `root`, in this precision. */
export async function smallEvaX(root: string, precision: Precision): Promise<string> {
  const { folder } = unwrap(
    await convertCheckpoint({
      checkpoint: join(evaX, 'micro-split.pt'),
      preparation: { crop: 'official' },
      precision,
      place: () => join(root, `eva-x ${precision}`),
      overwrite: true,
      calibrate: () =>
        Promise.resolve({ ok: true, value: Array.from({ length: 8 }, (_, i) => syntheticTile(`tile ${String(i)}`, 224, 1)) }),
    }),
  );
  return folder;
}

export type Kind = 'linear' | 'attentive' | 'block';

/** A head of that kind for the encoder in a folder. */
async function headFor(folder: string, encoder: { id: string; d: number }, kind: Kind): Promise<Head> {
  const { file, tensors } = syntheticHead(encoder, 'multilabel', kind === 'linear' ? 24 : null);
  if (kind === 'linear') return { file, tensors };
  const { d } = encoder;
  const made =
    kind === 'block'
      ? unwrap(await readLastBlock(folder)).block
      : {
          'attention.query': { shape: [3, d], data: Float32Array.from({ length: 3 * d }, (_, i) => Math.sin(i) / 2) },
          'norm.gain': { shape: [d], data: new Float32Array(d).fill(1) },
          'norm.bias': { shape: [d], data: new Float32Array(d) },
        };
  const own = { ...file, kind };
  const all = { ...tensors, ...made };
  return { file: { ...own, id: await headId(own, all) }, tensors: all };
}

/** Writes the model and the head alone, into `out`/model and `out`/head; gives the encoder's folder. Close it when done. */
export async function exportBoth(root: string, folder: string, kind: Kind, out: string): Promise<{ encoder: Encoder; folder: string }> {
  const encoder = createEncoder({ profile: join(root, 'profile'), imaging }, () => undefined);
  const opened = unwrap(await encoder.handlers.open({ folder, provider: 'cpu', threads: 1 }, new AbortController()));
  const { card } = opened;
  const head = await headFor(opened.folder, { id: card.id, d: card.outputs.embedding }, kind);
  mkdirSync(out, { recursive: true });
  for (const parts of ['model', 'head'] as const) {
    const request = {
      out: join(out, parts),
      parts,
      head: head.file,
      headTensors: Object.fromEntries(
        Object.entries(head.tensors).map(([name, { shape, data }]) => [name, { shape: [...shape], data: Float32Array.from(data) }]),
      ),
      check: [],
      probabilities: new Float32Array(),
      overwrite: false,
      card: cardFacts,
    };
    unwrap(await encoder.handlers.exportModel(request, new AbortController()));
  }
  return { encoder, folder: opened.folder };
}

interface Row {
  readonly path: string;
  readonly frame: string;
  readonly status: string;
  readonly message: string;
  readonly values: readonly number[];
}

/** What predict.py of that folder says. */
export function predicted(model: string, ...args: string[]): Row[] {
  const [, ...rows] = parse(runPython(python ?? '', [join(model, 'predict.py'), ...args]));
  return rows.map(([path = '', frame = '', status = '', message = '', ...values]) => ({
    path,
    frame,
    status,
    message,
    values: values.map(Number),
  }));
}

/** Largest differences by file and frame of what both read, and with a reason what only one of them reads. */
export async function compared(model: string, folder: string) {
  const app = unwrap(await openExportedModel(join(model, 'model.onnx'), 'cpu', 1));
  const differences: Record<string, number> = {};
  const onlyApp: Record<string, string> = {};
  const onlyPython: string[] = [];
  for (const { path, frame, status, message, values } of predicted(model, folder)) {
    const name = frame === '' ? path : `${path} ${frame}`;
    const tile = await tileOf(join(folder, path), frame === '' ? null : Number(frame), app.info.preprocessing.tile).catch(
      (error: unknown) => {
        if (error instanceof FailureError) return null;
        throw error;
      },
    );
    if (!tile) {
      if (status === 'ok') onlyPython.push(name);
    } else if (status !== 'ok') onlyApp[name] = message;
    else {
      const found = unwrap(await app.predict([tile]));
      differences[name] = Math.max(...values.map((value, i) => Math.abs(value - (found[i] ?? NaN))));
    }
  }
  await app.close();
  return { differences, onlyApp, onlyPython };
}
