import { type Command as Commander, Option } from 'commander';
import { resolve } from 'node:path';
import { Pooling, presets } from '../../contract/custom-encoder';
import { type EncoderCard, Precision, type Preparation, TileRecipe } from '../../contract/encoder-card';
import type { ConversionStage, EncoderService } from '../../contract/jobs/encoder';
import type { ImageSource } from '../../contract/jobs/imaging';
import { Task } from '../../contract/model';
import { headLists, HEAD_LISTS, type HeadList } from '../../contract/head-lists';
import { fail, ok, type Result } from '../../contract/result';
import type { Client } from '../../contract/wire';
import { CALIBRATION_IMAGES, spread } from '../../contract/calibration-images';
import { listFolder } from '../engine/folder';
import { withSupervised } from '../engine/supervised';
import type { Progress } from '../progress';
import { convertOnnx, isOnnx, type OnnxOptions } from './convert-onnx';
import { presetOf, readGiven } from './given';
import { names, type CommonOptions, type Run } from '../options';
import { checkFolder } from '../outputs';
import { summary, type Session, type Summary } from '../session';

interface Options extends CommonOptions, OnnxOptions {
  readonly precision: Precision;
  readonly calibrate?: string;
  readonly findings?: string[];
  readonly task?: Task;
}

export function convert(program: Commander, run: Run): void {
  program
    .command('convert')
    .description(
      'Make an encoder out of an EVA-X checkpoint, or of an ONNX model. The checkpoint is read as data; nothing in it is executed.',
    )
    .argument('<CHECKPOINT>', 'EVA-X Ti, S or B: .pt, .pth or .safetensors; or any image encoder: .onnx')
    .requiredOption('--out <DIR>', 'the encoder: model.onnx and encoder.json, and the head of a fine-tuned file')
    .addOption(new Option('--crop <how>', 'how an image becomes a square').choices(TileRecipe.shape.crop.options))
    .addOption(
      new Option('--precision <class>', 'int8 is faster and less exact; fp16 is for GPUs').choices(Precision.options).default('fp32'),
    )
    .option(
      '--calibrate <FOLDER>',
      'images like those to be embedded; int8 is fitted to them, and the error of int8 and fp16 is measured on them',
    )
    .option(
      '--findings <names>',
      `what the outputs of a fine-tuned file's head are, separated by commas, or a list: ${HEAD_LISTS.join(', ')}; the file does not say`,
      names,
    )
    .addOption(new Option('--task <task>', 'task of that head').choices(Task.options))
    .option('--input <name>', 'of an ONNX model: the input for the images')
    .option('--output <name>', 'of an ONNX model: the output, or a value inside it, that is the embedding')
    .addOption(new Option('--pooling <how>', 'of an ONNX model: how that becomes one row an image').choices(Pooling.options))
    .option(
      '--preprocessing <JSON>',
      `of an ONNX model, or of a checkpoint that is not for 224 pixels: ${presets.map(({ name }) => name).join(', ')}; or JSON, or a file of it, with preset, size, resize, crop, channels, mean, std`,
    )
    .option('--name <text>', 'of an ONNX model: what it is called')
    .option('--licence <text>', 'of an ONNX model: its licence, for the model cards of exports')
    .action((checkpoint: string, options: Options) => run(options, (session) => convertOne(session, checkpoint, options)));
}

