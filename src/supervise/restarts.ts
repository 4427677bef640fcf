import { BATCH } from '../contract/jobs/encoder';
import { fail, type Failure } from '../contract/result';

/** Ends of a process with one image at a time that are borne without a single further embedding. */
const FRUITLESS = 2;

/**
 * How the encoder is started again after its process ended unexpectedly, for which want of memory is the likeliest reason: each time with half
 * the batch. Given up when single images bring it down, too.
 */
export class Restarts {
  private size = BATCH;
  private fruitless = 0;
  private count = 0;

  /** Images that are to go through the model at once. */
  get batch(): number {
    return this.size;
  }

  /** The process ended; `progressed`: something was embedded since it was last started. True: start it again. */
  ended(progressed: boolean): boolean {
    this.count++;
    if (progressed) this.fruitless = 0;
    if (this.size === 1 && !progressed) this.fruitless++;
    this.size = Math.max(1, Math.floor(this.size / 2));
    return this.fruitless < FRUITLESS;
  }

  givenUp(): Failure {
    return fail('encoder-keeps-ending', { count: this.count }).failure;
  }

  /** What a person should know of it; empty where nothing happened. */
  get sentence(): string {
    if (this.count === 0) return '';
    const images = this.size === 1 ? 'one image at a time' : `${String(this.size)} images at a time`;
    const often = this.count === 1 ? 'once' : `${String(this.count)} times`;
    return `Its process ended unexpectedly ${often} and goes on with ${images}.`;
  }
}
