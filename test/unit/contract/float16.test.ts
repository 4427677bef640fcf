import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHalf, halfOf } from '../../../src/contract/float16';

describe('float16', () => {
  test('every half survives the way there and back', () => {
    const halves = Array.from({ length: 65_536 }, (_, half) => half).filter((half) => !Number.isNaN(fromHalf(half)));
    expect(halves.length).toBe(65_536 - 2 * 1023);
    expect(halves.filter((half) => halfOf(fromHalf(half)) !== half)).toEqual([]);
  });

  test('a number goes to the nearest half, ties to even', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -65_519, max: 65_519 }), (value) => {
        const half = halfOf(value);
        const error = Math.abs(fromHalf(half) - value);
        const others = [half - 1, half + 1].filter((other) => (other & 0x7fff) < 0x7c00 && other >> 15 === half >> 15 && other >= 0);
        for (const other of others) {
          const distance = Math.abs(fromHalf(other) - value);
          expect(distance > error || (distance === error && (half & 1) === 0)).toBe(true);
        }
      }),
      { numRuns: 5000, seed: 1 },
    );
  });

  test('values of numpy', () => {
    // np.float16(x).view(np.uint16)
    const values = [
      [65_504, 0x7bff],
      [65_519.99, 0x7bff],
      [65_520, 0x7c00],
      [2 ** -24, 1],
      [2 ** -25, 0],
      [1.5 * 2 ** -24, 2],
      [0.333251953125, 0x3555],
      [-0, 0x8000],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
    ] as const;
    for (const [value, half] of values) expect(halfOf(value)).toBe(half);
    expect(Number.isNaN(fromHalf(halfOf(NaN)))).toBe(true);
  });
});
