import type { Id } from '../../contract/model';

/** A finding of an image, or that the image is put aside. */
export type Asked = { readonly image: Id; readonly finding: Id | null };

/** What main has refused and what has not been saved since: until then the work is not saved. */
export class Unsaved {
  readonly #asked = new Map<Id, Set<Id | null>>();

  get images(): Id[] {
    return [...this.#asked.keys()];
  }

  has(image: Id): boolean {
    return this.#asked.has(image);
  }

  refused(asked: readonly Asked[]): void {
    for (const { image, finding } of asked) {
      const of = this.#asked.get(image) ?? new Set();
      of.add(finding);
      this.#asked.set(image, of);
    }
  }

  /** `whole`: what was saved answers the whole image, whatever was refused before. */
  saved(asked: readonly Asked[], whole: boolean): void {
    for (const { image, finding } of asked) {
      const of = this.#asked.get(image);
      if (!of) continue;
      of.delete(finding);
      of.delete(null);
      if (whole || of.size === 0) this.#asked.delete(image);
    }
  }

  forget(): void {
    this.#asked.clear();
  }
}
