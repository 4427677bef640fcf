import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePaths } from '../../../src/contract/order';

describe('order of paths', () => {
  it('is that of the UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { numRuns: 2000 },
    );
    expect(comparePaths('\u{1F600}', '\uFF5E')).toBeGreaterThan(0);
  });
});
