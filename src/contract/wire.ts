import { z } from 'zod';
import { Failure, FailureError, fail, type Result } from './result';

/**
 * Typed calls over a message port between processes. A service is declared once as schemas; both ends infer their
 * types from it. Messages are copied (structured clone): nothing is ever put into a transfer list, because a
 * transferred ArrayBuffer is lost on the way through Electron's main process.
 */
export interface Port {
  post(message: unknown): void;
  onMessage(handler: (message: unknown) => void): void;
  /** Called once when the other end is gone. */
  onClose(handler: () => void): void;
}

export interface MethodSpec {
  readonly params: z.ZodType;
  readonly result: z.ZodType;
}

export interface ServiceSpec {
  readonly name: string;
  readonly methods: Readonly<Record<string, MethodSpec>>;
  readonly events: Readonly<Record<string, z.ZodType>>;
}

type Methods<S extends ServiceSpec> = S['methods'];
type Events<S extends ServiceSpec> = S['events'];

/** The service as its implementer sees it. */
export type Handlers<S extends ServiceSpec> = {
  [M in keyof Methods<S>]: (
    params: z.infer<Methods<S>[M]['params']>,
    context: { readonly signal: AbortSignal },
  ) => Promise<Result<z.infer<Methods<S>[M]['result']>>>;
};

export type Emit<S extends ServiceSpec> = <E extends keyof Events<S>>(event: E, payload: z.infer<Events<S>[E]>) => void;

/** The service as its caller sees it. */
export interface Client<S extends ServiceSpec> {
  call<M extends keyof Methods<S>>(
    method: M,
    params: z.infer<Methods<S>[M]['params']>,
    options?: { signal?: AbortSignal },
  ): Promise<Result<z.infer<Methods<S>[M]['result']>>>;
  on<E extends keyof Events<S>>(event: E, handler: (payload: z.infer<Events<S>[E]>) => void): () => void;
}

const Message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), id: z.int(), method: z.string(), params: z.unknown() }),
  z.object({ kind: z.literal('abort'), id: z.int() }),
  z.object({ kind: z.literal('value'), id: z.int(), value: z.unknown() }),
  z.object({ kind: z.literal('failure'), id: z.int(), failure: Failure }),
  z.object({ kind: z.literal('event'), event: z.string(), payload: z.unknown() }),
]);

/** Answers calls on `port`. A bug in a handler becomes `internal` with its stack as detail, and `onBug` hears of it. */
export function serve<S extends ServiceSpec>(
  spec: S,
  port: Port,
  handlers: Handlers<S>,
  onBug: (error: unknown) => void = () => undefined,
): Emit<S> {
  const running = new Map<number, AbortController>();
  port.onClose(() => running.forEach((controller) => controller.abort()));
  port.onMessage((raw) => {
    const parsed = Message.safeParse(raw);
    if (!parsed.success) return onBug(new Error(`${spec.name}: a message that is none: ${parsed.error.message}`));
    const message = parsed.data;
    if (message.kind === 'abort') return running.get(message.id)?.abort();
    if (message.kind === 'call') void answer(message.id, message.method, message.params);
  });

  async function answer(id: number, name: string, raw: unknown) {
    const controller = new AbortController();
    running.set(id, controller);
    let result: Result<unknown>;
    try {
      const method = spec.methods[name];
      const handler = handlers[name];
      const params = method?.params.safeParse(raw);
      if (!method || !handler || !params) result = fail('internal', { reason: `${spec.name} has no ${name}` });
      else if (!params.success) result = fail('internal', { reason: `wrong parameters for ${name}` }, params.error.message);
      else result = await handler(params.data as never, { signal: controller.signal });
    } catch (error) {
      if (error instanceof FailureError) result = { ok: false, failure: error.failure };
      else {
        onBug(error);
        result = fail('internal', { reason: `${spec.name}.${name} broke off` }, error instanceof Error ? error.stack : String(error));
      }
    }
    running.delete(id);
    port.post(result.ok ? { kind: 'value', id, value: result.value } : { kind: 'failure', id, failure: result.failure });
  }

  return (event, payload) => port.post({ kind: 'event', event, payload });
}

/** `how` says after "The ... process" what became of it. */
export const processGone = (name: string, how = 'ended unexpectedly') => fail('process-gone', { process: name, how });

/** Calls a service over `port`. When the other end goes away, every open call answers `process-gone`. */
export function connect<S extends ServiceSpec>(spec: S, port: Port, onBug: (error: unknown) => void = () => undefined): Client<S> {
  let next = 1;
  let closed = false;
  const open = new Map<number, (result: Result<unknown>) => void>();
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  const gone = () => processGone(spec.name);

  port.onClose(() => {
    closed = true;
    const waiting = [...open.values()];
    open.clear();
    for (const resolve of waiting) resolve(gone());
  });
  port.onMessage((raw) => {
    const parsed = Message.safeParse(raw);
    if (!parsed.success) return onBug(new Error(`${spec.name}: an answer that is none: ${parsed.error.message}`));
    const message = parsed.data;
    if (message.kind === 'event') {
      const payload = spec.events[message.event]?.safeParse(message.payload);
      if (!payload?.success) return onBug(new Error(`${spec.name}: wrong event ${message.event}: ${payload?.error.message ?? 'unknown'}`));
      listeners.get(message.event)?.forEach((listener) => listener(payload.data));
    } else if (message.kind === 'value' || message.kind === 'failure') {
      const resolve = open.get(message.id);
      open.delete(message.id);
      resolve?.(message.kind === 'value' ? { ok: true, value: message.value } : { ok: false, failure: message.failure });
    }
  });

  return {
    call(method, params, options) {
      if (closed) return Promise.resolve(gone());
      // An abort that came before would never be heard of, and the work would be done for nobody.
      if (options?.signal?.aborted === true) return Promise.resolve(fail('stopped'));
      const id = next++;
      return new Promise((resolve) => {
        const abort = () => port.post({ kind: 'abort', id });
        open.set(id, (result) => {
          options?.signal?.removeEventListener('abort', abort);
          resolve(result as never);
        });
        options?.signal?.addEventListener('abort', abort, { once: true });
        port.post({ kind: 'call', id, method, params });
      });
    },
    on(event, handler) {
      const name = String(event);
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(handler as (payload: unknown) => void);
      return () => set.delete(handler as (payload: unknown) => void);
    },
  };
}
