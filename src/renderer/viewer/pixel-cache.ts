import type { Id } from '../../contract/model';
import type { Result } from '../../contract/result';
import { fetchPixels, type DecodedImage } from './pixels';

type Loaded = Result<DecodedImage> | null;

interface Entry {
  readonly controller: AbortController;
  readonly loaded: Promise<Loaded>;
  bytes: number;
}

/** Large radiographs take 10 to 40 MB: some images back and forth, not the whole session. */
const LIMIT = 256 * 1024 * 1024;

/** The pixels of the images around the one that is shown. */
export class PixelCache {
  readonly #entries = new Map<Id, Entry>();
  readonly #url: (image: Id) => string;
  readonly #name: (image: Id) => string;

  constructor(url: (image: Id) => string, name: (image: Id) => string) {
    this.#url = url;
    this.#name = name;
  }

  get(image: Id): Promise<Loaded> {
    const known = this.#entries.get(image);
    if (known) {
      // Moves to the end: what was used last goes last.
      this.#entries.delete(image);
      this.#entries.set(image, known);
      return known.loaded;
    }
    const controller = new AbortController();
    const loaded = fetchPixels(this.#url(image), this.#name(image), controller.signal);
    const entry: Entry = { controller, loaded, bytes: 0 };
    this.#entries.set(image, entry);
    void loaded.then((result) => {
      entry.bytes = result?.ok ? result.value.samples.byteLength + (result.value.half?.byteLength ?? 0) : 0;
      // A failure is asked for again next time.
      if (!result?.ok && this.#entries.get(image) === entry) this.#entries.delete(image);
      this.#shrink();
    });
    return loaded;
  }

  /** Stops fetching what nobody is going to see. */
  keep(wanted: readonly Id[]): void {
    for (const [image, entry] of this.#entries) {
      if (entry.bytes === 0 && !wanted.includes(image)) {
        entry.controller.abort();
        this.#entries.delete(image);
      }
    }
  }

  #shrink(): void {
    let total = [...this.#entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [image, { bytes }] of this.#entries) {
      if (total <= LIMIT) return;
      this.#entries.delete(image);
      total -= bytes;
    }
  }
}
