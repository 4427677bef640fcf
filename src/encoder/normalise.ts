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
  const scales = scalesOf(tile, card);
  for (let channel = 0; channel < channels; channel++) {
    const [mean, deviation] = scales[channel] ?? scales[0];
    const scaled = Float32Array.from({ length: 256 }, (_, value) => (value - mean) / deviation);
    const start = at + channel * area;
    if (channel >= tile.channels && scales.length === 1) batch.copyWithin(start, at, at + area);
    else
      for (let i = 0, p = channel < tile.channels ? channel : 0; i < area; i++, p += tile.channels)
        batch[start + i] = scaled[tile.data[p] as number] as number;
  }
  return ok();
}

/** Mean and deviation in grey levels: one pair for all channels, or one for each. */
function scalesOf(tile: Tile, { preprocessing: { normalise } }: InputCard): readonly [[number, number], ...[number, number][]] {
  if (normalise.kind === 'image') return [imageScale(tile.data, normalise.epsilon)];
  if (normalise.kind === 'fixed') return [[normalise.mean * 255, normalise.std * 255]];
  const [r, g, b] = normalise.mean.map((mean, i): [number, number] => [mean * 255, (normalise.std[i] ?? 1) * 255]);
  return [r ?? [0, 1], g ?? [0, 1], b ?? [0, 1]];
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
