import type { EncoderCard } from '../contract/encoder-card';
import type { Tile } from '../contract/jobs/imaging';
import { fail, ok, type Result } from '../contract/result';

/** What of a card tells how a tile becomes numbers. */
export type InputCard = Pick<EncoderCard, 'name' | 'input' | 'preprocessing'>;

/** Numbers of one input image: channels x size x size. */
export const inputLength = ({ input }: Pick<InputCard, 'input'>): number => input.channels * input.size ** 2;

/**
 * Writes a tile into a batch as the encoder wants it: planes of float32, normalised by the card's preprocessing; a grey tile is repeated
 * where three channels are wanted. `at`: the first number of its place in the batch.
 */
export function normaliseInto(batch: Float32Array, at: number, tile: Tile, card: InputCard): Result<void> {
  const { channels, size } = card.input;
  const area = size * size;
  if (tile.size !== size || tile.data.length !== area * tile.channels || (channels === 1 && tile.channels === 3)) {
    return fail('internal', { reason: `a tile of ${String(tile.channels)} x ${String(tile.size)} for ${card.name}` });
  }
  const { normalise } = card.preprocessing;
  const [mean, deviation] =
    normalise.kind === 'fixed' ? [normalise.mean * 255, normalise.std * 255] : imageScale(tile.data, normalise.epsilon);
  const scaled = Float32Array.from({ length: 256 }, (_, value) => (value - mean) / deviation);
  for (let channel = 0; channel < channels; channel++) {
    const start = at + channel * area;
    if (channel >= tile.channels) batch.copyWithin(start, at, at + area);
    else for (let i = 0, p = channel; i < area; i++, p += tile.channels) batch[start + i] = scaled[tile.data[p] as number] as number;
  }
  return ok();
}

/** Mean, and standard deviation (of the population) + epsilon, of a tile's grey levels; exact, since the sums are integers. */
function imageScale(values: Uint8Array, epsilon: number): [number, number] {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const n = values.length;
  return [sum / n, Math.sqrt(n * squares - sum * sum) / n + epsilon];
}
