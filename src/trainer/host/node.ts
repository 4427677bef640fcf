import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import type { Backend } from '../../contract/jobs/trainer';
import type { Result } from '../../contract/result';
import { startBackend, type BackendChoice } from '../tensors/backend';
import { wasmCandidate } from '../tensors/wasm';
import { webGpuCandidate } from '../tensors/webgpu';
import { dawn } from './dawn';
import { nativeCandidate } from './native';

export interface NodeBackendOptions {
  readonly backend: Backend;
  /** Where the three .wasm files of TensorFlow.js lie; without it they are looked for in node_modules. */
  readonly wasmFolder?: string;
  /** Folder of an installed tfjs-node-gpu or tfjs-node, where it is not a dependency that resolves. */
  readonly nodeBackend?: string | null;
  /** Told when another backend had to take over in mid-run. */
  readonly onFallback?: (choice: BackendChoice) => void;
}

/** Starts the tensor backend under Node or in an Electron utility process. */
export function startNodeBackend(options: NodeBackendOptions): Promise<Result<BackendChoice>> {
  // The wasm loader of TensorFlow.js is CommonJS and reads these even inside a bundle of ES modules, where they do not exist.
  const commonJs = globalThis as Record<string, unknown>;
  commonJs['__dirname'] ??= import.meta.dirname;
  commonJs['require'] ??= createRequire(import.meta.url);
  const native = nativeCandidate(options.backend === 'tfjs-node' ? 'tfjs-node' : 'tfjs-node-gpu', options.nodeBackend ?? null);
  // Whoever names a folder means the package that is in it.
  const wanted = options.backend.startsWith('tfjs-node') ? native.name : options.backend;
  // Inside Electron Dawn fails on V8's memory cage; there WebGPU has a host of its own (page.ts).
  const cards = process.versions['electron'] === undefined ? [webGpuCandidate(dawn, { software: wanted === 'webgpu' })] : [];
  const wasm = wasmCandidate(withSlash(options.wasmFolder ?? checkoutWasmFolder()));
  return startBackend(wanted, [native, ...cards, wasm], options.onFallback);
}

const withSlash = (folder: string) => (folder === '' || folder.endsWith('/') || folder.endsWith(sep) ? folder : folder + sep);

function checkoutWasmFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));
  } catch {
    return join(process.cwd(), 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');
  }
}
