import { describe, expect, test } from 'vitest';
import type { Preprocessing } from '../../../src/contract/encoder-card';
import { IdentityHash, type Identity, type NamedWeight } from '../../../src/encoder/card';

const preprocessing: Preprocessing = {
  tile: { crop: 'squash', resize: 128, size: 128, colour: 'luma', filter: 'pillow-bicubic' },
  normalise: { kind: 'image', epsilon: 0.001 },
};
const identity: Identity = { preprocessing, pooling: 'mean', precision: 'fp32' };
const weights: NamedWeight[] = [
  { name: 'a', shape: [2], data: Float32Array.of(1.5, -2) },
  { name: 'b.weight', shape: [1, 2], data: Float32Array.of(0, 3) },
];

function idOf(own: readonly NamedWeight[], what = identity): string {
  const hash = new IdentityHash();
  own.forEach((weight) => hash.add(weight));
  return hash.finish(what);
}

describe('the id of an encoder', () => {
  test('is the SHA-256 that Python gives for the same fields', () => {
    // hashlib over name \0 shape \0 float32 bytes of every weight, then \0 and the JSON list of the fields
    expect(idOf(weights)).toBe('8dd477747748fa95bc0bcdb45c28234d764c8358dc29c19f223f1ba1c4ff636e');
  });

  test('differs when a weight, a shape, the preprocessing, the pooling or the precision differs', () => {
    const [a, b] = weights as [NamedWeight, NamedWeight];
    const ids = [
      idOf(weights),
      idOf([a]),
      idOf([a, { ...b, shape: [2, 1] }]),
      idOf([a, { ...b, data: Float32Array.of(0, 3.0000002) }]),
      idOf([a, { ...b, name: 'c.weight' }]),
      idOf(weights, { ...identity, preprocessing: { ...preprocessing, tile: { ...preprocessing.tile, crop: 'pad' } } }),
      idOf(weights, { ...identity, preprocessing: { ...preprocessing, normalise: { kind: 'fixed', mean: 0.001, std: 1 } } }),
      idOf(weights, { ...identity, pooling: 'cls' }),
      idOf(weights, { ...identity, precision: 'fp16' }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('weights out of order are a mistake of the program', () => {
    expect(() => idOf([...weights].reverse())).toThrow(/sorted/);
  });
});
