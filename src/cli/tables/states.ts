import { createHash } from 'node:crypto';
import { z } from 'zod';
import { EncoderState } from '../../contract/encoder-card';
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
