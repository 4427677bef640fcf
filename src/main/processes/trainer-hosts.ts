import { app } from 'electron';
import type { z } from 'zod';
import { Backend, type trainerService, type TrainerService } from '../../contract/jobs/trainer';
import { ok, type Failure, type Result } from '../../contract/result';
import type { Ending } from '../../supervise/ending';
import type { Service, Supervised } from '../../supervise/supervised';

type Methods = (typeof trainerService)['methods'];
type Events = (typeof trainerService)['events'];
type Start = z.infer<Methods['start']['params']>;
type Started = z.infer<Methods['start']['result']>;
type Host = Supervised<TrainerService, Electron.MessagePortMain>;

/**
 * The trainer in the better of two hosts: the utility process, where TensorFlow's C library or wasm compute, or the hidden page, where
 * Chromium's WebGPU does. `start` asks both for their self-test and keeps one; to everybody else this is one service that was
 * started again when the host changed. The order is tfjs-node-gpu, WebGPU where it is faster than wasm, wasm.
 */
export class TrainerHosts implements Service<TrainerService> {
  readonly #utility: Host;
  readonly #page: Host;
  #current: Host;
  readonly #started = new Set<(after: Failure | null) => void>();
  /** Where a person has TensorFlow's C library, if they said so. */
  readonly #nodeFolder: () => string | null;
  /** Why the page is not asked any more. */
  #lost: string | null = null;

  constructor(utility: Host, page: Host, nodeFolder: () => string | null) {
    this.#nodeFolder = nodeFolder;
    this.#utility = utility;
    this.#page = page;
    this.#current = utility;
    for (const host of [utility, page]) {
      host.onStarted((after) => {
        if (host === this.#current) for (const listener of this.#started) listener(after);
      });
    }
    page.on('backend', ({ backend, reason }) => {
      if (backend === 'webgpu' || this.#current !== page) return;
      // Plain JavaScript has taken over there, so that nothing is lost; wasm in the other host is faster.
      this.#lost = reason;
      this.#moveTo(utility);
    });
  }

  get pid(): number | undefined {
    return this.#current.pid;
  }

  get ending(): Ending | null {
    return this.#current.ending;
  }

  onStarted(listener: (after: Failure | null) => void): () => void {
    this.#started.add(listener);
    if (this.#current.pid !== undefined) listener(null);
    return () => this.#started.delete(listener);
  }

  /** Of the host that is in use. */
  on<E extends keyof Events>(event: E, handler: (payload: z.infer<Events[E]>) => void): () => void {
    const stops = [this.#utility, this.#page].map((host) =>
      host.on(event, (payload) => {
        if (host === this.#current) handler(payload);
      }),
    );
    return () => stops.forEach((stop) => stop());
  }

  async call<M extends keyof Methods>(
    method: M,
    params: z.infer<Methods[M]['params']>,
    options?: { signal?: AbortSignal },
  ): Promise<Result<z.infer<Methods[M]['result']>>> {
    if (method === 'start') return (await this.#choose(params as Start)) as Result<z.infer<Methods[M]['result']>>;
    return this.#current.call(method, params, options);
  }

  start(): void {
    this.#current.start();
  }

  retry(): void {
    this.#current.retry();
  }

  /** Looks for the best host anew. */
  restart(): void {
    this.#utility.stop();
    this.#page.stop();
    this.#lost = null;
    this.#current = this.#utility;
    this.#utility.start();
  }

  close(): void {
    this.#utility.close();
    this.#page.close();
  }

  async #choose(asked: Start): Promise<Result<Started>> {
    const params = { ...asked, nodeBackend: asked.nodeBackend || this.#nodeFolder() };
    const forced = Backend.safeParse(process.env['COLLIMATE_BACKEND']).data;
    const wanted = forced ?? params.backend;
    if (this.#current === this.#page) {
      // It was started again: what was measured still holds.
      const again = await this.#page.call('start', { ...params, backend: wanted });
      if (again.ok && again.value.backend === 'webgpu') return again;
      this.#lost = again.ok ? again.value.reason : String(again.failure.params['reason'] ?? again.failure.code);
      this.#moveTo(this.#utility);
    }
    if (wanted === 'webgpu' && this.#lost === null) {
      const page = await this.#page.call('start', { ...params, backend: wanted });
      if (page.ok) this.#moveTo(this.#page);
      return page;
    }
    const utility = await this.#utility.call('start', { ...params, backend: wanted === 'webgpu' ? 'auto' : wanted });
    if (!utility.ok || utility.value.backend.startsWith('tfjs-node')) return utility;
    const page = this.#lost ?? (wanted === 'auto' ? await this.#tryPage(params, utility.value) : '');
    if (typeof page !== 'string') return ok(page);
    return ok({ ...utility.value, reason: [utility.value.reason, page].filter((part) => part !== '').join('; ') });
  }

  /** What the page offers, if it is the better host; otherwise why not. */
  async #tryPage(params: Start, utility: Started): Promise<Started | string> {
    if (!offersWebGpu()) return 'webgpu is not used: Chromium offers none on this system';
    const page = await this.#page.call('start', params);
    if (page.ok && page.value.backend === 'webgpu' && page.value.milliseconds < utility.milliseconds) {
      this.#moveTo(this.#page);
      return { ...page.value, reason: `${page.value.reason}; ${utility.backend} takes ${utility.milliseconds.toPrecision(2)} ms` };
    }
    this.#page.stop();
    // What is known now holds for this run of the app.
    this.#lost = page.ok
      ? page.value.backend === 'webgpu'
        ? `webgpu is not used: ${page.value.milliseconds.toPrecision(2)} ms for the same product`
        : page.value.reason
      : `webgpu is not used: ${String(page.failure.params['reason'] ?? page.failure.code)}`;
    return this.#lost;
  }

  #moveTo(host: Host): void {
    const before = this.#current;
    if (before === host) return;
    this.#current = host;
    before.stop();
    host.start();
  }
}

/** Chromium's own word, which spares a page where there is nothing to be had. */
function offersWebGpu(): boolean {
  const status = app.getGPUFeatureStatus() as unknown as Record<string, string>;
  return status['webgpu']?.startsWith('enabled') ?? false;
}