async function convertOne(session: Session, checkpoint: string, options: Options): Promise<Result<Summary>> {
  const { signal } = session;
  const { out, precision, task } = options;
  const free = await checkFolder(out, session.overwrite);
  if (!free.ok) return free;
  if (isOnnx(checkpoint)) return convertOnnx(session, checkpoint, options);
  const preparation = await preparationOf(options);
  if (!preparation.ok) return preparation;
  const images = options.calibrate === undefined || precision === 'fp32' ? ok(undefined) : await imagesOf(session, options.calibrate);
  if (!images.ok) return images;
  const bars = new Map<ConversionStage, Progress>();
  const prepare = (client: Client<EncoderService>) => {
    client.on('converting', ({ done, total, stage }) => {
      const bar = bars.get(stage) ?? session.progress(stages[stage]);
      bars.set(stage, bar);
      bar.at(done, total);
      if (done === total) bar.end();
    });
    return Promise.resolve(ok());
  };
  const made = await withSupervised({ session, profile: null, prepare }, (encoder) => {
    const place = { into: encoder.profile, folder: resolve(out), overwrite: session.overwrite };
    const findings = listed(options.findings);
    const wish = { checkpoint: resolve(checkpoint), preparation: preparation.value, precision, findings, task, calibrate: images.value };
    return encoder.run((client, batch) => client.call('convert', { ...place, ...wish, batch }, { signal }));
  });
  if (!made.ok) return made;
  const { id, name, licence, outputs, preprocessing, quantisation, head } = made.value.card;
  const text = [
    `${name} in ${out} (id ${id.slice(0, 12)}), for images of ${String(preprocessing.tile.size)} x ${String(preprocessing.tile.size)} pixels.`,
    ...(preprocessing.tile.size === PUBLISHED ? [] : [aboutPreparation(preprocessing)]),
    ...(head ? [aboutHead(head)] : []),
    ...(quantisation ? [costOf(quantisation)] : []),
    licence,
  ].join(' ');
  const values = { out, id, name, d: outputs.embedding, precision, preprocessing, licence, quantisation: quantisation ?? null, head };
  return ok(summary(text, values));
}

const stages = { weights: 'Converting', images: 'Reading images', measuring: 'Measuring the error' } as const;

/** At this size images are prepared as it was published. */
const PUBLISHED = 224;

function aboutPreparation({ tile, normalise }: EncoderCard['preprocessing']): string {
  const levels =
    normalise.kind === 'image' ? '' : `, mean ${[normalise.mean].flat().join(' ')}, deviation ${[normalise.std].flat().join(' ')}`;
  return `Images are prepared by ${tile.crop}${tile.crop === 'official' ? ` (short side to ${String(tile.resize)})` : ''}${levels}.`;
}

/** What the options say of the input's preprocessing; the size is the checkpoint's own. */
async function preparationOf({ crop, preprocessing }: Options): Promise<Result<Preparation | undefined>> {
  const given = await readGiven(preprocessing);
  if (!given.ok) return given;
  const { preset, size, channels, ...own } = given.value;
  if (size !== undefined || channels !== undefined)
    return fail('wrong-use', { reason: '--preprocessing: size and channels of a checkpoint are those of its weights' });
  const levels = presetOf(preset)?.normalise;
  const all = Object.entries({ mean: levels?.mean, std: levels?.std, ...own, crop: crop ?? own.crop }).filter(
    ([, value]) => value !== undefined,
  );
  return ok(all.length === 0 ? undefined : (Object.fromEntries(all) as Preparation));
}

/** The findings of a list, where one is named. */
function listed(findings: string[] | undefined): string[] | undefined {
  const [list] = findings ?? [];
  const known = findings?.length === 1 && HEAD_LISTS.includes(list as HeadList) ? headLists[list as HeadList] : null;
  return known ? [...known.findings] : findings;
}

function aboutHead({ findings, named, task }: NonNullable<EncoderCard['head']>): string {
  const kind = task === 'multiclass' ? 'one of them for each image' : 'each present or absent by itself';
  const list = `Its own head for ${findings.join(', ')} (${kind}; --task says otherwise) proposes before any label (--head of "collimate propose").`;
  return named === 'by number'
    ? `${list} The file does not say what they are: name them with --findings, in the order of the training, or as one of ${HEAD_LISTS.join(', ')}.`
    : list;
}

function costOf({ error, worst, agreement, decisions, measured }: NonNullable<EncoderCard['quantisation']>): string {
  const percent = (share: number) => `${(100 * share).toFixed(share < 0.001 ? 3 : 1)} %`;
  const of = decisions === 'head' ? "of its head's decisions" : 'of decisions by random directions';
  return `Against float32, on ${String(measured)} of your images: error ${percent(error)} of the embedding (worst ${percent(worst)}), ${percent(agreement)} ${of} stay the same.`;
}

/** Images spread evenly over the sorted folder. */
async function imagesOf(session: Session, folder: string): Promise<Result<ImageSource[]>> {
  const listed = await listFolder(folder, session.signal);
  if (!listed.ok) return listed;
  return ok(spread(listed.value.images, CALIBRATION_IMAGES).map(({ file, frame }) => ({ file, frame })));
}
