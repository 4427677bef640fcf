import { FailureError } from '../../contract/result';

/** Starts the next backend after a failure of the one in use; false where there is none left. */
export type NextBackend = (error: unknown) => Promise<boolean>;

let next: NextBackend | null = null;
let broken: AbortSignal | null = null;
let generation = 0;
let falling: Promise<boolean> | null = null;

/** Grows whenever another backend takes over: tensors of an earlier one are gone. */
export const backendGeneration = () => generation;

/** `signal` aborts when what the backend now in use says can no longer be trusted, even where nothing is thrown. */
export function setNextBackend(start: NextBackend | null, signal: AbortSignal | null = null): void {
  next = start;
  broken = signal;
  generation++;
}

/**
 * Runs work on the backend in use. Where that fails in mid-run (a lost device, memory that ran out) the next backend takes over and the
 * work is done again there: the round goes on. The error is thrown where no backend is left. `work` must make its tensors itself.
 */
export async function onBackend<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    const at = generation;
    try {
      return await unlessBroken(work(), broken);
    } catch (error) {
      if (error instanceof FailureError) throw error;
      if (generation === at) {
        falling ??= fall(error).finally(() => (falling = null));
        if (!(await falling)) throw error;
      }
    }
  }
}

/** A lost device may answer with zeros, or never. */
async function unlessBroken<T>(work: Promise<T>, signal: AbortSignal | null): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  let stop = () => {};
  const breaking = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    const result = await Promise.race([work, breaking]);
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function fall(error: unknown): Promise<boolean> {
  return (await next?.(error)) ?? false;
}
