import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { fail, ok } from '../../../src/contract/result';
import { connect, serve, type Port, type ServiceSpec } from '../../../src/contract/wire';

const arithmetic = {
  name: 'arithmetic',
  methods: {
    divide: { params: z.object({ a: z.number(), b: z.number() }), result: z.number() },
    wait: { params: z.object({}), result: z.string() },
    sum: { params: z.object({ values: z.instanceof(Float32Array) }), result: z.number() },
  },
  events: { ticked: z.object({ n: z.int() }) },
} as const satisfies ServiceSpec;

/** Two ports whose messages are copied, as between processes. */
function pair(): { a: Port; b: Port; cut: () => void } {
  const make = () => {
    const handlers: ((message: unknown) => void)[] = [];
    const closers: (() => void)[] = [];
    return { handlers, closers };
  };
  const [left, right] = [make(), make()];
  const port = (own: ReturnType<typeof make>, other: ReturnType<typeof make>): Port => ({
    post: (message) => {
      const copy = structuredClone(message);
      queueMicrotask(() => other.handlers.forEach((handler) => handler(copy)));
    },
    onMessage: (handler) => own.handlers.push(handler),
    onClose: (handler) => own.closers.push(handler),
  });
  return { a: port(left, right), b: port(right, left), cut: () => [...left.closers, ...right.closers].forEach((close) => close()) };
}

function setup(onBug = vi.fn()) {
  const { a, b, cut } = pair();
  const emit = serve(
    arithmetic,
    a,
    {
      divide: ({ a: x, b: y }) => Promise.resolve(y === 0 ? fail('wrong-use', { reason: 'No division by zero' }) : ok(x / y)),
      wait: (_params, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(fail('stopped')))),
      sum: ({ values }) => {
        if (values.length === 0) throw new Error('a bug');
        return Promise.resolve(ok(values.reduce((total, value) => total + value, 0)));
      },
    },
    onBug,
  );
  return { emit, client: connect(arithmetic, b), raw: b, cut, onBug };
}

describe('wire', () => {
  it('answers calls with values and with failures', async () => {
    const { client } = setup();
    expect(await client.call('divide', { a: 6, b: 3 })).toEqual(ok(2));
    expect(await client.call('divide', { a: 6, b: 0 })).toMatchObject({ ok: false, failure: { code: 'wrong-use' } });
    expect(await client.call('sum', { values: new Float32Array([1, 2, 3.5]) })).toEqual(ok(6.5));
  });

  it('refuses parameters that do not fit before the handler sees them', async () => {
    const { client } = setup();
    const answer = await client.call('divide', { a: 'six' as never, b: 3 });
    expect(answer).toMatchObject({ ok: false, failure: { code: 'internal', params: { reason: 'wrong parameters for divide' } } });
  });

  it('turns a bug into an answer with its stack, and reports it', async () => {
    const { client, onBug } = setup();
    const answer = await client.call('sum', { values: new Float32Array() });
    expect(answer).toMatchObject({ ok: false, failure: { code: 'internal' } });
    expect(answer.ok ? '' : answer.failure.detail).toContain('a bug');
    expect(onBug).toHaveBeenCalledOnce();
  });

  it('does not begin what was aborted before', async () => {
    const { client } = setup();
    const stop = new AbortController();
    stop.abort();
    expect(await client.call('wait', {}, { signal: stop.signal })).toMatchObject({ ok: false, failure: { code: 'stopped' } });
  });

  it('passes an abort on', async () => {
    const { client } = setup();
    const stop = new AbortController();
    const answer = client.call('wait', {}, { signal: stop.signal });
    stop.abort();
    expect(await answer).toMatchObject({ failure: { code: 'stopped' } });
  });

  it('answers process-gone for everything that was open when the other end went away, and from then on', async () => {
    const { client, cut } = setup();
    const open = client.call('wait', {});
    cut();
    expect(await open).toMatchObject({ failure: { code: 'process-gone', params: { process: 'arithmetic' } } });
    expect(await client.call('divide', { a: 1, b: 1 })).toMatchObject({ failure: { code: 'process-gone' } });
  });

  it('delivers events that fit, until they are no longer listened to', async () => {
    const { client, emit } = setup();
    const heard: number[] = [];
    const stop = client.on('ticked', ({ n }) => heard.push(n));
    emit('ticked', { n: 1 });
    emit('ticked', { n: 0.5 });
    await Promise.resolve();
    stop();
    emit('ticked', { n: 2 });
    await Promise.resolve();
    expect(heard).toEqual([1]);
  });

  it('reports messages that are none and goes on', async () => {
    const { client, raw, onBug } = setup();
    raw.post({ kind: 'call', id: 'one' });
    raw.post(null);
    await Promise.resolve();
    expect(onBug).toHaveBeenCalledTimes(2);
    expect(await client.call('divide', { a: 1, b: 2 })).toEqual(ok(0.5));
  });
});
