import { encoderService } from '../../contract/jobs/encoder';
import { unwrap } from '../../contract/result';
import { serve } from '../../contract/wire';
import { createEncoder } from '../../encoder/service';
import { ofThisProcess } from './ipc';
import { startImaging } from './imaging';

/**
 * Entry of the process in which the command line's encoder runs, with its own imaging: what the runtime or a driver may bring down is this process,
 * and the command starts it again. Arguments: PROFILE THREADS.
 */
const [profile = '', threads = '0'] = process.argv.slice(2);
const imaging = unwrap(startImaging(Number(threads)));
const encoder = createEncoder({ profile, imaging }, (event, payload) => emit(event, payload));
const emit = serve(encoderService, ofThisProcess(), encoder.handlers);

// Ctrl+C reaches the whole group; the command ends the work in good order.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => {
  void Promise.all([encoder.close(), imaging.close()]).finally(() => process.exit());
});
