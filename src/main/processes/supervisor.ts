import { MessageChannelMain } from 'electron';
import { fromMessagePort } from '../../contract/ports';
import { fail, type Result } from '../../contract/result';
import { connect, type Client, type ServiceSpec } from '../../contract/wire';
import type { z } from 'zod';
import type { Log } from '../log';
import type { Child, Launch } from './child';

/** Restarts within this time count together; after `LIMIT` of them the process stays down and says so. */
const WINDOW_MS = 60_000;
const LIMIT = 6;

/** A service in a process of its own, as those see it who use it. */
export interface Service<S extends ServiceSpec> extends Client<S> {
  /** Of the process that is running now; changes when it was started again. */
  readonly pid: number | undefined;
  /** Called after every start, the first one too: hand over what the process needs to go on. */
  onStarted(listener: () => void): () => void;
  start(): void;
}

/**
 * A process that is started on first need, watched, and started again when it ends unexpectedly. A call that
 * was open when it ended answers `process-gone`; what to repeat is decided by whoever called.
 */
export class Supervised<S extends ServiceSpec> implements Service<S> {
  readonly #spec: S;
  readonly #launch: Launch;
  readonly #log: Log;
  #child: Child | null = null;
  #client: Client<S> | null = null;
  #closed = false;
  #ends: number[] = [];
  readonly #listeners = new Set<{ event: keyof S['events']; handler: (payload: never) => void }>();
  readonly #started = new Set<() => void>();

  constructor(spec: S, launch: Launch, log: Log) {
    this.#spec = spec;
    this.#launch = launch;
    this.#log = log;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  onStarted(listener: () => void): () => void {
    this.#started.add(listener);
    if (this.#client) listener();
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

  call<M extends keyof S['methods']>(
    method: M,
    params: z.infer<S['methods'][M]['params']>,
    options?: { signal?: AbortSignal },
  ): Promise<Result<z.infer<S['methods'][M]['result']>>> {
    const client = this.#ensure();
    return client ? client.call(method, params, options) : Promise.resolve(fail('process-gone', { process: this.#spec.name }));
  }

  /** A port of its own to this process, under a name it knows (see acceptPorts). */
  port(name: string): Electron.MessagePortMain | null {
    this.#ensure();
    if (!this.#child) return null;
    const { port1, port2 } = new MessageChannelMain();
    this.#child.connect(name, port1);
    return port2;
  }

  /** Hands `port` (made by another process) to this one. */
  give(name: string, port: Electron.MessagePortMain): void {
    this.#ensure();
    this.#child?.connect(name, port);
  }

  start(): void {
    this.#ensure();
  }

  #ensure(): Client<S> | null {
    if (this.#client || this.#closed || this.#ends.length >= LIMIT) return this.#client;
    const child = this.#launch();
    this.#child = child;
    child.onExit((how) => this.#ended(child, how));
    const { port1, port2 } = new MessageChannelMain();
    child.connect('main', port1);
    const client = connect(this.#spec, fromMessagePort(port2), this.#log.bug);
    this.#client = client;
    for (const { event, handler } of this.#listeners) client.on(event, handler as (payload: unknown) => void);
    for (const listener of this.#started) listener();
    return client;
  }

  /** For good: at quit. */
  close(): void {
    this.#closed = true;
    this.#child?.kill();
  }

  /** Until it is needed again. */
  stop(): void {
    const child = this.#child;
    this.#child = null;
    this.#client = null;
    child?.kill();
  }

  #ended(child: Child, how: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#client = null;
    if (this.#closed) return;
    const now = Date.now();
    this.#ends = [...this.#ends.filter((time) => now - time < WINDOW_MS), now];
    this.#log.note(`${this.#spec.name} ended with ${how}, ${String(this.#ends.length)} times within a minute`);
    if (this.#ends.length < LIMIT) setTimeout(() => this.#ensure(), 200 * 2 ** (this.#ends.length - 1));
  }
}
