import type { Frame } from './frame';
import type { PixelModule } from './module';

/** Samples of a grey frame, and the stored values that they stand for: stored = gain * sample + base. */
export interface GreySamples {
  readonly data: Uint8Array | Uint16Array;
  readonly gain: number;
  readonly base: number;
}

/** Up to 16 stored bits every value keeps a sample of its own: the smallest value a signed one can have becomes 0. */
export function greySamples({ words, shift }: Frame, { stored, signed, float }: PixelModule): GreySamples {
  if (float || stored > 16)
    return wideSamples(signed && !float ? Float64Array.from(words, (word) => signedWord(word, shift, stored)) : words);
  const mask = 2 ** stored - 1;
  const sign = signed ? 2 ** (stored - 1) : 0;
  const data = stored <= 8 ? new Uint8Array(words.length) : new Uint16Array(words.length);
  if (mask === 0xffff && sign === 0 && shift === 0 && words instanceof Uint16Array) data.set(words);
  // Bits above and below hold overlays (PS3.5 8.1.1). Flipping the sign bit adds 2^(stored-1) to a two's complement number.
  else for (let i = 0; i < data.length; i++) data[i] = (((words[i] as number) >>> shift) & mask) ^ sign;
  return { data, gain: 1, base: -sign };
}

const signedWord = (word: number, shift: number, stored: number) => {
  const value = (word >>> shift) % 2 ** stored;
  return value >= 2 ** (stored - 1) ? value - 2 ** stored : value;
};

/** Whole numbers that span no more than 16 bits stay exact; others are spread over 65,536 steps. What is no number becomes the least. */
function wideSamples(values: ArrayLike<number>): GreySamples {
  let low = Infinity;
  let high = -Infinity;
  let whole = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    whole &&= Number.isInteger(value);
  }
  if (low > high) low = high = 0;
  const gain = whole && high - low <= 65535 ? 1 : (high - low) / 65535 || 1;
  const data = new Uint16Array(values.length);
  for (let i = 0; i < data.length; i++) {
    const value = values[i] as number;
    data[i] = Number.isFinite(value) ? Math.round((value - low) / gain) : 0;
  }
  return { data, gain, base: low };
}
