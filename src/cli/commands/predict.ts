import type { Command as Commander } from 'commander';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sentence } from '../../contract/catalogue';
import { imageName } from '../../contract/frames';
import { Priority, type Tile } from '../../contract/jobs/imaging';
import type { FrameChoice } from '../../contract/model';
import { compareImages } from '../../contract/order';
import { fail, ok, type Result } from '../../contract/result';
import { BATCH } from '../../contract/jobs/encoder';
import { openExportedModel, type ExportedModel } from '../../encoder/exported';
import type { Imaging } from '../../imaging/service';
import { readFrames } from '../engine/frames';
import { exists } from '../../main/files/exists';
import { listFolder, type FoundImage } from '../engine/folder';
import { startImaging } from '../engine/imaging';
import { framesOption, type CommonOptions, type Run } from '../options';
import { checkFiles, writeFiles } from '../outputs';
import { summary, type Session, type Summary } from '../session';
import { predictionsText, type PredictionRow } from '../tables/results';

/** Batches that imaging prepares while the model is at work. */
const BATCHES_AHEAD = 2;

/** `frames`: of the file, where it has several and the first was read. */
type Prediction = Pick<PredictionRow, 'message' | 'probabilities'> & { readonly frames: readonly number[] };

interface Options extends CommonOptions {
  readonly out: string;
  readonly frames: FrameChoice;
}

export function predict(program: Commander, run: Run): void {
  program
    .command('predict')
    .description('Run an exported model on a folder. How images are prepared it says itself.')
    .argument('<MODEL_DIR>', 'holds model.onnx, made by "collimate export" or the app')
    .argument('<FOLDER>', 'images, subfolders too')
    .requiredOption('--out <PREDICTIONS.csv>', 'a row for each image')
    .addOption(framesOption())
    .action((model: string, folder: string, options: Options) => run(options, (session) => predictAll(session, model, folder, options)));
}

async function predictAll(session: Session, modelFolder: string, folder: string, { out, frames }: Options): Promise<Result<Summary>> {
  const { signal, threads } = session;
  const free = await checkFiles([out], session.overwrite);
  if (!free.ok) return free;
  const modelFile = await findModel(modelFolder);
  if (!modelFile.ok) return modelFile;
  const listed = await listFolder(folder, signal);
  if (!listed.ok) return listed;
  const { images, leftOut } = listed.value;
  const model = await openExportedModel(modelFile.value, 'cpu', threads);
  if (!model.ok) return model;
  const imaging = startImaging(threads);
  if (!imaging.ok) {
    await model.value.close();
    return imaging;
  }
  const bar = session.progress('Predicting');
  try {
    const read = await readFrames<Prediction>(images, frames, {
      read: (some) => predictImages(model.value, imaging.value, some, signal, (done) => bar.at(done, some.length)),
      framesOf: (prediction) => prediction.frames,
      refused: (failure) => ({ message: sentence(failure), probabilities: null, frames: [] }),
    });
    bar.end();
    if (!read.ok) return read;
    const rows = read.value.map(({ image: { path, frame }, value: { message, probabilities } }) => ({
      path,
      frame,
      message,
      probabilities,
    }));
    const unread = leftOut.filter(({ failed }) => failed).map(({ path, message }) => ({ path, frame: null, message, probabilities: null }));
    const all = [...rows, ...unread].sort(compareImages);
    const { findings, head, encoder } = model.value.info;
    const written = await writeFiles([{ file: out, parts: [Buffer.from(predictionsText(findings, all))] }]);
    if (!written.ok) return written;
    const failed = all.filter(({ probabilities }) => probabilities === null).length;
    const count = all.length - failed;
    return ok(
      summary(`Predictions for ${String(count)} images, ${String(failed)} failed.`, { out, count, findings, head, encoder }, failed),
    );
  } finally {
    await model.value.close();
    await imaging.value.close();
  }
}

/** Said before anything is read: the wrong folder is the likeliest mistake. */
async function findModel(folder: string): Promise<Result<string>> {
  const name = 'model.onnx';
  const found = await stat(folder).catch(() => null);
  if (!found) return fail('folder-missing', { folder });
  if (!found.isDirectory()) return fail('wrong-use', { reason: `${folder} is a file; name the folder that holds ${name}` });
  const file = join(folder, name);
  if (await exists(file)) return ok(file);
  const head = (await exists(join(folder, 'head.onnx'))) ? ', but a head.onnx: a head alone needs its encoder to predict' : '';
  return head === ''
    ? fail('model-missing', { file: name, folder })
    : fail('wrong-use', { reason: `There is no ${name} in ${folder}${head}` });
}

async function predictImages(
  model: ExportedModel,
  imaging: Imaging,
  images: readonly FoundImage[],
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<Result<Prediction[]>> {
  const { tile } = model.info.preprocessing;
  const read = (image: FoundImage) =>
    imaging.read({ source: { file: image.file, frame: image.frame }, priority: Priority.embedding, tile }, { signal });
  const batches = Array.from({ length: Math.ceil(images.length / BATCH) }, (_, n) => images.slice(n * BATCH, (n + 1) * BATCH));
  const ahead = new Map<number, Promise<Awaited<ReturnType<typeof read>>[]>>();
  const ask = (n: number) => {
    const batch = batches[n];
    if (batch && !ahead.has(n)) ahead.set(n, Promise.all(batch.map(read)));
  };
  const predictions: Prediction[] = [];
  for (const [n, batch] of batches.entries()) {
    for (let next = n; next <= n + BATCHES_AHEAD; next++) ask(next);
    const results = (await ahead.get(n)) ?? [];
    ahead.delete(n);
    const tiles: Tile[] = [];
    const places: (number | string)[] = results.map((result, at) => {
      if (!result.ok)
        return sentence({ ...result.failure, params: { ...result.failure.params, file: batch[at] ? imageName(batch[at]) : '' } });
      if (!result.value.tile) throw new Error('imaging gave no tile');
      return tiles.push(result.value.tile) - 1;
    });
    const stopped = results.find((result) => !result.ok && result.failure.code === 'stopped');
    if (stopped && !stopped.ok) return stopped;
    const probabilities = tiles.length > 0 ? await model.predict(tiles) : ok(new Float32Array());
    if (!probabilities.ok) return probabilities;
    const k = model.info.findings.length;
    batch.forEach((_, at) => {
      const place = places[at];
      const result = results[at];
      const frames = result?.ok ? (result.value.facts.frames ?? []) : [];
      if (typeof place === 'number')
        predictions.push({ message: '', probabilities: probabilities.value.subarray(place * k, (place + 1) * k), frames });
      else predictions.push({ message: place ?? '', probabilities: null, frames });
    });
    onProgress(predictions.length);
  }
  return ok(predictions);
}
