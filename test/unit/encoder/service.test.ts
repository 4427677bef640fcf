import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { embeddingName, type EmbeddedItem } from '../../../src/contract/jobs/encoder';
import { unwrap } from '../../../src/contract/result';
import { createEncoder, type Encoder } from '../../../src/encoder/service';
import { factsOf, syntheticImaging } from './tiles';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
const started: Encoder[] = [];
afterAll(async () => {
  for (const encoder of started) await encoder.close();
  rmSync(root, { recursive: true });
});
let count = 0;

async function start(profile = join(root, String(++count))) {
  const { imaging, state } = syntheticImaging();
  const events: EmbeddedItem[][] = [];
  const encoder = createEncoder({ profile, imaging }, (event, payload) => {
    if (event === 'embedded' && 'items' in payload) events.push(payload.items);
  });
  started.push(encoder);
  const never = new AbortController();
  const opened = unwrap(await encoder.handlers.open({ folder: 'builtin', provider: 'auto', threads: 1 }, never));
  const embed = (names: string[], signal = never.signal) =>
    encoder.handlers.embed(
      { items: names.map((name) => ({ key: `key of ${name}`, source: { file: `/x/${name}`, frame: null } })) },
      { signal },
    );
  const fetch = async (names: string[]) => {
    const known = names.map((name) => embeddingName(factsOf(name).sha256, null));
    return unwrap(await encoder.handlers.fetch({ names: known }, never)).rows;
  };
  return { profile, encoder, opened, embed, fetch, events, items: () => events.flat(), state, context: never };
}

const names = (n: number, from = 0) => Array.from({ length: n }, (_, i) => `image ${String(from + i)}`);

