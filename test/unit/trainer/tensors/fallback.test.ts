import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu/dist/base';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { unwrap } from '../../../../src/contract/result';
import { fullRound, prepare } from '../../../../src/trainer/engine';
import { matrix } from '../../../../src/trainer/matrix';
import { startBackend, type BackendChoice } from '../../../../src/trainer/tensors/backend';
import type { Candidate } from '../../../../src/trainer/tensors/candidate';
import { hold, product } from '../../../../src/trainer/tensors/product';
import { start } from '../backend';
import { answers, gaussianPool } from '../pool';

/** A backend of plain JavaScript that loses its device after so many products; the self-test is one of them. */
let left = Infinity;
let made = false;
const losing: Candidate = {
  name: 'webgpu',
  load: () => {
    if (!made) {
      tf.registerBackend('losing', () => new MathBackendCPU());
      for (const kernel of tf.getKernelsForBackend('cpu')) {
        const { kernelFunc } = kernel;
        const lose: tf.KernelFunc = (params) => {
          if (left-- <= 0) throw new Error('the device was lost');
          return kernelFunc(params);
        };
        tf.registerKernel({ ...kernel, backendName: 'losing', kernelFunc: kernel.kernelName === 'BatchMatMul' ? lose : kernelFunc });
      }
      made = true;
    }
    return Promise.resolve({ registered: 'losing' });
  },
};
const first = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('a backend that fails in mid-run', () => {
  beforeEach(async () => {
    await start('cpu');
    left = Infinity;
  });

  it('loses no round: the next one takes over, and says why', async () => {
    const pool = gaussianPool(80, 400, 2, 'multilabel');
    const labels = answers(pool, first(40));
    const round = async () =>
      (await fullRound(unwrap(await prepare({ base: pool.base, labels }, pool.rows)), 1, '2026-01-01T00:00:00.000Z', new Map())).round;
    const { milliseconds: _, ...expected } = await round();

    const taken: BackendChoice[] = [];
    const chosen = unwrap(await startBackend('auto', [losing], (choice) => taken.push(choice)));
    expect(chosen.backend).toBe('webgpu');
    left = 20;
    const { milliseconds, ...found } = await round();
    expect(milliseconds).toBeGreaterThan(0);
    expect(left).toBeLessThan(0);
    expect(taken).toMatchObject([{ backend: 'cpu', reason: 'webgpu failed in mid-run: the device was lost' }]);
    expect(found).toMatchObject(expected);
  });

  it('rows that were held there are held anew, and products under way at once all come out', async () => {
    unwrap(await startBackend('auto', [losing]));
    const a = matrix(2, 2, Float32Array.of(1, 2, 3, 4));
    const held = hold(a);
    expect([...(await held.times(a)).data]).toEqual([7, 10, 15, 22]);
    left = 0;
    const [times, turned, plain] = await Promise.all([held.times(a), held.transposedTimes(a), product(a, a)]);
    expect([...times.data]).toEqual([7, 10, 15, 22]);
    expect([...turned.data]).toEqual([10, 14, 14, 20]);
    expect([...plain.data]).toEqual([7, 10, 15, 22]);
    held.release();
  });

  it('throws where nothing is left', async () => {
    const a = matrix(1, 1, Float32Array.of(1));
    unwrap(await startBackend('cpu', []));
    const kernel = tf.getKernel('BatchMatMul', 'cpu');
    tf.unregisterKernel('BatchMatMul', 'cpu');
    await expect(product(a, a)).rejects.toThrow(/BatchMatMul/);
    tf.registerKernel({ ...kernel, kernelName: 'BatchMatMul', backendName: 'cpu' });
  });
});
