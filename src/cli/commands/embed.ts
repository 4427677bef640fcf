import { type Command as Commander, InvalidArgumentError, Option } from 'commander';
import { dirname, resolve } from 'node:path';
import type { EncoderState } from '../../contract/encoder-card';
import { imageNotes, sentence } from '../../contract/catalogue';
import { readingNotes } from '../../contract/display-rule';
import { imageName } from '../../contract/frames';
import { Provider } from '../../contract/jobs/encoder';
import type { FrameChoice } from '../../contract/model';
import { compareImages } from '../../contract/order';
import { Failure, ok, type Result } from '../../contract/result';
import { withEncoder, nameOf, type Embedded, type OpenEncoder } from '../engine/encoder';
import { readFrames, type Outcome } from '../engine/frames';
import { readMetadataOptions, type Metadata, type MetadataOptions } from '../engine/metadata';
import { listFolder, type Folder, type FoundImage, type LeftOut } from '../engine/folder';
import { framesOption, type CommonOptions, type Run } from '../options';
import { writeFiles } from '../../files/publish';
import { checkFiles } from '../outputs';
import { summary, type Session, type Summary } from '../session';
import { cardFile, embeddingFiles, encoderOf } from '../tables/embeddings';
import type { IndexRow } from '../tables/index-table';
import { statesFiles, type StatesCard } from '../tables/states';

interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

interface Options extends CommonOptions, MetadataOptions {
  readonly encoder: string;
  readonly out: string;
  readonly index: string;
  readonly tokens?: string;
  readonly blockInput?: string;
  readonly cache?: string;
  readonly shard: Shard;
  readonly provider: Provider;
  readonly frames: FrameChoice;
  readonly listOthers?: true;
}

export function embed(program: Commander, run: Run): void {
  program
    .command('embed')
    .description('Embed every image below a folder. Interrupted with --cache, it goes on where it was.')
    .argument('<FOLDER>', 'images: PNG, JPEG, WebP, TIFF, DICOM; subfolders too')
    .requiredOption('--encoder <DIR>', 'an encoder made by "collimate convert", or "builtin"')
    .requiredOption('--out <EMB.npy>', 'the embeddings; EMB.json is written beside it')
    .requiredOption('--index <EMB.csv>', 'which image each row belongs to')
    .option(
      '--tokens <TOKENS.npy>',
      'also the patch tokens, float16 [images, 196, d], for "fit --head attentive"; TOKENS.json is written beside it',
    )
    .option('--block-input <FILE.npy>', 'also what goes into the last block, float16 [images, 197, d], for "fit --head block"')
    .option('--cache <DIR>', 'keep embeddings here; what is there is not computed again')
    .addOption(
      new Option('--shard <i/n>', 'only images k of the sorted list with k mod n = i - 1')
        .argParser(parseShard)
        .default({ index: 1, count: 1 }, '1/1'),
    )
    .addOption(new Option('--provider <name>', 'where the encoder runs').choices(Provider.options).default('auto'))
    .addOption(framesOption())
    .option('--list-others', 'name the files of the folder that are no images, and why')
    .option('--metadata <FILE.csv>', 'a table that names the patient (study, view) of each file; it goes before DICOM headers')
    .option('--pattern <text>', 'the same from the file names, such as "{patient}_{view}_*.png"')
    .option('--patient-salt <text>', 'patient ids are hashed with this', 'collimate')
    .option('--show-patients', 'write patient ids as they are, not hashed')
    .action((folder: string, options: Options) => run(options, (session) => embedFolder(session, folder, options)));
}

function parseShard(text: string): Shard {
  const [, index, count] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (index === undefined || count === undefined || index < 1 || index > count)
    throw new InvalidArgumentError('Expected i/n with i from 1 to n.');
  return { index, count };
}

async function embedFolder(session: Session, folder: string, options: Options): Promise<Result<Summary>> {
  const { out, index, shard } = options;
  const wanted = wantedStates(options);
  const arrays = [out, ...wanted.map(({ file }) => file)];
  const free = await checkFiles([index, ...arrays.flatMap((file) => [file, cardFile(file)])], session.overwrite);
  if (!free.ok) return free;
  const listed = await listFolder(folder, session.signal);
  if (!listed.ok) return listed;
  const metadata = await readMetadataOptions(
    options,
    listed.value.images.map(({ path }) => path),
  );
  if (!metadata.ok) return metadata;
  const part = shardOf(listed.value, shard);
  const started = performance.now();
  const [large] = wanted;
  const choice = {
    encoder: options.encoder,
    provider: options.provider,
    cache: options.cache ?? null,
    ...(large ? { temporaryIn: dirname(resolve(large.file)) } : {}),
  };
  return withEncoder(session, choice, async (encoder) => {
    const bar = session.progress('Embedding');
    const states = wanted.map(({ state }) => state);
    const embedded = await readFrames<Embedded>(part.images, options.frames, {
      read: (images) => encoder.embed(images, (done) => bar.at(done, images.length), states),
      framesOf: (item) => (item.ok ? (item.facts.frames ?? []) : []),
      refused: (failure) => ({ ok: false, failure }),
    });
    bar.end();
    if (!embedded.ok) return embedded;
    const seconds = (performance.now() - started) / 1000;
    if (options.listOthers)
      for (const { path, message } of part.others) session.note(message.startsWith(path) ? message : `${path}: ${message}`);
    return write(session, encoder, embedded.value, part, metadata.value, options, seconds);
  });
}

