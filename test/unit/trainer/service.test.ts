import { describe, expect, it } from 'vitest';
import { trainerService, type Round, type TrainerService } from '../../../src/contract/jobs/trainer';
import { connect, serve, type Client, type Emit, type Port } from '../../../src/contract/wire';
import { startNodeBackend } from '../../../src/trainer/host/node';
import { createTrainer } from '../../../src/trainer/service';
import { proposeStates } from '../../../src/trainer/heads/tuned/propose';
import { tokenPool } from './heads/tuned/tokens';
import { answers, gaussianPool } from './pool';

/** Two ends that copy messages as Electron's ports do. */
function portPair(): [Port, Port] {
  const handlers: ((message: unknown) => void)[][] = [[], []];
  const end = (mine: number): Port => ({
    post: (message) => {
      const copy: unknown = structuredClone(message);
      setImmediate(() => handlers[1 - mine]?.forEach((handler) => handler(copy)));
    },
    onMessage: (handler) => {
      handlers[mine]?.push(handler);
    },
    onClose: () => undefined,
  });
  return [end(0), end(1)];
}

interface Trainer {
  client: Client<TrainerService>;
  rounds: Round[];
  bugs: unknown[];
  /** Resolves with the first round that satisfies `wanted`. */
  until: (wanted: (round: Round) => boolean) => Promise<Round>;
}

async function trainer(backend: 'wasm' | 'cpu' = 'wasm'): Promise<Trainer> {
  const [inside, outside] = portPair();
  const bugs: unknown[] = [];
  let emit: Emit<TrainerService> | null = null;
  const handlers = createTrainer({
    startBackend: (backend) => startNodeBackend({ backend }),
    emit: (event, payload) => emit?.(event, payload),
    onBug: (error) => bugs.push(error),
    now: () => '2026-01-01T00:00:00.000Z',
  });
  emit = serve(trainerService, inside, handlers, (error) => bugs.push(error));
  const client = connect(trainerService, outside, (error) => bugs.push(error));
  const rounds: Round[] = [];
  const waiting: (() => void)[] = [];
  client.on('round', (round) => {
    rounds.push(round);
    waiting.forEach((wake) => wake());
  });
  const until = (wanted: (round: Round) => boolean) =>
    new Promise<Round>((resolve) => {
      const look = () => {
        const found = rounds.find(wanted);
        if (found) resolve(found);
      };
      waiting.push(look);
      look();
    });
  const started = await client.call('start', { backend, wasmFolder: '', nodeBackend: null });
  expect(started).toMatchObject({ ok: true, value: { backend } });
  return { client, rounds, bugs, until };
}

