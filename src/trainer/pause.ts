import { fail, FailureError } from '../contract/result';

/** Lets waiting messages in, then throws `stopped` where a newer snapshot made this work pointless. */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 0);
  });
  if (signal?.aborted) throw new FailureError(fail('stopped').failure);
}
