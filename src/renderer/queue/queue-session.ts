import type { Id } from '../../contract/model';
import { Signal } from '../app/signal';

/** Where upcoming images come from. Read when a place is filled, never for a place that was shown. */
export interface QueueSource {
  /** The newest ranking, best first; empty while there is none. */
  ranked(): readonly Id[];
  /** All images in folder order: taken while there is no ranking, and after its end. */
  folder(): readonly Id[];
  /** Answered, put aside or failed: not offered. */
  done(image: Id): boolean;
  /** Kept for the audit: offered where the ranking asks for it, never in folder order. */
  reserved(image: Id): boolean;
  /** An answer to it was refused and is not saved yet: offered, whatever it was before. */
  unsaved(image: Id): boolean;
}

export interface QueueView {
  /** Images that were large in this session, in that order. */
  readonly shown: readonly Id[];
  /** Which of them is large now; -1 while there is none. */
  readonly at: number;
  /** The next images, already on screen in the filmstrip: they keep their places. */
  readonly next: readonly Id[];
}

/**
 * How many upcoming images are on the screen. What is on screen is never reshuffled, so this is also by how many answers
 * the queue lags behind the newest ranking.
 */
export const AHEAD = 3;

/** The person's way through the queue. A new ranking only fills places that nobody has seen. */
export class QueueSession {
  readonly view = new Signal<QueueView>({ shown: [], at: -1, next: [] });
  readonly #source: QueueSource;
  readonly #seen = new Set<Id>();
  /** Refused and not yet offered again. */
  readonly #returning = new Set<Id>();
  /** Everything in folder order before this place has been offered or is done. */
  #folderFrom = 0;

  constructor(source: QueueSource) {
    this.#source = source;
  }

  get current(): Id | null {
    const { shown, at } = this.view.get();
    return shown[at] ?? null;
  }

  /** Shows the first image when there is none, and fills empty places of the filmstrip. Moves nothing that is shown. */
  fill(): void {
    const { shown, at, next } = this.view.get();
    const kept = next.filter((image) => this.#open(image));
    for (const image of next) if (!kept.includes(image)) this.#seen.delete(image);
    while (kept.length < AHEAD) {
      const image = this.#pick();
      if (image === null) break;
      this.#seen.add(image);
      kept.push(image);
    }
    const first = kept[0];
    if (at < 0 && first !== undefined) {
      this.view.set({ shown: [first], at: 0, next: kept.slice(1) });
      this.fill();
    } else if (kept.length !== next.length || kept.some((image, i) => image !== next[i])) {
      this.view.set({ shown, at, next: kept });
    }
  }

  /** To the next image: forwards through what was shown, then to the first upcoming one. False at the end. */
  next(): boolean {
    this.fill();
    const { shown, at, next } = this.view.get();
    if (at + 1 < shown.length) {
      this.view.set({ shown, at: at + 1, next });
      this.#bringBack();
      return true;
    }
    const [image, ...rest] = next;
    if (image === undefined) return false;
    this.view.set({ shown: [...shown, image], at: shown.length, next: rest });
    this.#bringBack();
    this.fill();
    return true;
  }

  previous(): boolean {
    const { shown, at, next } = this.view.get();
    if (at <= 0) return false;
    this.view.set({ shown, at: at - 1, next });
    return true;
  }

  /** Shows an image from elsewhere (the grid, the filmstrip, undo). A shown one keeps its place; another comes after the last. */
  goTo(image: Id): void {
    const { shown, next } = this.view.get();
    const place = shown.indexOf(image);
    if (place >= 0) {
      this.view.set({ shown, at: place, next });
      return;
    }
    this.#seen.add(image);
    this.view.set({ shown: [...shown, image], at: shown.length, next: next.filter((other) => other !== image) });
    this.fill();
  }

  /** An answer to them was refused: those that were shown come again, before all others. */
  again(images: readonly Id[]): void {
    const { shown } = this.view.get();
    for (const image of images) if (shown.includes(image)) this.#returning.add(image);
    this.#bringBack();
  }

  /** The image that is large stays where it is: it comes again when the person has gone on. */
  #bringBack(): void {
    for (const image of this.#returning) {
      const { shown, at, next } = this.view.get();
      const place = shown.indexOf(image);
      if (place === at) continue;
      this.#returning.delete(image);
      if (place < 0 || !this.#source.unsaved(image)) continue;
      const first = next.findIndex((other) => !this.#source.unsaved(other));
      const split = first < 0 ? next.length : first;
      this.view.set({
        shown: shown.filter((other) => other !== image),
        at: place < at ? at - 1 : at,
        next: [...next.slice(0, split), image, ...next.slice(split)],
      });
    }
  }

  #open(image: Id): boolean {
    return this.#source.unsaved(image) || !this.#source.done(image);
  }

  #pick(): Id | null {
    const free = (image: Id) => !this.#seen.has(image) && this.#open(image);
    for (const image of this.#source.ranked()) if (free(image)) return image;
    const folder = this.#source.folder();
    // Answers in folder order would make each step look at all earlier images again.
    while (this.#folderFrom < folder.length) {
      const image = folder[this.#folderFrom];
      if (image !== undefined && free(image) && (!this.#source.reserved(image) || this.#source.unsaved(image))) return image;
      this.#folderFrom += 1;
    }
    return null;
  }

  /** After undo, or when images were added: earlier places of the folder may be free again. */
  rewind(): void {
    this.#folderFrom = 0;
    this.fill();
  }
}
