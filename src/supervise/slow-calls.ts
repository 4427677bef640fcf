/** Calls that take longer are named in the log. */
const SLOW_MS = 2_000;
/** Each name once in so long, with how many there were since: a slow drive must not fill the log. */
const QUIET_MS = 300_000;

/** Writes down which calls of a service took long. */
export class SlowCalls {
  readonly #note: (text: string) => void;
  readonly #said = new Map<string, { at: number; since: number }>();

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  took(name: string, milliseconds: number, now = Date.now()): void {
    if (milliseconds < SLOW_MS) return;
    const said = this.#said.get(name);
    if (said && now - said.at < QUIET_MS) {
      said.since++;
      return;
    }
    const others = said && said.since > 0 ? `, and ${String(said.since)} more slow calls before it` : '';
    this.#note(`${name} took ${(milliseconds / 1000).toFixed(1)} s${others}`);
    this.#said.set(name, { at: now, since: 0 });
  }
}
