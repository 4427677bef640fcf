const SPAN_MS = 8_000;

/** Items a second over the last seconds, and the time that so many more will take. */
export class Rate {
  #marks: { time: number; count: number }[] = [];
  readonly #now: () => number;
  readonly #enough: number;

  /** `enough`: that many items tell a rate before two seconds have passed. */
  constructor(now: () => number = Date.now, enough = 20) {
    this.#now = now;
    this.#enough = enough;
    this.reset();
  }

  reset(): void {
    this.#marks = [{ time: this.#now(), count: 0 }];
  }

  add(count: number): void {
    const now = this.#now();
    this.#marks.push({ time: now, count });
    // The first mark only opens the span: its count lies before it.
    while (this.#marks.length > 2 && now - (this.#marks[1]?.time ?? now) > SPAN_MS) this.#marks.shift();
  }

  /** Null until two seconds or enough items have passed. */
  perSecond(): number | null {
    const [first] = this.#marks;
    const last = this.#marks.at(-1);
    if (!first || !last) return null;
    const count = this.#marks.slice(1).reduce((sum, mark) => sum + mark.count, 0);
    const seconds = (last.time - first.time) / 1000;
    return (seconds < 2 && count < this.#enough) || seconds === 0 ? null : count / seconds;
  }

  secondsFor(count: number): number | null {
    const rate = this.perSecond();
    return rate === null || rate === 0 ? null : count / rate;
  }
}
