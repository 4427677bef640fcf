import type { Command as Commander } from 'commander';
import type { RowsMade } from '../../contract/jobs/encoder';
import { compareImages } from '../../contract/order';
import { fail, ok, type Result } from '../../contract/result';
import type { Run, CommonOptions } from '../options';
import { checkFiles, writeFiles } from '../outputs';
import { summary, type Session, type Summary } from '../session';
import { cardFile, embeddingFiles, readEmbeddings, type Embeddings } from '../tables/embeddings';
import type { IndexRow } from '../tables/index-table';
import type { Rows } from '../tables/npy';

interface Options extends CommonOptions {
  readonly out: string;
  readonly index: string;
}

export function merge(program: Commander, run: Run): void {
  program
    .command('merge')
    .description('Put the embeddings of several shards together. Beside each SHARD.npy lie SHARD.json and SHARD.csv.')
    .argument('<SHARD.npy...>', 'arrays of one encoder, no image twice')
    .requiredOption('--out <EMB.npy>', 'the array; EMB.json is written beside it')
    .requiredOption('--index <EMB.csv>', 'its index')
    .action((shards: string[], options: Options) => run(options, (session) => mergeShards(session, shards, options)));
}

async function mergeShards(session: Session, shards: readonly string[], options: Options): Promise<Result<Summary>> {
  const free = await checkFiles([options.out, options.index, cardFile(options.out)], session.overwrite);
  if (!free.ok) return free;
  const parts: Embeddings[] = [];
  for (const shard of shards) {
    const part = await readEmbeddings(shard, shard.replace(/\.npy$/i, '.csv'));
    if (!part.ok) return part;
    const expected = parts[0]?.card.encoder ?? part.value.card.encoder;
    if (part.value.card.encoder.id !== expected.id)
      return fail('embedding-foreign', { found: part.value.card.encoder.name, expected: expected.name });
    parts.push(part.value);
  }
  const [first] = parts;
  if (!first) return fail('wrong-use', { reason: 'Name at least one shard' });
  const images = parts.flatMap(({ images, vectors }) => images.map((image) => ({ image, vectors })));
  images.sort((a, b) => compareImages(a.image, b.image));
  const twice = images.find(({ image }, at) => at > 0 && compareImages(image, images[at - 1]?.image ?? image) === 0);
  if (twice) return fail('wrong-use', { reason: `${twice.image.path} is in two shards` });

  const d = first.vectors.columns;
  const embedded = images.filter(({ image }) => image.row !== null);
  const data = new Float32Array(embedded.length * d);
  const rows = new Map(embedded.map(({ image }, row) => [image, row]));
  for (const { image, vectors } of embedded) {
    const from = (image.row ?? 0) * d;
    data.set(vectors.data.subarray(from, from + d), (rows.get(image) ?? 0) * d);
  }
  const index = images.map(({ image }) => ({ ...image, row: rows.get(image) ?? null }));
  const files = { npy: options.out, index: options.index };
  const vectors = { rows: embedded.length, columns: d, data };
  const written = await writeFiles(embeddingFiles(files, first.card.encoder, vectors, index, rowsMade(parts, embedded)));
  if (!written.ok) return written;
  const count = embedded.length;
  return ok(summary(`${String(count)} embeddings from ${String(parts.length)} shards.`, { ...files, count, shards: parts.length, d }));
}

/** What made the rows in their new order; empty where a shard does not tell. */
function rowsMade(parts: readonly Embeddings[], rows: readonly { readonly image: IndexRow; readonly vectors: Rows }[]): RowsMade[] {
  const makers = new Map(
    parts.map(({ vectors, card }) => [vectors, (card.made ?? []).flatMap((run) => Array.from({ length: run.rows }, () => run))]),
  );
  const merged: RowsMade[] = [];
  for (const { image, vectors } of rows) {
    const maker = makers.get(vectors)?.[image.row ?? -1];
    if (!maker) return [];
    const last = merged.at(-1);
    if (last?.batch === maker.batch && last.provider === maker.provider) last.rows++;
    else merged.push({ ...maker, rows: 1 });
  }
  return merged;
}
