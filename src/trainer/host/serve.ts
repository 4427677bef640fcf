import { trainerService, type TrainerService } from '../../contract/jobs/trainer';
import { serve, type Emit, type Port } from '../../contract/wire';
import { createTrainer, type TrainerOptions } from '../service';

/** The trainer behind one port. A bug in background work has no caller to answer: `onBug` is to end the process, which main starts again. */
export function serveTrainer(port: Port, startBackend: TrainerOptions['startBackend'], onBug: (error: unknown) => void): void {
  let emit: Emit<TrainerService> | null = null;
  const handlers = createTrainer({
    startBackend,
    emit: (event, payload) => emit?.(event, payload),
    onBug,
    now: () => new Date().toISOString(),
  });
  emit = serve(trainerService, port, handlers, onBug);
}
