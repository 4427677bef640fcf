import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../../contract/jobs/trainer';
import type { Result } from '../../contract/result';
import { startNodeBackend } from '../../trainer/host/node';
import type { BackendChoice } from '../../trainer/tensors/backend';
import { packageFolder } from '../package';
import type { Session } from '../session';

/** Starts TensorFlow.js. Its .wasm files lie among the package's resources where it was built, else in node_modules. */
export function startBackend(backend: Backend, { note }: Pick<Session, 'note'>): Promise<Result<BackendChoice>> {
  const built = join(packageFolder(), 'resources', 'tfjs-wasm');
  return startNodeBackend({
    backend,
    nodeBackend: process.env['COLLIMATE_TFJS_NODE'] ?? null,
    onFallback: (choice) => note(`collimate: ${choice.reason}; going on with ${choice.backend}.`),
    ...(existsSync(built) ? { wasmFolder: built } : {}),
  });
}
