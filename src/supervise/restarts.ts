import { BATCH } from '../contract/jobs/encoder';
import { fail, type Failure, type Result } from '../contract/result';
import { endingWords, wantsMemory, type Ending } from './ending';

/** Ends of a process with one image at a time that are borne without a single further embedding. */
const FRUITLESS = 2;

/**
 * With which batch the encoder is started again after its process ended: half of it where memory may have been short, the same where the
 * process ended by itself or did not start. Given up when it keeps ending without getting anything done.
 */
export class Restarts {
  private size = BATCH;
  private fruitless = 0;
  private count = 0;
  private how = '';

  /** Images that are to go through the model at once. */
  get batch(): number {
    return this.size;
  }

  /** The process ended; `progressed`: something was embedded since it was last started. True: start it again. */
  ended(progressed: boolean, ending: Ending | null = null): boolean {
    this.count++;
    this.how = ending ? endingWords(ending) : '';
    const smaller = ending === null || wantsMemory(ending);
    if (progressed) this.fruitless = 0;
    else if (this.size === 1 || !smaller) this.fruitless++;
    if (smaller) this.size = Math.max(1, Math.floor(this.size / 2));
    return this.fruitless < FRUITLESS;
  }

  givenUp(): Failure {
    const batch = this.size === 1 ? 'one image' : `${String(this.size)} images`;
    return fail('encoder-keeps-ending', { count: this.count, batch, how: this.how === '' ? '' : ` It ${this.how}.` }).failure;
  }

  /** What was learnt stays, but hope begins anew. */
  forgive(): void {
    this.fruitless = 0;
  }

  /** What a person should know of it; empty where nothing happened. */
  get sentence(): string {
    if (this.count === 0) return '';
    const images = this.size === 1 ? 'one image at a time' : `${String(this.size)} images at a time`;
    const often = this.count === 1 ? 'once' : `${String(this.count)} times`;
    const how = this.how === '' ? '' : ` ${this.count === 1 ? 'It' : 'The last time it'} ${this.how}.`;
    return `Its process ended unexpectedly ${often} and goes on with ${images}.${how}`;
  }
}

export interface Repeating {
  readonly restarts: Restarts;
  readonly signal?: AbortSignal;
  /** Grows with what was got done. */
  readonly done?: () => number;
  /** How the process ended; null where nobody knows. */
  readonly ending: () => Ending | null | Promise<Ending | null>;
  /** Before it is done again. */
  readonly onEnded?: () => Promise<void> | void;
}

/** Does `work` with the encoder's process, and again after each unexpected end of it while there is hope. */
export async function whileEnding<T>(
  work: (batch: number) => Promise<Result<T>>,
  { restarts, signal, done = () => 0, ending, onEnded }: Repeating,
): Promise<Result<T>> {
  for (;;) {
    const before = done();
    const result = await work(restarts.batch);
    // Imaging may be gone as well, of which the encoder tells: that says nothing of the encoder's batch.
    if (result.ok || result.failure.code !== 'process-gone' || result.failure.params['process'] === 'imaging') return result;
    const how = await ending();
    if (signal?.aborted === true) return fail('stopped');
    if (!restarts.ended(done() > before, how)) return { ok: false, failure: restarts.givenUp() };
    await onEnded?.();
  }
}
