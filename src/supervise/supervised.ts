import type { z } from 'zod';
import { fromMessagePort, type MessagePortLike } from '../contract/ports';
import type { Failure, Result } from '../contract/result';
import { connect, processGone, type Client, type ServiceSpec } from '../contract/wire';
import { endingWords, type Ending } from './ending';
import { pauseAfterEnd, SOUND_MS } from './pauses';
import { SlowCalls } from './slow-calls';

/** A process of ours that is spoken to over named ports. */
export interface Child<P extends MessagePortLike> {
  readonly pid: number | undefined;
  /** Hands in a port under a name that the process knows (contract/ports). */
  connect(name: string, port: P): void;
  kill(): void;
  /** Called once, however it ended. */
  onExit(handler: (ending: Ending) => void): void;
}

/** What a watched process is made with. */
export interface Host<P extends MessagePortLike> {
  readonly launch: () => Child<P>;
  /** The two ends of a new connection. */
  readonly channel: () => { readonly port1: P; readonly port2: P };
  readonly log: { readonly note: (text: string) => void; readonly bug: (error: unknown) => void };
}

/** A service in a process of its own, as those see it who use it. */
export interface Service<S extends ServiceSpec> extends Client<S> {
  /** Of the process that is running now; changes when it was started again. */
  readonly pid: number | undefined;
  /** How the last process ended that was not told to; null while none has. */
  readonly ending: Ending | null;
  /** Called after every start, the first one too (`after` null), else with how the process before it ended. */
  onStarted(listener: (after: Failure | null) => void): () => void;
  start(): void;
  /** Starts it now where it is left alone for a while after too many ends. */
  retry(): void;
}

/** A call waits for a process that is started again within this time; for a longer pause it does not. */
const PATIENCE_MS = 5_000;
/** The connection may break before the system says how the process ended. */
const ENDING_MS = 1_000;

/**
 * A process that is started on first need, watched, and started again when it ends unexpectedly, after pauses that grow (pauses.ts). A call that
 * was open when it ended answers `process-gone`; what to repeat is decided by whoever called.
 */
export class Supervised<S extends ServiceSpec, P extends MessagePortLike = MessagePortLike> implements Service<S> {
  readonly #spec: S;
  readonly #host: Host<P>;
  readonly #slow: SlowCalls;
  #child: Child<P> | null = null;
  #client: Client<S> | null = null;
  #closed = false;
  /** In a row: without a sound life between them. */
  #ends = 0;
  #begun = 0;
  /** Of the process before the next one. */
  #after: Failure | null = null;
  #pause: { readonly over: Promise<void>; readonly until: number; readonly end: () => void } | null = null;
  #told: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<{ event: keyof S['events']; handler: (payload: never) => void }>();
  readonly #started = new Set<(after: Failure | null) => void>();
  ending: Ending | null = null;

  constructor(spec: S, host: Host<P>) {
    this.#spec = spec;
    this.#host = host;
    this.#slow = new SlowCalls(host.log.note);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  onStarted(listener: (after: Failure | null) => void): () => void {
    this.#started.add(listener);
    if (this.#client) listener(null);
    return () => this.#started.delete(listener);
  }

  /** Hears the process that runs now and those that follow it. */
  on<E extends keyof S['events']>(event: E, handler: (payload: z.infer<S['events'][E]>) => void): () => void {
    const listener = { event, handler };
    this.#listeners.add(listener);
    const stop = this.#client?.on(event, handler);
    return () => {
      this.#listeners.delete(listener);
      stop?.();
    };
  }

  async call<M extends keyof S['methods']>(
    method: M,
    params: z.infer<S['methods'][M]['params']>,
    options?: { signal?: AbortSignal },
  ): Promise<Result<z.infer<S['methods'][M]['result']>>> {
    let client = this.#ensure();
    if (!client && this.#pause && this.#pause.until - Date.now() <= PATIENCE_MS) {
      await this.#pause.over;
      client = this.#ensure();
    }
    if (!client) return this.#gone();
    const begun = Date.now();
    const answer = await client.call(method, params, options);
    this.#slow.took(`${this.#spec.name}.${String(method)}`, Date.now() - begun);
    if (answer.ok || answer.failure.code !== 'process-gone' || answer.failure.params['process'] !== this.#spec.name) return answer;
    await this.#told;
    return this.#gone();
  }

  /** A port of its own to this process, under a name it knows (see acceptPorts). */
  port(name: string): P | null {
    this.#ensure();
    if (!this.#child) return null;
    const { port1, port2 } = this.#host.channel();
    this.#child.connect(name, port1);
    return port2;
  }

  /** Hands `port` (made by another process) to this one. */
  give(name: string, port: P): void {
    this.#ensure();
    this.#child?.connect(name, port);
  }

  start(): void {
    this.#ensure();
  }

  retry(): void {
    this.#ends = 0;
    this.#pause?.end();
  }

  /** For good: at quit. */
  close(): void {
    this.#closed = true;
    this.#child?.kill();
    this.#pause?.end();
  }

  /** Until it is needed again. */
  stop(): void {
    const child = this.#child;
    this.#child = null;
    this.#client = null;
    this.ending = null;
    child?.kill();
  }

  #gone() {
    return this.ending ? processGone(this.#spec.name, endingWords(this.ending)) : processGone(this.#spec.name);
  }

  #ensure(): Client<S> | null {
    if (this.#client || this.#closed || this.#pause) return this.#client;
    const child = this.#host.launch();
    this.#child = child;
    this.#begun = Date.now();
    let said: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (said = resolve));
    child.onExit((ending) => {
      this.#ended(child, ending);
      said();
    });
    const { port1, port2 } = this.#host.channel();
    child.connect('main', port1);
    const port = fromMessagePort(port2);
    const client = connect(this.#spec, port, this.#host.log.bug);
    // Before the calls that were open are answered, how it ended should be known.
    port.onClose(() => {
      this.#told = within(ENDING_MS, ended);
    });
    this.#client = client;
    for (const { event, handler } of this.#listeners) client.on(event, handler as (payload: unknown) => void);
    const after = this.#after;
    this.#after = null;
    for (const listener of this.#started) listener(after);
    return client;
  }

  #ended(child: Child<P>, ending: Ending): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#client = null;
    if (this.#closed) return;
    this.ending = ending;
    this.#after = this.#gone().failure;
    this.#ends = Date.now() - this.#begun >= SOUND_MS ? 1 : this.#ends + 1;
    const pause = pauseAfterEnd(this.#ends);
    const nth = this.#ends === 1 ? '' : `, ${String(this.#ends)} times in a row`;
    this.#host.log.note(
      `the ${this.#spec.name} process ${endingWords(ending)} (${ending.detail})${nth}; started again in ${String(pause / 1000)} s`,
    );
    this.#rest(pause);
  }

  #rest(milliseconds: number): void {
    let resolve: () => void = () => undefined;
    const over = new Promise<void>((done) => (resolve = done));
    const end = () => {
      clearTimeout(timer);
      this.#pause = null;
      this.#ensure();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    this.#pause = { over, until: Date.now() + milliseconds, end };
  }
}

function within(milliseconds: number, promise: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
