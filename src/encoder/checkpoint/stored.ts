import type { TensorInfo } from './tensors';

/** What every format of checkpoint comes down to: named tensors, and the bytes of the storage in which one lies. */
export interface StoredTensors {
  readonly weights: ReadonlyMap<string, TensorInfo>;
  /** The whole storage, from its first element. Throws a FailureError (`checkpoint-corrupt`). */
  readonly storage: (info: TensorInfo) => Promise<Uint8Array>;
}

/** The pickle of EVA-X B has 20 kB; one with the whole state of an optimizer a few MB. */
export const MAX_PICKLE = 32 * 2 ** 20;
export const MAX_STORAGE = 2 ** 31;
