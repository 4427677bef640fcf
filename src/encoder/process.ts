import { constants, setPriority } from 'node:os';
import { encoderService } from '../contract/jobs/encoder';
import { imagingService, type ImagingService } from '../contract/jobs/imaging';
import { acceptPorts, type ParentPortLike } from '../contract/ports';
import { fail, type Result } from '../contract/result';
import { connect, processGone, serve, type Client } from '../contract/wire';
import type { TileSource } from './embed';
import { createEncoder } from './service';

/** Entry of the encoder utility process: serves the port "main", and calls imaging over the port "imaging". */
const { parentPort } = process as unknown as { parentPort: ParentPortLike };
const profile = process.env['COLLIMATE_PROFILE'];
if (profile === undefined) throw new Error('COLLIMATE_PROFILE does not say where the profile lies');

try {
  // The window and the person come first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // Not allowed everywhere; embedding then merely competes.
}

/** How long a read waits for imaging to come (again) before its image is given up. */
const PATIENCE_MILLISECONDS = 30_000;
const ATTEMPTS = 3;

let imaging: Client<ImagingService> | null = null;
const waiting = new Set<() => void>();

function whenConnected(signal: AbortSignal): Promise<Client<ImagingService> | null> {
  if (imaging || signal.aborted) return Promise.resolve(imaging);
  return new Promise((resolve) => {
    const done = () => {
      waiting.delete(done);
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve(imaging);
    };
    const timer = setTimeout(done, PATIENCE_MILLISECONDS);
    signal.addEventListener('abort', done, { once: true });
    waiting.add(done);
  });
}

/** Asks imaging; when it goes away in the middle, it is asked again after its restart. */
async function ask<T>(file: string, signal: AbortSignal, work: (client: Client<ImagingService>) => Promise<Result<T>>): Promise<Result<T>> {
  for (let attempt = 1; ; attempt++) {
    const client = await whenConnected(signal);
    if (!client) return processGone(imagingService.name, 'does not answer');
    const result = await work(client);
    if (result.ok || result.failure.code !== 'process-gone') return result;
    if (imaging === client) imaging = null;
    if (attempt === ATTEMPTS) return fail('decoder-crashed', { file });
  }
}

const tiles: TileSource = {
  read: (params, context) => ask(params.source.file, context.signal, (client) => client.call('read', params, context)),
  identify: (params, context) => ask(params.source.file, context.signal, (client) => client.call('identify', params, context)),
};

let emit: ReturnType<typeof serve<typeof encoderService>> | null = null;
const encoder = createEncoder({ profile, imaging: tiles }, (event, payload) => emit?.(event, payload));

acceptPorts(parentPort, (name, port) => {
  if (name === 'imaging') {
    imaging = connect(imagingService, port);
    waiting.forEach((resolve) => resolve());
  } else emit = serve(encoderService, port, encoder.handlers);
});
