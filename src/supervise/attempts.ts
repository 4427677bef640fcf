import type { Failure } from '../contract/result';
import type { Work } from '../contract/work';
import type { Failures } from './failures';
import { pauseAfterFailure } from './pauses';

/** One kind of work that is tried again by itself after it failed, each time after a longer pause. */
export class Attempts {
  readonly #failures: Failures;
  readonly #work: Work;
  readonly #again: () => void;
  #times = 0;
  #pause: ReturnType<typeof setTimeout> | null = null;

  /** `again` starts the work anew; it ends in `failed` or `worked`. */
  constructor(failures: Failures, work: Work, again: () => void) {
    this.#failures = failures;
    this.#work = work;
    this.#again = again;
  }

  /** It failed and waits: whoever could start the work must leave it alone until then. */
  get resting(): boolean {
    return this.#pause !== null;
  }

  failed(failure: Failure): void {
    this.cancel();
    this.#times++;
    const pause = pauseAfterFailure(this.#times);
    this.#pause = setTimeout(() => {
      this.#pause = null;
      this.#again();
    }, pause);
    this.#failures.failed(this.#work, failure, Date.now() + pause);
  }

  worked(): void {
    this.cancel();
    this.#times = 0;
    this.#failures.worked(this.#work);
  }

  /** The person asks for it: at once, and as if it had never failed. */
  retry(): void {
    this.#times = 0;
    if (!this.resting) return;
    this.cancel();
    this.#again();
  }

  /** It is started by somebody else, or never again. */
  cancel(): void {
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = null;
  }
}
