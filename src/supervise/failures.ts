import { sentence } from '../contract/catalogue';
import type { ErrorCode } from '../contract/errors';
import type { Failure } from '../contract/result';
import type { Work, WorkFailure } from '../contract/work';

/** What the next attempt usually makes good by itself: shown only when it does not. */
const passing: ReadonlySet<ErrorCode> = new Set(['process-gone']);
const SHOWN_FROM = 3;

/**
 * The last failure of each kind of work, until that work succeeds. Each is logged once, however often it comes back, and so is the end of it.
 */
export class Failures {
  readonly #note: (text: string) => void;
  readonly #onChange: () => void;
  readonly #last = new Map<Work, WorkFailure>();

  constructor(note: (text: string) => void, onChange: () => void) {
    this.#note = note;
    this.#onChange = onChange;
  }

  /** `again`: when it is tried again by itself, milliseconds since 1970; null where only the person can do that. */
  failed(work: Work, failure: Failure, again: number | null): void {
    if (failure.code === 'stopped') return;
    const before = this.#last.get(work);
    // By the code alone: counts and names of files differ from one attempt to the next.
    if (before?.failure.code !== failure.code)
      this.#note(`${work}: ${sentence(failure)}${failure.detail === undefined ? '' : ` (${failure.detail})`}`);
    this.#last.set(work, { work, failure, times: (before?.times ?? 0) + 1, again: again === null ? null : new Date(again).toISOString() });
    this.#onChange();
  }

  worked(work: Work): void {
    const before = this.#last.get(work);
    if (!before) return;
    this.#last.delete(work);
    this.#note(`${work}: works again after ${String(before.times)} ${before.times === 1 ? 'failure' : 'failures'}`);
    this.#onChange();
  }

  /** The person has seen it and wants to hear no more of it. */
  dismiss(work: Work): void {
    if (this.#last.delete(work)) this.#onChange();
  }

  /** What a person should see. */
  shown(): WorkFailure[] {
    return [...this.#last.values()].filter(
      ({ failure, times, again }) => again === null || times >= SHOWN_FROM || !passing.has(failure.code),
    );
  }
}
