import { ipcMain, type WebContents } from 'electron';
import type { z } from 'zod';
import { AS_TEXT, bridge, EVENT_CHANNEL, type BridgeService } from '../contract/bridge';
import { FailureError, fail, type Result } from '../contract/result';
import type { Emit, Handlers } from '../contract/wire';
import type { Log } from './log';
import { trusted } from './security';

/** The part of the bridge that one feature answers. */
export type BridgePart = Partial<Handlers<BridgeService>>;

/**
 * Registers one checked handler for every method of the bridge. A sender that is not our page is refused, parameters
 * are parsed, bugs are logged and answered as `internal`. The only importer of ipcMain.
 */
export function setupIpc(parts: readonly BridgePart[], log: Log): void {
  for (const [name, method] of Object.entries(bridge.methods)) {
    const found = parts.flatMap((part) => part[name as keyof BridgePart] ?? []);
    const [handler] = found;
    if (!handler || found.length > 1) throw new Error(`${name} has ${String(found.length)} handlers`);
    ipcMain.handle(name, (event, params: unknown) => {
      const frame = event.senderFrame;
      if (frame === null || frame.parent !== null || !trusted(frame.url)) {
        log.note(`refused ${name} from ${frame?.url ?? 'a frame that is gone'}`);
        return fail('refused');
      }
      const given = (raw: unknown) => answer(name, method.params, handler as AnyHandler, raw, log);
      return AS_TEXT.has(name) && typeof params === 'string'
        ? given(parsed(params)).then((result) => JSON.stringify(result))
        : given(params);
    });
  }
}

/** Undefined where it is no JSON, which no method takes. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type AnyHandler = (params: unknown, context: { signal: AbortSignal }) => Promise<Result<unknown>>;

async function answer(name: string, schema: z.ZodType, handler: AnyHandler, raw: unknown, log: Log): Promise<Result<unknown>> {
  const params = schema.safeParse(raw);
  if (!params.success) return fail('internal', { reason: `wrong parameters for ${name}` }, params.error.message);
  try {
    return await handler(params.data, { signal: new AbortController().signal });
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    log.bug(error);
    return fail('internal', { reason: `${name} broke off` }, error instanceof Error ? error.stack : String(error));
  }
}

/** Events to the page. Dropped while there is none: the page asks for the state when it starts. */
export function eventsTo(page: () => WebContents | null): Emit<BridgeService> {
  return (event, payload) => {
    const contents = page();
    if (contents && !contents.isDestroyed()) contents.send(EVENT_CHANNEL, event, payload);
  };
}
