import { FailureError } from '../../contract/result';

/** Starts the next backend after a failure of the one in use; false where there is none left. */
export type NextBackend = (error: unknown) => Promise<boolean>;

let next: NextBackend | null = null;
let generation = 0;
let falling: Promise<boolean> | null = null;

/** Grows whenever another backend takes over: tensors of an earlier one are gone. */
export const backendGeneration = () => generation;

export function setNextBackend(start: NextBackend | null): void {
  next = start;
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
      return await work();
    } catch (error) {
      if (error instanceof FailureError) throw error;
      if (generation === at) {
        falling ??= fall(error).finally(() => (falling = null));
        if (!(await falling)) throw error;
      }
    }
  }
}

async function fall(error: unknown): Promise<boolean> {
  if (!(await (next?.(error) ?? Promise.resolve(false)))) return false;
  generation++;
  return true;
}
