import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Dawn {
  create(flags: readonly string[]): GPU;
  readonly globals: Record<string, unknown>;
}

/**
 * WebGPU in plain Node: the npm package `webgpu` (Dawn). At 132 MB for all systems it is no dependency; it is used where somebody
 * installed it beside Collimate, or where COLLIMATE_WEBGPU names its folder.
 */
export async function dawn(): Promise<GPU> {
  const folder = process.env['COLLIMATE_WEBGPU'];
  const specifier = folder === undefined ? 'webgpu' : pathToFileURL(join(folder, 'index.js')).href;
  let loaded: Dawn;
  try {
    loaded = (await import(/* @vite-ignore */ specifier)) as Dawn;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
      throw new Error('the package webgpu is not installed', { cause: error });
    throw error;
  }
  Object.assign(globalThis, loaded.globals);
  const gpu = loaded.create([]);
  // TensorFlow.js looks for it there; Node 20 has no navigator at all.
  const holder = (globalThis as { navigator?: object }).navigator ?? {};
  Object.defineProperty(holder, 'gpu', { value: gpu, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: holder, configurable: true });
  return gpu;
}
