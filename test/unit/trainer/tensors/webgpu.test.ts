import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../../src/contract/result';
import { fullRound, prepare } from '../../../../src/trainer/engine';
import { dawn } from '../../../../src/trainer/host/dawn';
import { startNodeBackend } from '../../../../src/trainer/host/node';
import { matrix } from '../../../../src/trainer/matrix';
import { startBackend, type BackendChoice } from '../../../../src/trainer/tensors/backend';
import { product } from '../../../../src/trainer/tensors/product';
import { webGpuCandidate } from '../../../../src/trainer/tensors/webgpu';
import { answers, gaussianPool } from '../pool';

// Where no driver is installed, SwiftShader does: VK_ICD_FILENAMES=ELECTRON/vk_swiftshader_icd.json LD_LIBRARY_PATH=ELECTRON.
process.env['COLLIMATE_WEBGPU'] ??= resolve('.cache/webgpu/node_modules/webgpu');
const missing = existsSync(process.env['COLLIMATE_WEBGPU'])
  ? (await (await dawn()).requestAdapter()) === null
    ? ' (skipped: no Vulkan driver: see the comment in the file)'
    : ''
  : ' (skipped: no Dawn; npm install --prefix .cache/webgpu --ignore-scripts webgpu@0.6.2)';
const first = (n: number) => Array.from({ length: n }, (_, i) => i);

describe.skipIf(missing !== '')(`WebGPU in plain Node${missing}`, () => {
  it('agrees with wasm to 1e-3', async () => {
    const pool = gaussianPool(60, 64, 2, 'multilabel');
    const base = { ...pool.base, settings: { ...pool.base.settings, head: 'logistic' as const, folds: 2 } };
    const said: Float32Array[] = [];
    for (const backend of ['webgpu', 'wasm'] as const) {
      expect(unwrap(await startNodeBackend({ backend })).backend).toBe(backend);
      const prepared = unwrap(await prepare({ base, labels: answers(pool, first(30)) }, pool.rows));
      said.push((await fullRound(prepared, 1, '2026-01-01T00:00:00.000Z', new Map())).round.probabilities);
    }
    const [card = new Float32Array(), wasm = new Float32Array()] = said;
    expect(card.length).toBe(120);
    for (const [i, p] of card.entries()) expect(Math.abs(p - (wasm[i] ?? NaN))).toBeLessThan(1e-3);
  });

  it('a lost device loses no product', async () => {
    let device: GPUDevice | null = null;
    const candidate = webGpuCandidate(async () => keepDevice(await dawn(), (opened) => (device = opened)), { software: true });
    const taken: BackendChoice[] = [];
    const chosen = unwrap(await startBackend('auto', [candidate], (choice) => taken.push(choice)));
    expect(chosen).toMatchObject({ backend: 'webgpu', reason: expect.stringMatching(/chosen, self-test passed/) as string });
    const a = matrix(2, 2, Float32Array.of(1, 2, 3, 4));
    expect([...(await product(a, a)).data]).toEqual([7, 10, 15, 22]);
    const during = product(a, a);
    (device as GPUDevice | null)?.destroy();
    expect([...(await during).data]).toEqual([7, 10, 15, 22]);
    expect([...(await product(a, a)).data]).toEqual([7, 10, 15, 22]);
    expect(taken).toMatchObject([{ backend: 'cpu', reason: expect.stringMatching(/^webgpu failed in mid-run: /) as string }]);
  });

  it('memory that runs out is noticed: WebGPU itself would go on with zeros', async () => {
    let device: GPUDevice | null = null;
    const candidate = webGpuCandidate(async () => keepDevice(await dawn(), (opened) => (device = opened)), { software: true });
    const taken: BackendChoice[] = [];
    expect(unwrap(await startBackend('auto', [candidate], (choice) => taken.push(choice))).backend).toBe('webgpu');
    const a = matrix(2, 2, Float32Array.of(1, 2, 3, 4));
    const during = product(a, a);
    (device as GPUDevice | null)?.createBuffer({ size: 2 ** 40, usage: 128 });
    expect([...(await during).data]).toEqual([7, 10, 15, 22]);
    expect(taken).toMatchObject([{ backend: 'cpu' }]);
  });

  it('an adapter that computes on the processor is only taken when asked for', async () => {
    const chosen = unwrap(await startNodeBackend({ backend: 'auto' }));
    expect(chosen.backend).toBe('wasm');
    expect(chosen.reason).toMatch(/webgpu is not used: .*swiftshader.* computes on the processor/i);
  });
});

function keepDevice(gpu: GPU, keep: (device: GPUDevice) => void): GPU {
  return {
    requestAdapter: async (options: GPURequestAdapterOptions) => {
      const adapter = await gpu.requestAdapter(options);
      if (!adapter) return null;
      const request = adapter.requestDevice.bind(adapter);
      adapter.requestDevice = async (descriptor) => {
        const device = await request(descriptor);
        keep(device);
        return device;
      };
      return adapter;
    },
  } as unknown as GPU;
}