const wantedStates = ({ tokens, blockInput }: Options): { state: EncoderState; file: string }[] => [
  ...(tokens === undefined ? [] : [{ state: 'tokens' as const, file: tokens }]),
  ...(blockInput === undefined ? [] : [{ state: 'blockInput' as const, file: blockInput }]),
];

/** What was left out is told by the first shard alone, so that merged shards tell it once. */
const shardOf = ({ images, leftOut, others }: Folder, { index, count }: Shard): Folder => ({
  images: images.filter((_, k) => k % count === index - 1),
  leftOut: index === 1 ? leftOut : [],
  others: index === 1 ? others : [],
});

async function write(
  session: Session,
  encoder: OpenEncoder,
  embedded: readonly Outcome<Embedded>[],
  { leftOut, others }: Folder,
  metadata: Metadata,
  options: Options,
  seconds: number,
): Promise<Result<Summary>> {
  const { out, index } = options;
  const names = embedded.flatMap(({ image, value }) => (value.ok ? [nameOf(image, value.facts)] : []));
  const rowsMade = await encoder.call('madeBy', { names });
  if (!rowsMade.ok) return rowsMade;
  const d = encoder.card.outputs.embedding;
  let row = 0;
  const rows = embedded.map(({ image, value }) => (value.ok ? okRow(image, value, row++, metadata) : failedRow(image, value)));
  const all = [...rows, ...leftOut.map(leftOutRow)].sort(compareImages);
  const made = encoderOf(encoder.card);
  const written = await writeFiles(
    [
      ...embeddingFiles(
        { npy: out, index },
        made,
        { rows: names.length, columns: d, parts: () => encoder.rows(names) },
        all,
        rowsMade.value,
      ),
      ...wantedStates(options).flatMap(({ state, file }) => {
        const [rows, width] = encoder.card.outputs[state] ?? [0, 0];
        const shape: StatesCard['shape'] = [names.length, rows, width];
        return statesFiles(file, { state, encoder: made, shape, images: all }, () => encoder.states(state, names));
      }),
    ],
    session.signal,
  );
  if (!written.ok) return written;
  const failed = all.filter(({ status }) => status === 'failed').length;
  const skipped = all.filter(({ status }) => status === 'skipped').length;
  const { provider, reason, batch } = encoder.state();
  const redrawn = embedded.filter(({ value }) => value.ok && value.redrawn).length;
  const counts = [
    `${String(names.length)} images embedded`,
    `${String(failed)} failed`,
    `${String(skipped)} skipped`,
    otherFiles(others.length),
  ];
  const text = `${counts.filter((count) => count !== '').join(', ')} (${encoder.card.name}, ${provider}).${redrawnText(redrawn)}${metadata.text}`;
  const values = {
    out,
    index,
    count: names.length,
    skipped,
    others: others.length,
    redrawn,
    d,
    encoder: made,
    provider,
    reason,
    batch,
    seconds,
    ...metadata.values,
  };
  return ok(summary(failed > 0 ? `${text} The reasons are in ${index}.` : text, values, failed));
}

const otherFiles = (count: number) => (count === 0 ? '' : `${String(count)} other ${count === 1 ? 'file' : 'files'}`);

const redrawnText = (count: number) =>
  count === 0
    ? ''
    : ` ${String(count)} of them ${count === 1 ? 'was' : 'were'} embedded again: what the cache held was another picture, from before their headers were read better.`;

const empty = { frame: null, sha256: '', width: null, height: null, patient: '', study: '', view: '', message: '', row: null };

function okRow({ path, frame }: FoundImage, { facts }: Extract<Embedded, { ok: true }>, row: number, metadata: Metadata): IndexRow {
  const { sha256, width, height } = facts;
  const message = readingNotes(facts.notes)
    .map((note) => imageNotes[note].sentence)
    .join(' ');
  return { ...empty, path, frame, status: 'ok', message, row, sha256, width, height, ...metadata.of(path, facts) };
}

/** The sentence names the image as the table does, not by its place on this machine. */
function failedRow(image: FoundImage, item: Extract<Embedded, { ok: false }>): IndexRow {
  const { path, frame } = image;
  const failure = Failure.safeParse({ ...item.failure, params: { ...item.failure.params, file: imageName(image) } });
  return { ...empty, path, frame, status: 'failed', message: failure.success ? sentence(failure.data) : 'It could not be embedded.' };
}

const leftOutRow = ({ path, failed, message }: LeftOut): IndexRow => ({ ...empty, path, status: failed ? 'failed' : 'skipped', message });
