import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CustomEncoder, CustomModel, CustomTrial } from '../../contract/custom-encoder';
import type { EncoderCard } from '../../contract/encoder-card';
import type { ImageSource, Tile } from '../../contract/jobs/imaging';
import { attempt, fail, unwrap, type Result } from '../../contract/result';
import { feedOf, wrap } from '../../onnx/splice';
import { BATCH } from '../../contract/jobs/encoder';
import { IdentityHash } from '../card';
import { openEncoderFolder, type EncoderFolder } from '../folder';
import { syncFolder, writeNew } from '../../files/atomic';
import { systemCode, writeFailure } from '../../files/failures';
import { hashed, hashFile } from '../../files/hash';
import { sizeOf } from '../../files/look';
import { inputLength, normaliseInto, type InputCard } from '../normalise';
import { openSession, type Session } from '../session';
import { readTiles, type TileSource } from '../tiles';
import { chunks, openForeign, sentenceFor, type ForeignFile } from './foreign-file';
import { describe, precisionOf } from './suggest';

/** Two ways to the same embedding may differ by this share of its largest number: the promise of a store whose rows hang on the image alone. */
const MIXES = 1e-4;
const MAX_FEATURES = 65_536;

export interface CustomJob {
  readonly file: string;
  readonly wish: CustomEncoder;
  /** A folder for what is made; it need not be there. */
  readonly into: string;
}

/** What a model says of itself. Nothing of it is run. Fails: file-*, model-*. */
export async function inspectCustom(file: string): Promise<Result<CustomModel>> {
  return withForeign(file, (foreign) => Promise.resolve(describe(foreign)));
}

/** Runs the model as it is wished on one image; nothing is kept. Fails: file-*, model-*, image-*, and those of writing. */
export async function tryCustom(
  job: CustomJob,
  imaging: TileSource,
  image: ImageSource,
  signal: AbortSignal,
): Promise<Result<CustomTrial>> {
  const tiles = await readTiles(imaging, [image], job.wish.preprocessing.tile, signal);
  if (!tiles.ok) return tiles;
  const [tile] = tiles.value;
  if (!tile) return fail('internal', { reason: 'imaging gave no tile' });
  return withForeign(job.file, (foreign) =>
    inScratch(job.into, async (scratch) => ({ ...(await probe(foreign, job.wish, join(scratch, 'model.onnx'), tile)), tile })),
  );
}

/** Writes the encoder folder `place(id)`; an encoder that is there is replaced. Fails: as tryCustom. */
export async function keepCustom(job: CustomJob, place: (id: string) => string): Promise<Result<EncoderFolder>> {
  const { wish } = job;
  const made = await withForeign(job.file, (foreign) =>
    inScratch(job.into, async (scratch) => {
      const { size } = wish.preprocessing.tile;
      const gradient: Tile = { size, channels: 1, data: new Uint8Array(size ** 2).map((_, i) => i % 251) };
      const model = join(scratch, 'model.onnx');
      const { d, single } = await probe(foreign, wish, model, gradient);
      await rm(model);
      const written = await write(foreign, wish, { d, single }, model);
      const id = await identify(foreign, wish);
      const card: EncoderCard = {
        format: 'collimate-encoder',
        version: 1,
        id,
        ...inputCard(wish),
        kind: 'custom',
        variant: null,
        pooling: poolingText(wish),
        precision: precisionOf(foreign.model),
        outputs: { embedding: d },
        model: written,
        source: { file: basename(job.file), sha256: await hashFile(job.file) },
        licence: wish.licence.trim() || 'Not stated by whoever added it.',
        head: null,
      };
      await writeNew(join(scratch, 'encoder.json'), `${JSON.stringify(card, null, 2)}\n`);
      const folder = place(id);
      await mkdir(folder, { recursive: true });
      // The card last: it says that all is there.
      for (const name of ['model.onnx', 'encoder.json']) await rename(join(scratch, name), join(folder, name));
      await syncFolder(folder);
      return folder;
    }),
  );
  return made.ok ? openEncoderFolder(made.value) : made;
}

/** `work` may throw FailureErrors. */
async function withForeign<T>(file: string, work: (foreign: ForeignFile) => Promise<T>): Promise<Result<T>> {
  const foreign = await openForeign(file);
  if (!foreign.ok) return foreign;
  try {
    return await attempt(() => work(foreign.value));
  } finally {
    foreign.value.close();
  }
}

