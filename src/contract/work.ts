import { z } from 'zod';
import { Failure } from './result';

/**
 * What goes on without anybody waiting for it. scan: the look at the project's folder; hash: comparing files by their contents; hand-over:
 * embeddings on their way to the trainer; round: fitting and ranking.
 */
export const Work = z.enum(['scan', 'hash', 'embed', 'hand-over', 'round', 'tune', 'thumbnail', 'export']);
export type Work = z.infer<typeof Work>;

/** Work that failed and has not succeeded since. */
export const WorkFailure = z.object({
  work: Work,
  failure: Failure,
  /** In a row. */
  times: z.int().positive(),
  /** When it is tried again by itself; null: when the person asks for it. */
  again: z.iso.datetime().nullable(),
});
export type WorkFailure = z.infer<typeof WorkFailure>;
