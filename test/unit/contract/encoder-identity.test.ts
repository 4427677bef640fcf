import { describe, expect, test } from 'vitest';
import { BUILTIN_IDS, currentId, earlierIds, encoderLabel, isSameEncoder } from '../../../src/contract/encoder-identity';

const other = 'ab'.repeat(32);

describe('the identity of an encoder', () => {
  test('the built-in one is the same under each of its ids, and no other is', () => {
    for (const a of BUILTIN_IDS) {
      expect(currentId(a)).toBe(BUILTIN_IDS[0]);
      for (const b of BUILTIN_IDS) expect(isSameEncoder(a, b)).toBe(true);
      expect(isSameEncoder(a, other)).toBe(false);
    }
    expect(currentId(other)).toBe(other);
    expect(earlierIds(other)).toEqual([]);
    expect(earlierIds(BUILTIN_IDS[0])).toEqual(BUILTIN_IDS.slice(1));
  });

  test('a label tells apart what has the same name', () => {
    expect(encoderLabel({ id: other, name: 'EVA-X S' })).toBe('EVA-X S (id abababababab)');
  });
});
