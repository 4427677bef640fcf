import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupNumbers } from '../../../src/contract/groups';

const image = fc.record({ file: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), patient: fc.constantFrom(null, 'p', 'q', 'r') });

describe('groups for splits', () => {
  it('images of one file or one patient are never on two sides, and nothing else is tied', () => {
    fc.assert(
      fc.property(fc.array(image, { maxLength: 12 }), (images) => {
        const groups = groupNumbers(images);
        // Who can be reached over shared files and patients, by trying every step.
        const reach = images.map((_, from) => {
          const seen = new Set([from]);
          for (const at of seen)
            images.forEach((other, to) => {
              const here = images[at];
              if (other.file === here?.file || (other.patient !== null && other.patient === here?.patient)) seen.add(to);
            });
          return seen;
        });
        for (let a = 0; a < images.length; a++)
          for (let b = 0; b < images.length; b++) expect(groups[a] === groups[b]).toBe(reach[a]?.has(b));
      }),
    );
  });

  it('are numbered from 0 in the order of the images', () => {
    const images = ['x', 'y', 'x', 'z'].map((file) => ({ file, patient: file === 'z' ? 'p' : null }));
    expect([...groupNumbers([...images, { file: 'y', patient: 'p' }])]).toEqual([0, 1, 0, 1, 1]);
  });
});
