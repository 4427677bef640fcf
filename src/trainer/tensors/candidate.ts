import type { Backend } from '../../contract/jobs/trainer';

/** A backend that was loaded and registered with TensorFlow.js. */
export interface LoadedBackend {
  /** Its name there. */
  readonly registered: string;
  /** The device or version, for people. */
  readonly device?: string;
  /** Aborts, with the error as its reason, when results can no longer be trusted: a device that was lost, memory that ran out. */
  readonly broken?: AbortSignal;
}

/** A place where tensors could be computed on this host. */
export interface Candidate {
  readonly name: Exclude<Backend, 'auto'>;
  /** Throws with the reason, as half a sentence, where it cannot be used. */
  readonly load: () => Promise<LoadedBackend>;
  /** A graphics card behind a browser's interface: only worth its while where it is faster than the processor, which is measured. */
  readonly mustBeFaster?: boolean;
}
