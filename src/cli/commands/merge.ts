import type { Command as Commander } from 'commander';
import { encoderLabel } from '../../contract/encoder-identity';
import type { EncoderState } from '../../contract/encoder-card';
import type { RowsMade } from '../../contract/jobs/encoder';
import { compareImages } from '../../contract/order';
import { fail, ok, type Result } from '../../contract/result';
import type { Run, CommonOptions } from '../options';
import { writeFiles } from '../../files/publish';
import { checkFiles } from '../outputs';
import { summary, type Session, type Summary } from '../session';
import { cardFile, embeddingFiles, readEmbeddings, type Embeddings } from '../tables/embeddings';
import type { IndexRow } from '../tables/index-table';
import { openStates, statesFiles, type OpenStates } from '../tables/states';

interface Options extends CommonOptions {
  readonly out: string;
  readonly index: string;
  readonly tokens?: string;
  readonly tokensOf?: readonly string[];
  readonly blockInput?: string;
  readonly blockInputOf?: readonly string[];
}

export function merge(program: Commander, run: Run): void {
  program
    .command('merge')
    .description('Put the embeddings of several shards together. Beside each SHARD.npy lie SHARD.json and SHARD.csv.')
    .argument('<SHARD.npy...>', 'arrays of one encoder, no image twice')
    .requiredOption('--out <EMB.npy>', 'the array; EMB.json is written beside it')
    .requiredOption('--index <EMB.csv>', 'its index')
    .option('--tokens <TOKENS.npy>', 'also the tokens of all shards; TOKENS.json is written beside it')
    .option('--tokens-of <SHARD_TOKENS.npy...>', 'the tokens of each shard, in the order of the shards')
    .option('--block-input <FILE.npy>', 'also what goes into the last block')
    .option('--block-input-of <SHARD_FILE.npy...>', 'the same of each shard, in the order of the shards')
    .action((shards: string[], options: Options) => run(options, (session) => mergeShards(session, shards, options)));
}

/** An image of one of the shards. */
interface Placed {
  readonly image: IndexRow;
  readonly part: Embeddings;
}

/** Arrays beside the embeddings that are to be merged as well. */
interface Wanted {
  readonly state: EncoderState;
  readonly file: string;
  /** One for each shard. */
  readonly of: readonly string[];
}

async function mergeShards(session: Session, shards: readonly string[], options: Options): Promise<Result<Summary>> {
  const wanted = wantedStates(options, shards.length);
  if (!wanted.ok) return wanted;
  const arrays = [options.out, ...wanted.value.map(({ file }) => file)];
  const free = await checkFiles([options.index, ...arrays.flatMap((file) => [file, cardFile(file)])], session.overwrite);
  if (!free.ok) return free;
  const parts: Embeddings[] = [];
  for (const shard of shards) {
    if (session.signal.aborted) return fail('stopped');
    const part = await readEmbeddings(shard, shard.replace(/\.npy$/i, '.csv'));
    if (!part.ok) return part;
    const expected = parts[0]?.card.encoder ?? part.value.card.encoder;
    if (part.value.card.encoder.id !== expected.id)
      return fail('embedding-foreign', { found: encoderLabel(part.value.card.encoder), expected: encoderLabel(expected) });
    parts.push(part.value);
  }
  const [first] = parts;
  if (!first) return fail('wrong-use', { reason: 'Name at least one shard' });
  const images = parts.flatMap((part) => part.images.map((image) => ({ image, part })));
  images.sort((a, b) => compareImages(a.image, b.image));
  const twice = images.find(({ image }, at) => at > 0 && compareImages(image, images[at - 1]?.image ?? image) === 0);
  if (twice) return fail('wrong-use', { reason: `${twice.image.path} is in two shards` });

  const d = first.vectors.columns;
  const embedded = images.filter(({ image }) => image.row !== null);
  const data = new Float32Array(embedded.length * d);
  embedded.forEach(({ image, part }, row) => {
    const from = (image.row ?? 0) * d;
    data.set(part.vectors.data.subarray(from, from + d), row * d);
  });
  const rows = new Map(embedded.map(({ image }, row) => [image, row]));
  const index = images.map(({ image }) => ({ ...image, row: rows.get(image) ?? null }));
  const files = { npy: options.out, index: options.index };
  const vectors = { rows: embedded.length, columns: d, data };
  const outputs = embeddingFiles(files, first.card.encoder, vectors, index, rowsMade(parts, embedded));

  const opened: OpenStates[] = [];
  try {
    for (const { state, file, of } of wanted.value) {
      const sources = new Map<Embeddings, OpenStates>();
      for (const [at, part] of parts.entries()) {
        const source = await openStates(of[at] ?? '', state, part, session.signal);
        if (!source.ok) return source;
        opened.push(source.value);
        sources.set(part, source.value);
      }
      const shapes = opened.slice(-parts.length).map(({ shape }) => shape);
      const [height, width] = shapes[0] ?? [0, 0];
      if (shapes.some(([h, w]) => h !== height || w !== width))
        return fail('wrong-use', { reason: `The arrays of --${optionOf[state]}-of have different shapes` });
      const facts = {
        state,
        encoder: first.card.encoder,
        shape: [embedded.length, height, width] as [number, number, number],
        images: index,
      };
      outputs.push(...statesFiles(file, facts, () => statesInOrder(embedded, sources)));
    }
    const written = await writeFiles(outputs, session.signal);
    if (!written.ok) return written;
  } finally {
    for (const source of opened) await source.close();
  }
  const count = embedded.length;
  const values = { ...files, count, shards: parts.length, d, tokens: options.tokens, blockInput: options.blockInput };
  return ok(summary(`${String(count)} embeddings from ${String(parts.length)} shards.`, values));
}

const optionOf: Record<EncoderState, string> = { tokens: 'tokens', blockInput: 'block-input' };

function wantedStates({ tokens, tokensOf, blockInput, blockInputOf }: Options, shards: number): Result<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const [state, file, of] of [
    ['tokens', tokens, tokensOf],
    ['blockInput', blockInput, blockInputOf],
  ] as const) {
    if (file === undefined && of === undefined) continue;
    const name = optionOf[state];
    if (file === undefined || of === undefined) return fail('wrong-use', { reason: `--${name} and --${name}-of go together` });
    if (of.length !== shards)
      return fail('wrong-use', { reason: `--${name}-of names ${String(of.length)} arrays for ${String(shards)} shards` });
    wanted.push({ state, file, of });
  }
  return ok(wanted);
}

/** One image's after the other, as they are written: an array of tokens may be far larger than the memory. */
async function* statesInOrder(embedded: readonly Placed[], sources: ReadonlyMap<Embeddings, OpenStates>): AsyncIterable<Uint8Array> {
  for (const { image, part } of embedded) {
    const bits = await sources.get(part)?.read([image.row ?? 0]);
    if (bits) yield new Uint8Array(bits.buffer);
  }
}

/** What made the rows in their new order; empty where a shard does not tell. */
function rowsMade(parts: readonly Embeddings[], rows: readonly Placed[]): RowsMade[] {
  const makers = new Map(parts.map((part) => [part, (part.card.made ?? []).flatMap((run) => Array.from({ length: run.rows }, () => run))]));
  const merged: RowsMade[] = [];
  for (const { image, part } of rows) {
    const maker = makers.get(part)?.[image.row ?? -1];
    if (!maker) return [];
    const last = merged.at(-1);
    if (last?.batch === maker.batch && last.provider === maker.provider) last.rows++;
    else merged.push({ ...maker, rows: 1 });
  }
  return merged;
}
