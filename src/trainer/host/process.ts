import { acceptPorts, type ParentPortLike } from '../../contract/ports';
import { startNodeBackend } from './node';
import { serveTrainer } from './serve';

/** The entry of the trainer's utility process: main speaks to it over the port "main". */
const parent = (process as unknown as { parentPort?: ParentPortLike }).parentPort;
if (!parent) throw new Error('this runs as a utility process');

acceptPorts(parent, (name, port) => {
  if (name !== 'main') return;
  serveTrainer(
    port,
    (backend, wasmFolder, nodeBackend, onFallback) =>
      startNodeBackend({ backend, nodeBackend, onFallback, ...(wasmFolder === '' ? {} : { wasmFolder }) }),
    (error) => {
      queueMicrotask(() => {
        throw error;
      });
    },
  );
});