const first = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('the trainer as a service', () => {
  it('goes from a pool to a queue, from labels to a head, and answers a new label at once and then in full', async () => {
    const pool = gaussianPool(200, 20, 2, 'multiclass');
    const { client, rounds, bugs, until } = await trainer();
    await client.call('put', { encoder: 'test', d: 20, names: pool.base.embeddings.slice(0, 120), rows: pool.rows.data.slice(0, 2400) });
    const early = await client.call('base', { snapshot: 1, base: pool.base, labels: [] });
    expect(early.ok ? '' : early.failure.params['reason']).toContain('80 embeddings');
    await client.call('put', { encoder: 'test', d: 20, names: pool.base.embeddings.slice(120), rows: pool.rows.data.slice(2400) });
    expect((await client.call('base', { snapshot: 2, base: pool.base, labels: [] })).ok).toBe(true);
    const cold = await until(({ snapshot }) => snapshot === 2);
    expect(cold).toMatchObject({ stage: 'cold', head: null });
    expect(cold.queue[0]?.reason.code).toBe('typical');

    await client.call('delta', { after: 2, snapshot: 3, labels: answers(pool, first(30)) });
    const full = await until(({ snapshot, stage }) => snapshot === 3 && stage === 'full');
    await client.call('delta', { after: 3, snapshot: 4, labels: answers(pool, [50], 'train', 30) });
    await until(({ snapshot, stage }) => snapshot === 4 && stage === 'full');
    expect(rounds.map(({ snapshot, stage }) => `${snapshot} ${stage}`)).toEqual(['2 cold', '3 full', '4 quick', '4 full']);
    expect(rounds.at(-1)?.queue.some(({ row }) => row === 50)).toBe(false);

    const head = await client.call('head', {});
    expect(head.ok && head.value.file.id).toBe(rounds.at(-1)?.head?.id);
    expect(head.ok && head.value.tensors['weight']?.shape).toEqual([2, 20]);
    expect(full.probabilities.length).toBe(400);
    const similar = await client.call('similar', { row: 3, count: 5 });
    expect(similar.ok && similar.value.length).toBe(5);
    expect(bugs).toEqual([]);
  });

  it('answers a gap in the deltas with a failure, so that a base is sent again', async () => {
    const pool = gaussianPool(40, 8, 2, 'multiclass');
    const { client } = await trainer();
    expect((await client.call('delta', { after: 1, snapshot: 2, labels: [] })).ok).toBe(false);
    await client.call('put', { encoder: 'test', d: 8, names: pool.base.embeddings, rows: pool.rows.data.slice() });
    await client.call('base', { snapshot: 5, base: pool.base, labels: [] });
    expect((await client.call('delta', { after: 4, snapshot: 6, labels: [] })).ok).toBe(false);
    expect((await client.call('delta', { after: 5, snapshot: 6, labels: [] })).ok).toBe(true);
  });

  it('works on the newest snapshot only, and ends where a lone base with all labels would', async () => {
    const pool = gaussianPool(400, 30, 3, 'multiclass');
    const { client, rounds, until } = await trainer();
    await client.call('put', { encoder: 'test', d: 30, names: pool.base.embeddings, rows: pool.rows.data.slice() });
    await client.call('base', { snapshot: 1, base: pool.base, labels: answers(pool, first(40)) });
    for (let i = 0; i < 12; i++) {
      await client.call('delta', { after: 1 + i, snapshot: 2 + i, labels: answers(pool, [40 + i], 'train', 40 + i) });
    }
    const streamed = await until(({ snapshot, stage }) => snapshot === 13 && stage === 'full');
    expect(rounds.filter(({ stage }) => stage === 'full').length).toBeLessThan(12);

    const alone = await trainer();
    await alone.client.call('put', { encoder: 'test', d: 30, names: pool.base.embeddings, rows: pool.rows.data.slice() });
    await alone.client.call('base', { snapshot: 13, base: pool.base, labels: answers(pool, first(52)) });
    const direct = await alone.until(({ stage }) => stage === 'full');
    const { milliseconds: _, ...expected } = direct;
    expect(streamed).toMatchObject(expected);
  });

  it('refuses embeddings that are not numbers or of another length', async () => {
    const { client } = await trainer();
    const nan = await client.call('put', { encoder: 'e', d: 2, names: ['a'], rows: Float32Array.of(1, NaN) });
    expect(nan.ok ? '' : nan.failure.code).toBe('embedding-corrupt');
    const short = await client.call('put', { encoder: 'e', d: 2, names: ['a', 'b'], rows: Float32Array.of(1, 2) });
    expect(short.ok ? '' : short.failure.code).toBe('embedding-corrupt');
  });

  it('fine-tunes beside the rounds: what wins proposes, is judged again with every label, and exports', async () => {
    const pool = tokenPool(300);
    const { client, bugs, until } = await trainer();
    const names = pool.base.embeddings;
    await client.call('put', { encoder: 'test', d: 24, names, rows: pool.rows.data.slice() });
    await client.call('base', { snapshot: 1, base: pool.base, labels: answers(pool, first(200)) });
    const linear = await until(({ stage }) => stage === 'full');
    expect(linear.head?.kind).not.toBe('attentive');

    const chunk = async (rows: number[]) => ({
      names: rows.map((row) => names[row] ?? ''),
      shape: [...pool.tokens.shape] as [number, number],
      bits: (await pool.tokens.read(rows)).slice(),
    });
    expect(await client.call('tune', {})).toMatchObject({ ok: false, failure: { code: 'embedding-missing' } });
    for (let from = 0; from < 200; from += 50) await client.call('putStates', await chunk(first(50).map((i) => from + i)));
    const stopped = new AbortController();
    const done: number[] = [];
    client.on('tuning', (event) => {
      done.push(event.done);
      stopped.abort();
    });
    expect(await client.call('tune', {}, { signal: stopped.signal })).toMatchObject({ ok: false, failure: { code: 'stopped' } });
    const tuned = await client.call('tune', {});
    expect(tuned).toMatchObject({ ok: true, value: { wins: true, labels: 200 } });
    expect((await client.call('tuneResult', {})).ok).toBe(false);
    for (let from = 0; from < 300; from += 50) await client.call('tuneScore', await chunk(first(50).map((i) => from + i)));
    const made = await client.call('tuneResult', {});
    if (!made.ok) throw new Error(made.failure.code);
    await client.call('tuneEnd', {});
    const base = { ...pool.base, tuned: made.value };
    await client.call('base', { snapshot: 2, base, labels: answers(pool, first(200)) });
    const used = await until(({ snapshot, stage }) => snapshot === 2 && stage === 'full');
    expect(used.head?.kind).toBe('attentive');
    const right = (round: Round) =>
      first(100).filter((i) => (round.probabilities[2 * (200 + i)] as number) > 0.5 === (pool.truth[200 + i] === 0)).length;
    expect(right(used)).toBeGreaterThan(Math.max(85, right(linear)));

    // Its file says the same as the round.
    const file = await client.call('head', {});
    if (!file.ok) throw new Error(file.failure.code);
    const said = await proposeStates(file.value, pool.tokens, pool.rows, first(300));
    said.forEach((p, i) => expect(p).toBeCloseTo(used.probabilities[i] as number, 5));

    await client.call('delta', {
      after: 2,
      snapshot: 3,
      labels: answers(
        pool,
        first(20).map((i) => 200 + i),
        'train',
        200,
      ),
    });
    const quick = await until(({ snapshot, stage }) => snapshot === 3 && stage === 'quick');
    expect(quick.head?.kind).toBe('attentive');
    const full = await until(({ snapshot, stage }) => snapshot === 3 && stage === 'full');
    expect(full.head).toMatchObject({ kind: 'attentive', labels: { count: 220 } });
    expect(bugs).toEqual([]);

    // Another process, with another backend, says to the last bit what this one said.
    const again = await trainer('cpu');
    await again.client.call('put', { encoder: 'test', d: 24, names, rows: pool.rows.data.slice() });
    await again.client.call('base', { snapshot: 1, base, labels: answers(pool, first(200)) });
    const after = await again.until(({ stage }) => stage === 'full');
    expect(after.head).toEqual(used.head);
    expect(after.probabilities).toEqual(used.probabilities);
    expect(after.metrics.heads?.find((head) => head.used)).toEqual(used.metrics.heads?.find((head) => head.used));
    expect(again.bugs).toEqual([]);

    // Of other images it says nothing, and is refused.
    await again.client.call('base', { snapshot: 2, base: { ...base, embeddings: names.toReversed() }, labels: [] });
    await again.client.call('base', { snapshot: 3, base: pool.base, labels: answers(pool, first(200)) });
    expect((await again.until(({ snapshot, stage }) => snapshot === 3 && stage === 'full')).head?.kind).toBe(linear.head?.kind);
    expect(String(again.bugs)).toContain('made on other images');
  }, 120_000);
});
