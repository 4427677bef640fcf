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

  /** Passes on the embeddings of `d` numbers that the trainer does not have yet; false where that failed or was given up. */
  async give(encoder: string, d: number, names: readonly string[], isOver: () => boolean): Promise<boolean> {
    const wanted = [...new Set(names)].filter((name) => !this.#handed.has(name));
    const rowsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / (4 * d)));
    for (let start = 0; start < wanted.length; start += rowsPerChunk) {
      const chunk = wanted.slice(start, start + rowsPerChunk);
      const fetched = await this.#processes.encoder.call('fetch', { names: chunk });
      if (!fetched.ok) return false;
      const put = await this.#processes.trainer.call('put', { encoder, d, names: chunk, rows: fetched.value.rows });
      if (!put.ok || isOver()) return false;
      for (const name of chunk) this.#handed.add(name);
    }
    return true;
  }
}
