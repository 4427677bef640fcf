import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import util from 'node:util';
import type { Backend } from '../../contract/jobs/trainer';
import type { Result } from '../../contract/result';
import { startBackend, type BackendChoice, type NativeBackend } from '../tensors/backend';

export interface NodeBackendOptions {
  readonly backend: Backend;
  /** Where the three .wasm files of TensorFlow.js lie; without it they are looked for in node_modules. */
  readonly wasmFolder?: string;
  /** Path of an installed tfjs-node-gpu or tfjs-node package, where it is not a dependency that resolves. */
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
  const gpu: NativeBackend = { name: 'tfjs-node-gpu', load: () => loadNative('@tensorflow/tfjs-node-gpu', options.nodeBackend) };
  const cpu: NativeBackend = { name: 'tfjs-node', load: () => loadNative('@tensorflow/tfjs-node', options.nodeBackend) };
  // tfjs-node without a GPU is only used when it is asked for: wasm is as fast for these sizes, and never has to be installed.
  const native = options.backend === 'tfjs-node' ? [cpu] : [gpu];
  return startBackend(options.backend, withSlash(options.wasmFolder ?? checkoutWasmFolder()), native, options.onFallback);
}

const withSlash = (folder: string) => (folder === '' || folder.endsWith('/') || folder.endsWith(sep) ? folder : folder + sep);

function checkoutWasmFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));
  } catch {
    return join(process.cwd(), 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');
  }
}

async function loadNative(name: string, path: string | null | undefined): Promise<string> {
  // Its code calls util.isNullOrUndefined, which Node 23 removed.
  const legacy = util as unknown as Record<string, unknown>;
  legacy['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  const require = createRequire(import.meta.url);
  try {
    require(path ?? name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')
      throw new Error('it is not installed', { cause: error });
    throw error;
  }
  return Promise.resolve('tensorflow');
}
