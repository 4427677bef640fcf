import { z } from 'zod';
import { ErrorCode } from './errors';

/**
 * An expected failure: a code from the closed list, and the values its sentence needs.
 * It travels between processes; the sentence is made where a person reads it (catalogue.ts).
 */
export const Failure = z.object({
  code: ErrorCode,
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  /** Technical text for "copy details" and the log, never shown as the message. */
  detail: z.string().optional(),
});
export type Failure = z.infer<typeof Failure>;

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export function ok(): Result<void>;
export function ok<T>(value: T): Result<T>;
export function ok<T>(value?: T): Result<T | undefined> {
  return { ok: true, value };
}

export function fail(code: ErrorCode, params: Failure['params'] = {}, detail?: string): { ok: false; failure: Failure } {
  return { ok: false, failure: detail === undefined ? { code, params } : { code, params, detail } };
}

/** A failure carried through code that can only throw (callbacks, iterators). Caught at the next boundary by `attempt`. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(`${failure.code} ${JSON.stringify(failure.params)}`);
    this.failure = failure;
  }
}

export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new FailureError(result.failure);
}

/** Turns a thrown FailureError back into a value. Anything else is a bug and goes on upwards. */
export async function attempt<T>(work: () => Promise<T> | T): Promise<Result<T>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}
