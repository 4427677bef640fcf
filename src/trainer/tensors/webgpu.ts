import * as tf from '@tensorflow/tfjs-core';
import type { Candidate, LoadedBackend } from './candidate';

/** How a host comes by WebGPU; throws with the reason where it cannot. */
export type FindGpu = () => Promise<GPU> | GPU;

interface WebGpuOptions {
  /** Take an adapter that computes on the processor: slower than wasm, but good enough to test with. */
  readonly software: boolean;
}

/** The graphics card by way of WebGPU, in a page or through Dawn. `find` must leave it at `navigator.gpu`, where TensorFlow.js looks. */
export const webGpuCandidate = (find: FindGpu, { software }: WebGpuOptions): Candidate => ({
  name: 'webgpu',
  mustBeFaster: !software,
  load: async () => register(await find(), software),
});

async function register(gpu: GPU, software: boolean): Promise<LoadedBackend> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('the system offers no graphics card for it');
  const device = nameOf(adapter.info);
  if (!software && isSoftware(adapter)) throw new Error(`${device} computes on the processor`);
  const { maxComputeWorkgroupStorageSize, maxComputeWorkgroupsPerDimension, maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const { maxComputeWorkgroupSizeX, maxComputeInvocationsPerWorkgroup } = adapter.limits;
  const opened = await adapter.requestDevice({
    requiredLimits: {
      maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension,
      maxStorageBufferBindingSize,
      maxBufferSize,
      maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup,
    },
  });
  // Loaded only here: without WebGPU nobody has to read these two megabytes.
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  if (tf.findBackend('webgpu')) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(opened, adapter.info));
  return { registered: 'webgpu', device, broken: brokenSignal(opened) };
}

/** WebGPU answers memory that ran out with zeros and an event, not with an exception. */
function brokenSignal(device: GPUDevice): AbortSignal {
  const controller = new AbortController();
  void device.lost.then(({ message }) => controller.abort(new Error(message || 'the device was lost')));
  device.addEventListener('uncapturederror', (event) => controller.abort(new Error(event.error.message)));
  return controller.signal;
}

const isSoftware = (adapter: GPUAdapter) => {
  // Moved from the adapter to its description in later drafts of the standard.
  const older = (adapter as unknown as { isFallbackAdapter?: boolean }).isFallbackAdapter;
  return (older ?? adapter.info.isFallbackAdapter) || /swiftshader|llvmpipe|basic render/i.test(nameOf(adapter.info));
};

function nameOf({ vendor, architecture, description, device }: GPUAdapterInfo): string {
  const parts = [description, device, architecture, vendor].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(', ') : 'an unnamed adapter';
}
