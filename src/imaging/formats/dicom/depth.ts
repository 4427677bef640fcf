import type { Frame } from './frame';
import type { PixelModule } from './module';

/**
 * Bits of a sample: of a compressed frame with more of them than the header states, and with samples that need them, those of the stream.
 * Cutting them off would wrap the brightest parts to black.
 */
export function storedBits({ words, precision }: Frame, { stored, signed }: PixelModule): number {
  if (precision === null || precision <= stored) return stored;
  const low = signed ? -(2 ** (stored - 1)) : 0;
  const high = low + 2 ** stored;
  const sign = signed ? 2 ** (precision - 1) : 0;
  const mask = 2 ** precision - 1;
  for (const word of words) {
    const value = ((word & mask) ^ sign) - sign;
    if (value < low || value >= high) return precision;
  }
  return stored;
}
