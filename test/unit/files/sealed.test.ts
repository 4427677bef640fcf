import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seal, unseal } from '../../../src/files/sealed';

test('what was sealed comes back; with any byte changed, or a part of it missing, nothing does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, place, by) => {
      const sealed = seal(bytes);
      expect(unseal(sealed)).toEqual(bytes);
      const changed = Uint8Array.from(sealed);
      const at = place % changed.length;
      changed[at] = (changed[at] ?? 0) ^ by;
      expect(unseal(changed)).toBeNull();
      expect(unseal(sealed.slice(0, at))).toBeNull();
    }),
  );
});