describe('the encoder service', () => {
  test('embeds every image once, reports each, and never asks for more than four batches at a time', async () => {
    const { opened, embed, items, state, fetch } = await start();
    expect(opened.card.kind).toBe('scattering');
    expect(opened.provider).toBe('cpu');
    expect(unwrap(await embed(names(150)))).toEqual({ done: 150, failed: 0 });
    expect(items().map(({ key }) => key)).toEqual(names(150).map((name) => `key of ${name}`));
    expect(state.most).toBeLessThanOrEqual(32);
    const rows = await fetch(names(150));
    expect(rows.length).toBe(150 * 3856);
    expect(new Set(Array.from({ length: 150 }, (_, i) => rows.slice(i * 3856, (i + 1) * 3856).join())).size).toBe(150);
  });

  test('a bad image is an item with its reason; the others go on', async () => {
    const { embed, items } = await start();
    const mixed = ['image 1', 'bad 2', 'image 3', 'bad 4'];
    expect(unwrap(await embed(mixed))).toEqual({ done: 2, failed: 2 });
    const bad = items().find(({ key }) => key === 'key of bad 2');
    expect(bad).toEqual({
      status: 'failed',
      key: 'key of bad 2',
      failure: { code: 'image-corrupt', params: { file: 'bad 2', reason: 'made so' } },
    });
  });

  test('after a restart nothing is computed twice, and equal files share one embedding', async () => {
    const first = await start();
    unwrap(await first.embed(names(40)));
    unwrap(await first.encoder.close());
    const second = await start(first.profile);
    unwrap(await second.embed([...names(50), 'image 45=copy']));
    const reused = second.items().filter((item) => item.status === 'ok' && item.reused);
    expect(reused.length).toBe(41);
    const missing = [...names(2), ...names(1, 99)].map((name) => embeddingName(factsOf(name).sha256, null));
    expect(unwrap(await second.encoder.handlers.missing({ names: missing }, second.context))).toEqual([missing[2]]);
  });

  test('what the store holds is not decoded again: its bytes are hashed, and new images are not hashed twice', async () => {
    const first = await start();
    unwrap(await first.embed(names(60)));
    expect(first.state).toMatchObject({ reads: 60, identified: 0 });
    const rows = await first.fetch(names(60));
    unwrap(await first.encoder.close());
    const second = await start(first.profile);
    const mixed = [...names(50), 'bad file', ...names(200, 1000), ...names(10, 50)];
    unwrap(await second.embed(mixed));
    // The bad file and the new ones; of the last ten, which come after many that were new, some are decoded.
    expect(second.state.reads).toBeGreaterThanOrEqual(201);
    expect(second.state.reads).toBeLessThanOrEqual(211);
    expect(second.state.identified).toBeLessThan(50 + 32 + 32 + 20);
    const facts = (list: EmbeddedItem[]) => list.flatMap((item) => (item.status === 'ok' ? [item.facts] : [])).slice(0, 50);
    expect(facts(second.items())).toEqual(facts(first.items()));
    expect(await second.fetch(names(60))).toEqual(rows);
  });

  test('the same image gives the same bits, whatever lies beside it', async () => {
    const one = await start();
    unwrap(await one.embed(names(70)));
    const other = await start();
    unwrap(await other.embed(['image 69']));
    expect(await other.fetch(['image 69'])).toEqual(await one.fetch(['image 69']));
  });

  test('an abort stops soon and keeps what was done', async () => {
    const { embed, items, fetch } = await start();
    const stop = new AbortController();
    const job = embed(names(500), stop.signal);
    while (items().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    const result = await job;
    expect(result.ok ? null : result.failure.code).toBe('stopped');
    const done = items().length;
    expect(done).toBeLessThan(500);
    expect((await fetch(names(done))).length).toBe(done * 3856);
  });

  test('a pause holds, and goes on where it was', async () => {
    const { encoder, embed, items, context } = await start();
    unwrap(await encoder.handlers.pause({ paused: true }, context));
    const job = embed(names(80));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(items()).toEqual([]);
    unwrap(await encoder.handlers.pause({ paused: false }, context));
    expect(unwrap(await job)).toEqual({ done: 80, failed: 0 });
  });

  test('an abort ends a pause', async () => {
    const { encoder, embed, context } = await start();
    unwrap(await encoder.handlers.pause({ paused: true }, context));
    const stop = new AbortController();
    const job = embed(names(5), stop.signal);
    stop.abort();
    const result = await job;
    expect(result.ok ? null : result.failure.code).toBe('stopped');
  });

  test('int8 is calibrated on the images that are named, those that can be read', async () => {
    const { encoder, context, profile } = await start();
    const checkpoint = join(profile, 'head-3.pth');
    writeFileSync(checkpoint, gunzipSync(readFileSync(resolve(import.meta.dirname, '../../reference/encoder/evax/head-3.pth.gz'))));
    const calibrate = [...names(6), 'bad 1'].map((name) => ({ file: `/x/${name}`, frame: null }));
    const request = { checkpoint, into: join(profile, 'encoders'), precision: 'int8' } as const;
    const named = { findings: ['a', 'b', 'c'], task: 'multilabel' } as const;
    const made = unwrap(await encoder.handlers.convert({ ...request, ...named, findings: [...named.findings], calibrate }, context));
    expect(made.card).toMatchObject({
      precision: 'int8',
      head: { findings: named.findings },
      quantisation: { calibrated: 3, measured: 3 },
    });
    const none = await encoder.handlers.convert({ ...request, calibrate: calibrate.slice(6) }, context);
    expect(none.ok ? null : none.failure.code).toBe('image-corrupt');
    const opened = unwrap(await encoder.handlers.open({ folder: made.folder, provider: 'auto', threads: 1 }, context));
    expect(opened).toMatchObject({ provider: 'cpu', reason: 'int8 is made for processors.' });
  });

  test('without an encoder every call says so', async () => {
    const { imaging } = syntheticImaging();
    const { handlers } = createEncoder({ profile: join(root, 'none'), imaging }, () => undefined);
    const context = new AbortController();
    const answers = [await handlers.embed({ items: [] }, context), await handlers.fetch({ names: [] }, context)];
    expect(answers.map((answer) => (answer.ok ? null : answer.failure.code))).toEqual(['encoder-missing', 'encoder-missing']);
    const wrong = await handlers.open({ folder: join(root, 'nowhere'), provider: 'auto', threads: 0 }, context);
    expect(wrong.ok ? null : wrong.failure.code).toBe('encoder-missing');
  });

  test('an encoder without a last block that can be trained says so', async () => {
    const { encoder, context } = await start();
    expect(await encoder.handlers.lastBlock({}, context)).toMatchObject({ ok: false, failure: { code: 'wrong-use' } });
  });

  test('another encoder is not opened under a job', async () => {
    const { encoder, embed, context } = await start();
    const job = embed(names(60));
    await new Promise((resolve) => setTimeout(resolve, 10));
    const other = await encoder.handlers.open({ folder: 'builtin', provider: 'cpu', threads: 2 }, context);
    expect(other.ok ? null : other.failure.code).toBe('wrong-use');
    unwrap(await job);
  });
});