/** A folder of its own below `parent`, gone afterwards unless it was renamed. System errors become failures. */
async function inScratch<T>(parent: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = join(parent, `.custom-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(scratch, { recursive: true });
    return await work(scratch);
  } catch (error) {
    if (systemCode(error) !== '') return unwrap(writeFailure(error, parent, parent));
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Writes the model to `path` and runs it: for a whole batch at once or, where that mixes images or fails, for one after the other. */
async function probe(foreign: ForeignFile, wish: CustomEncoder, path: string, tile: Tile): Promise<Omit<CustomTrial, 'tile'>> {
  const { input, channels, preprocessing } = wish;
  const feed = sentenceFor(basename(foreign.path), () => feedOf(foreign.model, { input, channels, size: preprocessing.tile.size }));
  const run = async (single: boolean) => {
    await rm(path, { force: true });
    await write(foreign, wish, { d: null, single }, path);
    return attempt(async () => ({ ...(await trial(foreign.path, wish, path, tile)), single }));
  };
  const first = await run(feed.single);
  if (first.ok || feed.single) return unwrap(first);
  const second = await run(true);
  // Where neither works, the plain way says why.
  return second.ok ? second.value : unwrap(first);
}

/** The model with our input and output. */
async function write(foreign: ForeignFile, wish: CustomEncoder, how: { d: number | null; single: boolean }, to: string) {
  const { input, output, pooling, channels, preprocessing } = wish;
  const wrapping = { input, output, pooling, channels, size: preprocessing.tile.size, ...how };
  const pieces = sentenceFor(basename(foreign.path), () => wrap(foreign.bytes, foreign.model, wrapping));
  return writeHashed(to, chunks(foreign, pieces));
}

async function writeHashed(path: string, parts: Iterable<Uint8Array>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  await writeNew(path, hashed(hash, parts));
  return { bytes: await sizeOf(path), sha256: hash.digest('hex') };
}

const inputCard = ({ name, channels, preprocessing }: CustomEncoder): InputCard => ({
  name,
  input: { name: 'pixels', channels, size: preprocessing.tile.size },
  preprocessing,
});

const poolingText = ({ input, output, pooling }: CustomEncoder): string => `${pooling} of ${output} for ${input}`;

async function identify({ path, model, data }: ForeignFile, wish: CustomEncoder): Promise<string> {
  const identity = new IdentityHash();
  identity.addDigest(await hashFile(path));
  for (const location of new Set(model.external.map((each) => each.location))) identity.addDigest(await hashFile(data.get(location) ?? ''));
  return identity.finish({ preprocessing: wish.preprocessing, pooling: poolingText(wish), precision: precisionOf(model) });
}

/** Runs the written model on the tile; throws a FailureError where its embedding is none, or hangs on the other images of the batch. */
async function trial(file: string, wish: CustomEncoder, model: string, tile: Tile): Promise<Omit<CustomTrial, 'tile' | 'single'>> {
  const failed: Failed = (reason, detail) => unwrap<never>(fail('model-failed', { file: basename(file), reason }, detail));
  const opened = await openSession(model, 'cpu', 0);
  if (!opened.ok) return failed(String(opened.failure.params['reason']), opened.failure.detail);
  const session = opened.value;
  try {
    const { row } = await embed(session, wish, tile, 0, failed);
    const d = row.length;
    if (d < 2 || d > MAX_FEATURES) failed(`it gives ${String(d)} numbers an image, expected 2 to ${String(MAX_FEATURES)}`);
    if (!row.every(Number.isFinite)) failed('it gives values that are not numbers');
    const among = await embed(session, wish, tile, BATCH - 1, failed);
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const difference = row.reduce((most, value, i) => Math.max(most, Math.abs(value - (among.row[i] ?? NaN))), 0);
    if (!(difference <= MIXES * Math.max(largest, 1e-6))) failed('what it gives for an image hangs on the other images of its batch');
    const mean = row.reduce((sum, value) => sum + value, 0) / d;
    const deviation = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / d);
    if (deviation === 0) failed('all of its features are equal');
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    return { d, norm, mean, deviation, milliseconds: among.milliseconds / BATCH };
  } finally {
    await session.close();
  }
}

type Failed = (reason: string, detail?: string) => never;

/** The tile's row, where the tile is the one at `place` of a batch; the others are noise of different kinds. */
async function embed(
  session: Session,
  wish: CustomEncoder,
  tile: Tile,
  place: number,
  failed: Failed,
): Promise<{ row: Float32Array; milliseconds: number }> {
  const card = inputCard(wish);
  const length = inputLength(card);
  // Others at every place, so that a model that mixes a batch shows it.
  const data = new Float32Array(BATCH * length).map((_, i) => Math.sin(i + place) + (place + 1) / 2);
  unwrap(normaliseInto(data, place * length, tile, card));
  const { channels, size } = card.input;
  const started = performance.now();
  const run = await session.run({ pixels: { shape: [BATCH, channels, size, size], data } }, ['embedding']);
  const milliseconds = performance.now() - started;
  if (!run.ok) return failed(String(run.failure.params['reason']), run.failure.detail);
  const { shape = [], data: values = new Float32Array() } = run.value['embedding'] ?? {};
  const [n, d = 0] = shape;
  if (shape.length !== 2 || n !== BATCH) return failed(`for ${String(BATCH)} images it gives values of the shape [${shape.join(', ')}]`);
  return { row: values.slice(place * d, (place + 1) * d), milliseconds };
}
