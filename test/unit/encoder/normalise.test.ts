import { describe, expect, test } from 'vitest';
import type { EncoderCard } from '../../../src/contract/encoder-card';
import { unwrap } from '../../../src/contract/result';
import { inputLength, normaliseInto } from '../../../src/encoder/normalise';

const card = (channels: 1 | 3, normalise: EncoderCard['preprocessing']['normalise']) =>
  ({ name: 'test', input: { name: 'pixels', channels, size: 16 }, preprocessing: { normalise } }) as unknown as EncoderCard;
const fixed = card(3, { kind: 'fixed', mean: 0.49185243, std: 0.28509309 });
const byImage = card(1, { kind: 'image', epsilon: 1e-3 });
const grey = Uint8Array.from({ length: 256 }, (_, i) => (i * 37) % 256);

describe('normalisation of tiles', () => {
  test('fixed: (v / 255 - mean) / std, a grey tile on three planes, at its place in the batch', () => {
    const batch = new Float32Array(2 * inputLength(fixed));
    unwrap(normaliseInto(batch, inputLength(fixed), { size: 16, channels: 1, data: grey }, fixed));
    expect(batch.subarray(0, inputLength(fixed)).every((value) => value === 0)).toBe(true);
    grey.forEach((value, i) => {
      for (const plane of [0, 1, 2]) {
        expect(batch[inputLength(fixed) + plane * 256 + i]).toBeCloseTo((value / 255 - 0.49185243) / 0.28509309, 6);
      }
    });
  });

  test('fixed: three interleaved channels become three planes', () => {
    const data = Uint8Array.from({ length: 768 }, (_, i) => (i % 3) * 100);
    const batch = new Float32Array(inputLength(fixed));
    unwrap(normaliseInto(batch, 0, { size: 16, channels: 3, data }, fixed));
    for (const plane of [0, 1, 2]) {
      const expected = Math.fround((plane * 100 - 0.49185243 * 255) / (0.28509309 * 255));
      expect(new Set(batch.subarray(plane * 256, (plane + 1) * 256))).toEqual(new Set([expected]));
    }
  });

  test('by image: mean 0 and deviation sd / (sd + epsilon)', () => {
    const batch = new Float32Array(256);
    unwrap(normaliseInto(batch, 0, { size: 16, channels: 1, data: grey }, byImage));
    const mean = grey.reduce((sum, value) => sum + value, 0) / 256;
    const sd = Math.sqrt(grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 256);
    grey.forEach((value, i) => expect(batch[i]).toBeCloseTo((value - mean) / (sd + 1e-3), 6));
    unwrap(normaliseInto(batch, 0, { size: 16, channels: 1, data: new Uint8Array(256).fill(9) }, byImage));
    expect(batch.every((value) => value === 0)).toBe(true);
  });

  test('a tile that does not fit is refused', () => {
    const batch = new Float32Array(256);
    expect(normaliseInto(batch, 0, { size: 8, channels: 1, data: new Uint8Array(64) }, byImage).ok).toBe(false);
    expect(normaliseInto(batch, 0, { size: 16, channels: 3, data: new Uint8Array(768) }, byImage).ok).toBe(false);
    expect(normaliseInto(batch, 0, { size: 16, channels: 1, data: new Uint8Array(255) }, byImage).ok).toBe(false);
  });
});
