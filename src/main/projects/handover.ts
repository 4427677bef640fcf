import { fail, ok, type Result } from '../../contract/result';
import type { Processes } from '../processes';

/** One chunk of embeddings on its way from the encoder to the trainer: ports copy, and large messages stall main. */
const CHUNK_BYTES = 2 * 1024 * 1024;

/** Which embeddings the trainer has. */
export class Handover {
  readonly #processes: Pick<Processes, 'encoder' | 'trainer'>;
  #handed = new Set<string>();

  constructor(processes: Pick<Processes, 'encoder' | 'trainer'>) {
    this.#processes = processes;
  }

  /** The trainer was started again and has none. */
  forget(): void {
    this.#handed = new Set();
  }

  /**
   * Passes on the embeddings of `d` numbers that the trainer does not have yet. Answers the names of those that the store no longer holds:
   * damaged rows are found when they are read.
   */
  async give(encoder: string, d: number, names: readonly string[], isOver: () => boolean): Promise<Result<ReadonlySet<string>>> {
    const wanted = [...new Set(names)].filter((name) => !this.#handed.has(name));
    const rowsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / (4 * d)));
    const lost = new Set<string>();
    for (let start = 0; start < wanted.length; start += rowsPerChunk) {
      const fetched = await this.#fetch(wanted.slice(start, start + rowsPerChunk), lost);
      if (!fetched.ok) return fetched;
      const { names: chunk, rows } = fetched.value;
      const put = chunk.length === 0 ? ok() : await this.#processes.trainer.call('put', { encoder, d, names: chunk, rows });
      if (!put.ok) return put;
      if (isOver()) return fail('stopped');
      for (const name of chunk) this.#handed.add(name);
    }
    return ok(lost);
  }

  /** Those of the names that the store holds; what it lost is added to `lost`. */
  async #fetch(names: string[], lost: Set<string>): Promise<Result<{ names: string[]; rows: Float32Array<ArrayBuffer> }>> {
    const { encoder } = this.#processes;
    const fetched = await encoder.call('fetch', { names });
    if (fetched.ok) return ok({ names, rows: fetched.value.rows });
    if (fetched.failure.code !== 'embedding-corrupt' && fetched.failure.code !== 'embedding-missing') return fetched;
    const missing = await encoder.call('missing', { names });
    if (!missing.ok) return missing;
    // Nothing is lost, and yet it cannot be read.
    if (missing.value.length === 0) return fetched;
    for (const name of missing.value) lost.add(name);
    const left = names.filter((name) => !lost.has(name));
    return left.length === 0 ? ok({ names: [], rows: new Float32Array() }) : this.#fetch(left, lost);
  }
}
