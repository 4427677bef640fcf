import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { encoderLabel } from '../../contract/encoder-identity';
import { EncoderState } from '../../contract/encoder-card';
import { fail, FailureError, ok, type Result } from '../../contract/result';
import { reasonOf, systemCode } from '../../files/failures';
import { addFile, hashed } from '../../files/hash';
import type { NewFile } from '../../files/publish';
import type { StateSource } from '../../trainer/heads/tuned/states';
import { cardFile, EmbeddingsCard, type Embeddings } from './embeddings';
import { imagesHash, type IndexRow } from './index-table';
import { npyHeader } from '../../files/npy';

/**
 * TOKENS.json beside TOKENS.npy, a float16 array [count, rows, width] in C order. Image k of it is row k of the embeddings that were written
 * with it, so their index tells which one it is.
 */
export const StatesCard = z.object({
  format: z.literal('collimate-states'),
  version: z.literal(1),
  state: EncoderState,
  encoder: EmbeddingsCard.shape.encoder,
  shape: z.tuple([z.int().nonnegative(), z.int().positive(), z.int().positive()]),
  npySha256: z.string().length(64),
  /** Of the images whose rows these are, see `imagesHash`. Files from before it was written have none. */
  imagesSha256: z.string().length(64).optional(),
});
export type StatesCard = z.infer<typeof StatesCard>;

/** The array and its card; `rows` gives the bytes of one image after the other and is read once, as the file is written. */
export function statesFiles(
  npy: string,
  facts: Pick<StatesCard, 'state' | 'shape' | 'encoder'> & { readonly images: readonly IndexRow[] },
  rows: () => AsyncIterable<Uint8Array>,
): NewFile[] {
  const hash = createHash('sha256');
  async function* array() {
    yield npyHeader('<f2', facts.shape);
    yield* rows();
  }
  // Made after the array, since it holds the array's checksum.
  function* card() {
    const { encoder, state, shape, images } = facts;
    const hashes = { npySha256: hash.digest('hex'), imagesSha256: imagesHash(images) };
    const value: StatesCard = { format: 'collimate-states', version: 1, state, encoder, shape, ...hashes };
    yield Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  }
  return [
    { file: npy, content: hashed(hash, array()) },
    { file: cardFile(npy), content: card() },
  ];
}

/** Runs `work` on the states in TOKENS.npy, row k of which belongs to row k of the embeddings. Fails as `openStates` does. */
export async function withStates<T>(
  npy: string,
  state: EncoderState,
  embeddings: Embeddings,
  work: (source: StateSource) => Promise<Result<T>>,
  signal?: AbortSignal,
): Promise<Result<T>> {
  const source = await openStates(npy, state, embeddings, signal);
  if (!source.ok) return source;
  try {
    return await work(source.value);
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  } finally {
    await source.value.close();
  }
}

export interface OpenStates extends StateSource {
  close(): Promise<void>;
}

/** Opens TOKENS.npy. Fails: file-unreadable, array-invalid, stopped, and embedding-foreign where they are another encoder's. */
export async function openStates(
  npy: string,
  state: EncoderState,
  { card, images }: Embeddings,
  signal?: AbortSignal,
): Promise<Result<OpenStates>> {
  const read = await readStatesCard(npy);
  if (!read.ok) return read;
  const { shape, encoder, npySha256, imagesSha256, state: found } = read.value;
  const bad = (reason: string) => fail('array-invalid', { file: npy, reason });
  if (found !== state) return bad(`it holds ${found}, expected ${state}`);
  if (encoder.id !== card.encoder.id)
    return fail('embedding-foreign', { found: encoderLabel(encoder), expected: encoderLabel(card.encoder) });
  const [count, rows, width] = shape;
  if (count !== card.count) return bad(`it holds ${String(count)} images, the embeddings ${String(card.count)}`);
  if (imagesSha256 !== undefined && imagesSha256 !== imagesHash(images)) return bad('its images are not those of the embeddings');
  const header = npyHeader('<f2', shape);
  const size = rows * width * 2;
  try {
    const hash = await addFile(createHash('sha256'), npy, signal);
    if (hash.digest('hex') !== npySha256) return bad(`its bytes are not those that ${cardFile(npy)} was written for`);
    const handle = await open(npy, 'r');
    if ((await handle.stat()).size !== header.length + count * size) {
      await handle.close();
      return bad('its size is not the one of its shape');
    }
    return ok({
      shape: [rows, width],
      async read(wanted) {
        const out = new Uint16Array((wanted.length * size) / 2);
        const bytes = new Uint8Array(out.buffer);
        for (const [i, row] of wanted.entries()) {
          const { bytesRead } = await handle.read(bytes, i * size, size, header.length + row * size).catch((error: unknown) => {
            throw new FailureError(fail('file-unreadable', { file: npy, reason: reasonOf(error) }).failure);
          });
          if (bytesRead !== size) throw new FailureError(bad('it became shorter while it was read').failure);
        }
        return out;
      },
      close: () => handle.close(),
    });
  } catch (error) {
    if (signal?.aborted) return fail('stopped');
    if (systemCode(error) !== '') return fail('file-unreadable', { file: npy, reason: reasonOf(error) });
    throw error;
  }
}

async function readStatesCard(npy: string): Promise<Result<StatesCard>> {
  const file = cardFile(npy);
  try {
    const card = StatesCard.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return card.success ? ok(card.data) : fail('array-invalid', { file, reason: 'it does not describe tokens' }, card.error.message);
  } catch (error) {
    if (error instanceof SyntaxError) return fail('array-invalid', { file, reason: 'it is not JSON' });
    return fail('file-unreadable', { file, reason: reasonOf(error) });
  }
}
