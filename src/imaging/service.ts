import type { ImagingService } from '../contract/jobs/imaging';
import { Priority } from '../contract/jobs/imaging';
import { ok } from '../contract/result';
import type { Emit, Handlers } from '../contract/wire';
import { findingNames, makeSample } from './phantoms';
import type { Job } from './pool/job';
import { Pool, type PoolOptions } from './pool/pool';

export type Imaging = Handlers<ImagingService> & {
  /** Stops all threads; what is under way answers `stopped`. */
  close(): Promise<void>;
};

/** The imaging service over a pool of worker threads. Used by the utility process and directly under plain Node. */
export function createImaging(options: PoolOptions, emit: Emit<ImagingService> = () => undefined): Imaging {
  const pool = new Pool(options);
  return {
    read: ({ source, priority, tile, thumbnail, picture }, { signal }) => {
      const wanted = { ...(tile && { tile }), ...(thumbnail && { thumbnail }), ...(picture && { picture }) };
      const job: Job & { kind: 'read' } = { kind: 'read', source, ...wanted };
      return pool.run(job, priority, signal);
    },
    identify: ({ source, priority }, { signal }) => pool.run({ kind: 'identify', source }, priority, signal),
    pixels: ({ source, priority }, { signal }) => pool.run({ kind: 'pixels', source }, priority, signal),
    frames: (file, { signal }) => pool.run({ kind: 'frames', source: { ...file, frame: null } }, Priority.thumbnail, signal),
    hash: (file, { signal }) => pool.run({ kind: 'hash', source: { ...file, frame: null } }, Priority.thumbnail, signal),
    header: (file, { signal }) => pool.run({ kind: 'header', source: { ...file, frame: null } }, Priority.viewer, signal),
    sample: async (wish, { signal }) => {
      const made = await makeSample({ ...wish, format: 'png', signal, pool, onProgress: (done, total) => emit('drawn', { done, total }) });
      return made.ok ? ok({ ...made.value, findings: [...findingNames] }) : made;
    },
    close: () => pool.close(),
  };
}
