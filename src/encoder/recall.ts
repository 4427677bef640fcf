import { Priority, type ImageFacts } from '../contract/jobs/imaging';
import { embeddingName, type EmbedItem } from '../contract/jobs/encoder';
import type { TileSource } from './tiles';
import type { EmbeddingStore } from './store/store';
import type { FactsLog } from './store/facts';

/** After so many images in a row that were not there, only every so many-th is looked for: what is new is not hashed twice. */
const MISSES = 32;

/** Finds images that are embedded already by their bytes, without decoding them. */
export class Recall {
  private misses = 0;
  private readonly imaging: TileSource;
  private readonly stores: readonly EmbeddingStore[];
  private readonly facts: FactsLog;
  private readonly signal: AbortSignal;
  private readonly empty: boolean;

  constructor(imaging: TileSource, stores: readonly EmbeddingStore[], facts: FactsLog, signal: AbortSignal) {
    this.imaging = imaging;
    this.stores = stores;
    this.facts = facts;
    this.signal = signal;
    // Rows that this job adds are of images that it does not meet again, but for copies.
    this.empty = facts.size === 0;
  }

  /** The image's facts, or null: it has to be read. */
  async factsOf({ source, thumbnail }: EmbedItem): Promise<ImageFacts | null> {
    if (this.empty || thumbnail) return null;
    if (this.misses >= MISSES && this.misses++ % MISSES !== 0) return null;
    const found = await this.imaging.identify({ source, priority: Priority.embedding }, { signal: this.signal });
    // What is wrong with the file is told by reading it.
    if (!found.ok) return null;
    const name = embeddingName(found.value.sha256, source.frame);
    const decoded = this.facts.get(name);
    if (!decoded || !this.stores.every((store) => store.has(name))) {
      this.misses++;
      return null;
    }
    this.misses = 0;
    const { notes = [], ...stated } = found.value;
    return { ...decoded, ...stated, notes: [...notes, ...(decoded.notes ?? [])] };
  }
}
