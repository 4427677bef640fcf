import { startNodeBackend } from '../../../src/trainer/host/node';
import { unwrap } from '../../../src/contract/result';

/** Starts the tensor backend of this test file. */
export async function start(backend: 'wasm' | 'cpu' = 'wasm'): Promise<void> {
  unwrap(await startNodeBackend({ backend }));
}
