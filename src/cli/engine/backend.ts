import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../../contract/jobs/trainer';
import type { Result } from '../../contract/result';
import { startNodeBackend } from '../../trainer/host/node';
import type { BackendChoice } from '../../trainer/tensors/backend';
import { packageFolder } from '../package';

/** Starts TensorFlow.js. Its .wasm files lie among the package's resources where it was built, else in node_modules. */
export function startBackend(backend: Backend): Promise<Result<BackendChoice>> {
  const built = join(packageFolder(), 'resources', 'tfjs-wasm');
  const nodeBackend = process.env['COLLIMATE_TFJS_NODE'] ?? null;
  return startNodeBackend({ backend, nodeBackend, ...(existsSync(built) ? { wasmFolder: built } : {}) });
}
