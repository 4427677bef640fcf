import { ok } from '../contract/result';
import type { BridgePart } from './ipc';

/** One way to stop each of the jobs that a person starts and watches. */
export function setupJobs(stop: {
  sample: () => void;
  import: () => void;
  export: () => void;
  tune: () => void;
  speed: () => void;
  relink: () => void;
  custom: () => void;
}): BridgePart {
  return {
    'jobs.stop': ({ job }) => {
      stop[job]();
      return Promise.resolve(ok());
    },
  };
}
