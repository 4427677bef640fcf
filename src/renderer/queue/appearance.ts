import type { Id } from '../../contract/model';

/** Since when the image that is asked has been on the screen: nobody has read what has not been there for a moment. */
export class Appearance {
  readonly #now: () => number;
  #image: Id | null = null;
  #since: number | null = null;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Another image is to be shown. */
  begin(image: Id): void {
    this.#image = image;
    this.#since = null;
  }

  /** Its picture is there, small or large. */
  shown(image: Id): void {
    if (image === this.#image) this.#since ??= this.#now();
  }

  /** Milliseconds; null while there is no picture. */
  of(image: Id): number | null {
    return image === this.#image && this.#since !== null ? this.#now() - this.#since : null;
  }
}
