import { fail, FailureError } from '../contract/result';

/** Work goes on for so many milliseconds before waiting messages are let in. */
const SLICE = 25;
let resumed = 0;

/** Called between steps: lets waiting messages in now and then, and throws `stopped` where a newer snapshot made this work pointless. */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  if (performance.now() - resumed >= SLICE) {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
    resumed = performance.now();
  }
  if (signal?.aborted) throw new FailureError(fail('stopped').failure);
}
