import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { Precision, Preprocessing, type EncoderCard } from '../../contract/encoder-card';
import { currentId } from '../../contract/encoder-identity';
import { RowsMade } from '../../contract/jobs/encoder';
import { fail, ok, type Result } from '../../contract/result';
import { reasonOf, systemCode } from '../../files/failures';
import { hashed, hashFile } from '../../files/hash';
import type { NewFile } from '../../files/publish';
import { imagesHash, indexText, readIndex, type IndexRow } from './index-table';
import { encodeNpy, npyHeader, readNpy, type Rows } from '../../files/npy';

/** EMB.json: which encoder the numbers of EMB.npy come from. */
export const EmbeddingsCard = z.object({
  format: z.literal('collimate-embeddings'),
  version: z.literal(1),
  encoder: z.object({
    /** The one in use today, whatever stands in the file. */
    id: z.string().transform(currentId),
    name: z.string(),
    preprocessing: Preprocessing,
    pooling: z.string(),
    precision: Precision,
  }),
  d: z.int().positive(),
  count: z.int().nonnegative(),
  npySha256: z.string().length(64),
  /** Of the images whose rows these are, see `imagesHash`. Files from before it was written have none. */
  imagesSha256: z.string().length(64).optional(),
  /** The record of the run: what made the rows, one run of rows after the other. */
  made: z.array(RowsMade).optional(),
});
export type EmbeddingsCard = z.infer<typeof EmbeddingsCard>;

/** The three files that belong together. `images` are in canonical order and name all rows of the array. */
export interface Embeddings {
  readonly card: EmbeddingsCard;
  readonly vectors: Rows;
  readonly images: readonly IndexRow[];
}

/** EMB.json beside EMB.npy. */
export const cardFile = (npy: string): string => `${npy.replace(/\.npy$/i, '')}.json`;

export const encoderOf = ({ id, name, preprocessing, pooling, precision }: EncoderCard): EmbeddingsCard['encoder'] => ({
  id,
  name,
  preprocessing,
  pooling,
  precision,
});

/** Vectors as they are written: all at once, or some rows after the other where they are more than need lie in memory. */
export type Vectors = Rows | (Pick<Rows, 'rows' | 'columns'> & { readonly parts: () => AsyncIterable<Uint8Array> });

/** The rows of the array follow the canonical order of the images, whatever order they came in. */
export function embeddingFiles(
  files: { readonly npy: string; readonly index: string },
  encoder: EmbeddingsCard['encoder'],
  vectors: Vectors,
  images: readonly IndexRow[],
  made: readonly RowsMade[],
): NewFile[] {
  const hash = createHash('sha256');
  // Made after the array, since it holds the array's checksum.
  function* card() {
    const { rows: count, columns: d } = vectors;
    const value: EmbeddingsCard = {
      format: 'collimate-embeddings',
      version: 1,
      encoder,
      d,
      count,
      npySha256: hash.digest('hex'),
      imagesSha256: imagesHash(images),
      made: [...made],
    };
    yield Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  }
  return [
    { file: files.npy, content: hashed(hash, partsOf(vectors)) },
    { file: files.index, content: indexText(images) },
    { file: cardFile(files.npy), content: card() },
  ];
}

async function* partsOf(vectors: Vectors): AsyncIterable<Uint8Array> {
  if ('data' in vectors) return yield* encodeNpy(vectors);
  yield npyHeader('<f4', [vectors.rows, vectors.columns]);
  return yield* vectors.parts();
}

/** Fails: file-unreadable, array-invalid, table-invalid. */
export async function readEmbeddings(npy: string, index: string): Promise<Result<Embeddings>> {
  // The array first: where another file was named, that is what has to be said.
  const vectors = await readNpy(npy);
  if (!vectors.ok) return vectors;
  const card = await readCard(npy);
  if (!card.ok) return card;
  const { rows, columns } = vectors.value;
  if (rows !== card.value.count || columns !== card.value.d)
    return fail('array-invalid', { file: npy, reason: `its shape is not the one that ${cardFile(npy)} states` });
  if ((await hashFile(npy)) !== card.value.npySha256)
    return fail('array-invalid', { file: npy, reason: `its bytes are not those that ${cardFile(npy)} was written for` });
  const images = await readIndex(index, rows);
  if (!images.ok) return images;
  const { imagesSha256 } = card.value;
  // An index whose hashes were taken out tells nothing of its images.
  const known = images.value.every(({ row, sha256 }) => row === null || sha256 !== '');
  if (known && imagesSha256 !== undefined && imagesSha256 !== imagesHash(images.value))
    return fail('table-invalid', { file: index, row: 1, reason: `its images are not those that ${npy} was written for` });
  return ok({ card: card.value, vectors: vectors.value, images: images.value });
}

async function readCard(npy: string): Promise<Result<EmbeddingsCard>> {
  const file = cardFile(npy);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      return fail('array-invalid', { file: npy, reason: `${file}, which says where it comes from, is not beside it` });
    return fail('file-unreadable', { file, reason: reasonOf(error) });
  }
  try {
    const card = EmbeddingsCard.safeParse(JSON.parse(text));
    return card.success ? ok(card.data) : fail('array-invalid', { file, reason: 'it does not describe embeddings' }, card.error.message);
  } catch {
    return fail('array-invalid', { file, reason: 'it is not JSON' });
  }
}
