import type { Command as Commander } from 'commander';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { sentence } from '../../contract/catalogue';
import { imageName } from '../../contract/frames';
import type { FrameChoice } from '../../contract/model';
import { compareImages } from '../../contract/order';
import type { EncoderService, PredictedItem } from '../../contract/jobs/encoder';
import { Failure, fail, ok, type Result } from '../../contract/result';
import type { Client } from '../../contract/wire';
import { itemsOf } from '../engine/encoder';
import { readFrames } from '../engine/frames';
import { exists } from '../../files/look';
import { listFolder, type FoundImage } from '../engine/folder';
import { withSupervised } from '../engine/supervised';
import { framesOption, type CommonOptions, type Run } from '../options';
import { writeFiles } from '../../files/publish';
import { checkFiles } from '../outputs';
import { summary, type Session, type Summary } from '../session';
import { predictionsText, type PredictionRow } from '../tables/results';

/** `frames`: of the file, where it has several and the first was read. */
type Prediction = Pick<PredictionRow, 'message' | 'probabilities'> & { readonly frames: readonly number[] };

type Exported = z.infer<EncoderService['methods']['openExported']['result']>;

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
  const place = resolve(modelFile.value);
  let items: PredictedItem[] = [];
  let told = () => {};
  let about: Exported | null = null;
  const prepare = async (client: Client<EncoderService>, batch: number): Promise<Result<void>> => {
    client.on('predicted', ({ predictions }) => {
      items.push(...predictions);
      told();
    });
    const opened = await client.call('openExported', { model: place, threads, batch }, { signal });
    if (!opened.ok) return opened;
    about = opened.value;
    return ok();
  };
  return withSupervised({ session, profile: null, prepare }, async (encoder) => {
    const opened = await encoder.run(() => Promise.resolve(about ? ok(about) : fail('internal')));
    if (!opened.ok) return opened;
    const bar = session.progress('Predicting');
    const read = await readFrames<Prediction>(images, frames, {
      async read(some) {
        items = [];
        told = () => bar.at(items.length, some.length);
        const ran = await encoder.run(
          // They come in their order, so that after the end of the process the rest is left to do.
          (client) => client.call('predict', { items: itemsOf(some).slice(items.length) }, { signal }),
          () => items.length,
        );
        return ran.ok ? ok(items.map((item, at) => predictionOf(item, some[at]))) : ran;
      },
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
    const { findings, head, encoder: id } = opened.value;
    const written = await writeFiles([{ file: out, content: predictionsText(findings, all) }]);
    if (!written.ok) return written;
    const failed = all.filter(({ probabilities }) => probabilities === null).length;
    const count = all.length - failed;
    return ok(
      summary(`Predictions for ${String(count)} images, ${String(failed)} failed.`, { out, count, findings, head, encoder: id }, failed),
    );
  });
}

/** The sentence names the image as the table does, not by its place on this machine. */
function predictionOf(item: PredictedItem, image: FoundImage | undefined): Prediction {
  if (item.status === 'ok') return { message: '', probabilities: item.probabilities, frames: item.frames };
  const params = { ...item.failure.params, file: image ? imageName(image) : '' };
  const failure = Failure.safeParse({ ...item.failure, params });
  return { message: failure.success ? sentence(failure.data) : 'It could not be read.', probabilities: null, frames: [] };
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
