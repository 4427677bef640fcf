import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { sentence } from '../../../src/contract/catalogue';
import { fromMessagePort, type MessagePortLike } from '../../../src/contract/ports';
import { fail, ok } from '../../../src/contract/result';
import { serve, type Handlers, type ServiceSpec } from '../../../src/contract/wire';
import type { Ending } from '../../../src/supervise/ending';
import { Supervised, type Child } from '../../../src/supervise/supervised';

const adder = {
  name: 'adder',
  methods: { add: { params: z.object({ a: z.int() }), result: z.int() } },
  events: {},
} as const satisfies ServiceSpec;
const killed: Ending = { kind: 'killed', detail: 'SIGKILL' };

/** A port of Node under the name by which Electron's are known. */
function likeElectron(port: MessagePort): MessagePortLike {
  return {
    postMessage: (message) => port.postMessage(message),
    on: (event: 'message' | 'close', listener: (event: { data: unknown }) => void) =>
      port.on(event, (data: unknown) => (event === 'message' ? listener({ data }) : listener({ data: null }))),
    start: () => port.start(),
  };
}

class Processes {
  starts = 0;
  readonly notes: string[] = [];
  handlers: Handlers<typeof adder> = { add: ({ a }) => Promise.resolve(ok(a + 1)) };
  /** The process crashes as soon as it is started. */
  stillborn: Ending | null = null;
  #end: (ending: Ending) => void = () => undefined;
  #ports: MessagePort[] = [];
  readonly service = new Supervised(adder, {
    launch: (): Child<MessagePortLike> => {
      this.starts++;
      const pid = this.starts;
      let exit: (ending: Ending) => void = () => undefined;
      this.#end = (ending) => {
        for (const port of this.#ports.splice(0)) port.close();
        exit(ending);
      };
      if (this.stillborn) setTimeout(this.#end, 10, this.stillborn);
      return {
        pid,
        connect: (_name, port) => serve(adder, fromMessagePort(port), this.handlers),
        kill: () => this.#end(killed),
        onExit: (handler) => (exit = handler),
      };
    },
    channel: () => {
      const { port1, port2 } = new MessageChannel();
      this.#ports.push(port1);
      port1.unref();
      port2.unref();
      return { port1: likeElectron(port1), port2: likeElectron(port2) };
    },
    log: { note: (text) => this.notes.push(text), bug: (error) => this.notes.push(String(error)) },
  });

  end(ending: Ending): void {
    this.#end(ending);
  }
}

const MINUTE = 60_000;

describe('a process that is watched', () => {
  let processes: Processes;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    processes = new Processes();
  });
  afterEach(() => {
    processes.service.close();
    vi.useRealTimers();
  });
  const messages = () => new Promise((resolve) => setImmediate(resolve));

  it('starts when it is needed, and is started again at once after a first end', async () => {
    expect(processes.starts).toBe(0);
    expect(await processes.service.call('add', { a: 1 })).toEqual(ok(2));
    const heard: (string | null)[] = [];
    processes.service.onStarted((after) => heard.push(after && sentence(after)));
    processes.end({ kind: 'memory', detail: 'oom' });
    await vi.advanceTimersByTimeAsync(200);
    expect(processes.starts).toBe(2);
    expect(heard).toEqual([null, expect.stringContaining('The adder process ran out of memory.')]);
    expect(await processes.service.call('add', { a: 2 })).toEqual(ok(3));
  });

  it('a call that was open says how the process ended, and one in a short pause waits for the next process', async () => {
    processes.handlers = { add: () => new Promise(() => undefined) };
    const open = processes.service.call('add', { a: 1 });
    await messages();
    processes.end({ kind: 'crashed', detail: 'SIGSEGV' });
    await messages();
    expect(await open).toEqual(fail('process-gone', { process: 'adder', how: 'crashed (SIGSEGV)' }));
    processes.handlers = { add: ({ a }) => Promise.resolve(ok(a)) };
    const next = processes.service.call('add', { a: 7 });
    await vi.advanceTimersByTimeAsync(200);
    await messages();
    expect(await next).toEqual(ok(7));
  });

  it('that ends for ever is started 14 times in an hour, with a line each in the log, and calls fail meanwhile without starting it', async () => {
    processes.stillborn = { kind: 'exited', detail: 'code 1' };
    processes.service.start();
    for (let second = 0; second < 3600; second++) await vi.advanceTimersByTimeAsync(1000);
    expect(processes.starts).toBe(14);
    expect(processes.notes).toHaveLength(14);
    expect(await processes.service.call('add', { a: 1 })).toEqual(
      fail('process-gone', { process: 'adder', how: 'ended by itself (code 1)' }),
    );
    expect(processes.starts).toBe(14);
  });

  it('that ended six times within a minute works again: after a minute by itself, and at once when asked for', async () => {
    for (const asked of [false, true]) {
      processes = new Processes();
      processes.service.start();
      for (let n = 0; n < 6; n++) {
        processes.end(killed);
        await vi.advanceTimersByTimeAsync(n < 5 ? 6400 : 0);
      }
      expect(processes.service.pid).toBeUndefined();
      if (asked) processes.service.retry();
      else await vi.advanceTimersByTimeAsync(MINUTE);
      expect(processes.service.pid).toBe(7);
      expect(await processes.service.call('add', { a: 1 })).toEqual(ok(2));
    }
  });

  it('after a sound minute an end counts as the first one', async () => {
    processes.service.start();
    for (let n = 0; n < 20; n++) {
      await vi.advanceTimersByTimeAsync(MINUTE);
      processes.end(killed);
      await vi.advanceTimersByTimeAsync(200);
      expect(processes.starts).toBe(n + 2);
    }
  });

  it('slow calls are named in the log, each name once in five minutes with how many there were', async () => {
    processes.handlers = {
      add: async ({ a }) => {
        await new Promise((resolve) => setTimeout(resolve, 3000));
        return ok(a);
      },
    };
    for (let n = 0; n < 120; n++) {
      const call = processes.service.call('add', { a: n });
      await messages();
      await vi.advanceTimersByTimeAsync(3000);
      await messages();
      await call;
    }
    expect(processes.notes).toEqual(['adder.add took 3.0 s', 'adder.add took 3.0 s, and 99 more slow calls before it']);
  });
});
