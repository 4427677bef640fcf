import type { SnapshotBase } from '../contract/jobs/trainer';
import { fail, ok, type Result } from '../contract/result';
import { matrix, type Matrix } from './matrix';

/** Embeddings by encoder and name, as they are handed over in chunks. */
export class EmbeddingShelf {
  readonly #encoders = new Map<string, { readonly d: number; readonly rows: Map<string, Float32Array> }>();

  /** `rows` holds one embedding of d values for each name. */
  put(encoder: string, d: number, names: readonly string[], rows: Float32Array): Result<void> {
    const shelf = this.#encoders.get(encoder) ?? { d, rows: new Map<string, Float32Array>() };
    if (shelf.d !== d) return fail('embedding-foreign', { found: `${d} values`, expected: `${shelf.d} values` });
    if (rows.length !== names.length * d) {
      return fail('embedding-corrupt', { file: 'a message', reason: `${rows.length} values for ${names.length} embeddings of ${d}` });
    }
    if (!rows.every(Number.isFinite))
      return fail('embedding-corrupt', { file: 'a message', reason: 'it holds values that are not finite' });
    this.#encoders.set(encoder, shelf);
    names.forEach((name, i) => shelf.rows.set(name, rows.slice(i * d, (i + 1) * d)));
    return ok();
  }

  /** How many embeddings of the pool are not here. */
  missing({ encoder, embeddings }: SnapshotBase): number {
    const shelf = this.#encoders.get(encoder.id);
    return shelf?.d === encoder.d ? embeddings.filter((name) => !shelf.rows.has(name)).length : embeddings.length;
  }

  /** The pool [N, d] in the base's order; `missing` must be 0. */
  rows({ encoder, embeddings }: SnapshotBase): Matrix {
    const shelf = this.#encoders.get(encoder.id);
    const out = new Float32Array(embeddings.length * encoder.d);
    embeddings.forEach((name, i) => {
      const row = shelf?.rows.get(name);
      if (!row) throw new Error(`the embedding ${name} is not here`);
      out.set(row, i * encoder.d);
    });
    return matrix(embeddings.length, encoder.d, out);
  }
}
