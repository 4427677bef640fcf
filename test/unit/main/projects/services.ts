import type { z } from 'zod';
import { fail, type Failure } from '../../../../src/contract/result';
import type { Emit, Handlers, ServiceSpec } from '../../../../src/contract/wire';
import type { Ending } from '../../../../src/supervise/ending';
import type { Service } from '../../../../src/supervise/supervised';

/**
 * A service that runs here instead of in a process of its own, made anew at every start, and that can be ended the way a
 * process ends: open calls answer process-gone and what it held is lost.
 */
export class LocalService<S extends ServiceSpec> implements Service<S> {
  readonly #make: (emit: Emit<S>) => Handlers<S>;
  readonly #listeners = new Set<{ event: keyof S['events']; handler: (payload: never) => void }>();
  readonly #started = new Set<(after: Failure | null) => void>();
  ending: Ending | null = null;
  readonly calls: (keyof S['methods'])[] = [];
  #handlers: Handlers<S> | null = null;
  #life = 0;

  constructor(make: (emit: Emit<S>) => Handlers<S>) {
    this.#make = make;
  }

  get pid(): number | undefined {
    return this.#handlers ? this.#life : undefined;
  }

  get listeners(): number {
    return this.#listeners.size + this.#started.size;
  }

  start(after: Failure | null = null): void {
    if (this.#handlers) return;
    const life = ++this.#life;
    this.#handlers = this.#make((event, payload) => {
      if (life === this.#life) for (const each of this.#listeners) if (each.event === event) each.handler(payload as never);
    });
    for (const listener of this.#started) listener(after);
  }

  /** As a crash does; the next start is immediate. */
  end(): void {
    this.#handlers = null;
    this.#life += 1;
    this.start(fail('process-gone').failure);
  }

  retry(): void {
    this.start();
  }

  onStarted(listener: (after: Failure | null) => void): () => void {
    this.#started.add(listener);
    if (this.#handlers) listener(null);
    return () => this.#started.delete(listener);
  }

  on<E extends keyof S['events']>(event: E, handler: (payload: z.infer<S['events'][E]>) => void): () => void {
    const listener = { event, handler: handler as (payload: never) => void };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async call<M extends keyof S['methods']>(method: M, params: z.infer<S['methods'][M]['params']>, options?: { signal?: AbortSignal }) {
    this.start();
    this.calls.push(method);
    const life = this.#life;
    const handler = this.#handlers?.[method];
    if (!handler) return fail('process-gone');
    const answer = await handler(structuredClone(params), { signal: options?.signal ?? new AbortController().signal });
    return life === this.#life ? answer : fail('process-gone');
  }
}
