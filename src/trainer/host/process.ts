import { trainerService, type TrainerService } from '../../contract/jobs/trainer';
import { acceptPorts, type ParentPortLike } from '../../contract/ports';
import { serve, type Emit } from '../../contract/wire';
import { createTrainer } from '../service';
import { startNodeBackend } from './node';

/** The entry of the trainer's utility process: main speaks to it over the port "main". */
const parent = (process as unknown as { parentPort?: ParentPortLike }).parentPort;
if (!parent) throw new Error('this runs as a utility process');

acceptPorts(parent, (name, port) => {
  if (name !== 'main') return;
  // A bug in background work has no caller to answer: it ends the process, which main logs and starts again.
  const onBug = (error: unknown) => {
    queueMicrotask(() => {
      throw error;
    });
  };
  let emit: Emit<TrainerService> | null = null;
  const handlers = createTrainer({
    startBackend: (backend, wasmFolder, nodeBackend, onFallback) =>
      startNodeBackend({ backend, nodeBackend, onFallback, ...(wasmFolder === '' ? {} : { wasmFolder }) }),
    emit: (event, payload) => emit?.(event, payload),
    onBug,
    now: () => new Date().toISOString(),
  });
  emit = serve(trainerService, port, handlers, onBug);
});
