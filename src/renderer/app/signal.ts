import { useSyncExternalStore } from 'react';

export interface Readable<T> {
  readonly get: () => T;
  readonly subscribe: (listener: () => void) => () => void;
}

/** Listeners, called in the order in which they came. */
export class Listeners {
  readonly #all = new Set<() => void>();
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#all.add(listener);
    return () => {
      this.#all.delete(listener);
    };
  };
  notify(): void {
    for (const listener of this.#all) listener();
  }
}

/** A value that can be watched. Values are replaced, never changed in place. */
export class Signal<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Listeners();
  constructor(value: T) {
    this.#value = value;
  }
  readonly get = (): T => this.#value;
  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.subscribe(listener);
  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.#listeners.notify();
  }
  update(change: (value: T) => T): void {
    this.set(change(this.#value));
  }
}

export const useSignal = <T>(signal: Readable<T>): T => useSyncExternalStore(signal.subscribe, signal.get);
