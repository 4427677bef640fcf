import { createHash } from 'node:crypto';
import type { EncoderCard, Precision, Preprocessing } from '../contract/encoder-card';

/** The numbers of one weight under its name. */
export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What makes two encoders give different embeddings. The provider does not: float32 on any of them is one class. */
export interface Identity {
  readonly preprocessing: Preprocessing;
  readonly pooling: string;
  readonly precision: Precision;
  /** Of int8: the activation scales, which hang on the images that it was calibrated with. */
  readonly scales?: Float32Array;
}

/**
 * Encoder id: SHA-256 over the weights (sorted by name; name, shape, float32 bytes), then preprocessing, pooling, precision and scales. Weights
 * come one at a time, so that a large checkpoint is never held whole.
 */
export class IdentityHash {
  private readonly hash = createHash('sha256');
  private last = '';

  add({ name, shape, data }: NamedWeight): void {
    if (name <= this.last) throw new Error(`weights must come sorted by name: ${name} after ${this.last}`);
    this.last = name;
    this.hash.update(`${name}\0${shape.join(',')}\0`);
    this.hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** In place of weights: of the files that a model of somebody else consists of, in the order in which it names them, or of constants that are computed. */
  addDigest(sha256: string): void {
    this.hash.update(`file\0${sha256}\0`);
  }

  finish({ preprocessing, pooling, precision, scales }: Identity): string {
    const { tile, normalise } = preprocessing;
    const numbers = normalise.kind === 'image' ? [normalise.epsilon] : [normalise.mean, normalise.std].flat();
    // Written out field by field: the id must not hang on the order of the keys of an object.
    const fields = [tile.crop, tile.resize, tile.size, tile.colour, tile.filter, normalise.kind, ...numbers, pooling, precision];
    this.hash.update(`\0${JSON.stringify(fields)}`);
    if (scales) this.hash.update(new Uint8Array(scales.buffer, scales.byteOffset, scales.byteLength));
    return this.hash.digest('hex');
  }
}

/** The built-in encoder's values are exact as float16 (its graph rounds them); EVA-X keeps float32. */
export const storedAs = (card: EncoderCard): 'float16' | 'float32' => (card.kind === 'scattering' ? 'float16' : 'float32');
