import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { EncoderState } from '../../contract/encoder-card';
import { fail, FailureError, ok, type Result } from '../../contract/result';
import { reasonOf } from '../../main/files/failures';
import type { StateSource } from '../../trainer/heads/tuned/states';
import type { OutputFile } from '../outputs';
import { cardFile, EmbeddingsCard } from './embeddings';
import { npyHeader } from './npy';

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
});
export type StatesCard = z.infer<typeof StatesCard>;

/** The array and its card; `rows` gives the bytes of one image after the other and is read once, as the file is written. */
export function statesFiles(
  npy: string,
  facts: Pick<StatesCard, 'state' | 'shape' | 'encoder'>,
  rows: () => AsyncIterable<Uint8Array>,
): OutputFile[] {
  const hash = createHash('sha256');
  async function* array() {
    const header = npyHeader('<f2', facts.shape);
    hash.update(header);
    yield header;
    for await (const part of rows()) {
      hash.update(part);
      yield part;
    }
  }
  // Made after the array, since it holds the array's checksum.
  function* card() {
    const { encoder, state, shape } = facts;
    const value: StatesCard = { format: 'collimate-states', version: 1, state, encoder, shape, npySha256: hash.digest('hex') };
    yield Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  }
  return [
    { file: npy, parts: array() },
    { file: cardFile(npy), parts: card() },
  ];
}

/**
 * Runs `work` on the states in TOKENS.npy, row k of which belongs to row k of the embeddings. Fails: file-unreadable, array-invalid, and
 * embedding-foreign where they are another encoder's.
 */
export async function withStates<T>(
  npy: string,
  expected: { readonly state: EncoderState; readonly encoder: EmbeddingsCard['encoder']; readonly count: number },
  work: (source: StateSource) => Promise<Result<T>>,
): Promise<Result<T>> {
  const card = await readStatesCard(npy);
  if (!card.ok) return card;
  const { shape, state, encoder, npySha256 } = card.value;
  const bad = (reason: string) => fail('array-invalid', { file: npy, reason });
  if (state !== expected.state) return bad(`it holds ${state}, expected ${expected.state}`);
  if (encoder.id !== expected.encoder.id) return fail('embedding-foreign', { found: encoder.name, expected: expected.encoder.name });
  const [count, rows, width] = shape;
  if (count !== expected.count) return bad(`it holds ${String(count)} images, the embeddings ${String(expected.count)}`);
  const header = npyHeader('<f2', shape);
  const size = rows * width * 2;
  try {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(npy) as AsyncIterable<Buffer>) hash.update(chunk);
    if (hash.digest('hex') !== npySha256) return bad(`its bytes are not those that ${cardFile(npy)} was written for`);
    const handle = await open(npy, 'r');
    try {
      const { size: found } = await handle.stat();
      if (found !== header.length + count * size) return bad('its size is not the one of its shape');
      const read = async (wanted: readonly number[]) => {
        const out = new Uint16Array((wanted.length * size) / 2);
        const bytes = new Uint8Array(out.buffer);
        for (const [i, row] of wanted.entries()) {
          const { bytesRead } = await handle.read(bytes, i * size, size, header.length + row * size);
          if (bytesRead !== size) throw new FailureError(bad('it became shorter while it was read').failure);
        }
        return out;
      };
      return await work({ shape: [rows, width], read });
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    if (error instanceof Error && 'code' in error) return fail('file-unreadable', { file: npy, reason: reasonOf(error) });
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
