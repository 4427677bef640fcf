import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/onnx/safetensors';
import { unwrap } from '../../../src/contract/result';

const tensors = {
  weight: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  bias: { shape: [2], data: Float32Array.of(-1, 0.5) },
  empty: { shape: [0], data: new Float32Array() },
};

describe('safetensors', () => {
  test('round trip', () => {
    expect(unwrap(readSafetensors(writeSafetensors(tensors), 'x'))).toEqual(tensors);
  });

  test('a Buffer in the middle of a larger one is read alike', () => {
    const bytes = Buffer.concat([Buffer.alloc(3), writeSafetensors(tensors), Buffer.alloc(5)]).subarray(3, -5);
    expect(unwrap(readSafetensors(bytes, 'x'))).toEqual(tensors);
  });

  test('the order of the keys does not change the bytes', () => {
    const { weight, bias, empty } = tensors;
    expect(writeSafetensors({ empty, bias, weight })).toEqual(writeSafetensors(tensors));
  });

  test('the same bytes as the reference library', () => {
    // safetensors.numpy.save({'a': np.array([1, 2], np.float32)}).hex()
    const header =
      '38000000000000007b2261223a7b226474797065223a22463332222c227368617065223a5b325d2c22646174615f6f666673657473223a5b302c385d7d7d2020';
    const bytes = writeSafetensors({ a: { shape: [2], data: Float32Array.of(1, 2) } });
    expect(Buffer.from(bytes).toString('hex')).toBe(`${header}0000803f00000040`);
  });

  test('every truncation is a failure', () => {
    const bytes = writeSafetensors(tensors);
    for (let length = 0; length < bytes.length; length++) {
      expect(readSafetensors(bytes.subarray(0, length), 'x').ok).toBe(false);
    }
  });

  test('damaged bytes never throw', () => {
    const bytes = writeSafetensors(tensors);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const damaged = bytes.slice();
        damaged[at] = value;
        expect(typeof readSafetensors(damaged, 'x').ok).toBe('boolean');
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
