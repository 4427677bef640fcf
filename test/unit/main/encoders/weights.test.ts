import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EncoderCard } from '../../../../src/contract/encoder-card';
import { fail, ok, type Result } from '../../../../src/contract/result';
import type { Weights } from '../../../../src/contract/weights';
import { setupWeights } from '../../../../src/main/encoders/weights';
import { content, giveFile, linked, startHost, type Host } from '../../download/host';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
let hub: Host;
let store: Host;
let profile = '';
let told: Weights[] = [];
let imported: string[] = [];
let outcome: Result<EncoderCard> = ok({ id: 'a'.repeat(64) } as EncoderCard);
const FILE = 'eva_x_small_patch16_merged520k_mim.pt';

beforeEach(async () => {
  [hub, store] = [await startHost(), await startHost()];
  profile = mkdtempSync(join(root, 'profile'));
  [told, imported, outcome] = [[], [], ok({ id: 'a'.repeat(64) } as EncoderCard)];
  hub.answer = (_, response) => response.writeHead(302, { ...linked(), location: `${store.url}/blob` }).end();
  store.answer = giveFile;
});
afterEach(async () => {
  await hub.close();
  await store.close();
});

const folder = () => join(profile, 'downloads');
/** As after a start of the app: nothing is in memory. */
function start(place = folder()) {
  const part = setupWeights({
    folder: place,
    mirror: () => hub.url,
    emit: (event, payload) => {
      if (event === 'weights') told.push(payload as Weights);
    },
    importFile: (checkpoint) => {
      imported.push(checkpoint);
      return Promise.resolve(outcome);
    },
  });
  const context = { signal: new AbortController().signal };
  const name = 'eva-x-small' as const;
  const listed = async () => {
    const list = await part['weights.list']?.({}, context);
    const found = list?.ok ? list.value.weights.find((each) => each.name === name) : undefined;
    if (!found) throw new Error('not listed');
    return found;
  };
  return {
    listed,
    get: () => part['weights.get']?.({ name }, context),
    pause: () => part['weights.pause']?.({ name }, context),
    discard: () => part['weights.discard']?.({ name }, context),
  };
}

describe('weights in the app', () => {
  test('nobody is asked before the click; then they come, are checked and imported, and both hosts are told', async () => {
    const weights = start();
    const before = await weights.listed();
    expect(before).toMatchObject({ state: 'absent', done: 0, total: 87e6, hosts: [], url: `${hub.url}/MapleF/eva_x/resolve/main/${FILE}` });
    expect(hub.seen).toEqual([]);
    expect(await weights.get()).toMatchObject({ ok: true });
    expect(imported).toEqual([join(folder(), FILE)]);
    expect(readFileSync(join(folder(), FILE)).equals(content)).toBe(true);
    expect(told.map(({ state }) => state)).toEqual(expect.arrayContaining(['asking', 'importing', 'whole']));
    expect(told.at(-1)).toMatchObject({ hosts: [hub.address, store.address], total: content.length });
    expect(told.at(-1)).toMatchObject({ state: 'whole', encoder: 'a'.repeat(64), failure: null });
    // What is here is not fetched again.
    const asked = hub.seen.length;
    expect(await weights.get()).toMatchObject({ ok: true });
    expect(hub.seen.length).toBe(asked);
  });

  test('paused, and gone on with after the app was started again, from the byte where it was', async () => {
    store.answer = (request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
      response.writeHead(200, { 'content-length': String(content.length - from) });
      response.write(content.subarray(0, 100_000));
    };
    const first = start();
    const getting = first.get();
    await vi.waitUntil(() => sizeOf(join(folder(), `${FILE}.part`)) === 100_000, 5000);
    await vi.waitUntil(() => told.some(({ state, done }) => state === 'running' && done === 100_000), 5000);
    await first.pause();
    expect(await getting).toMatchObject({ ok: false, failure: { code: 'stopped' } });
    expect(told.at(-1)).toMatchObject({ state: 'part', done: 100_000, total: content.length, failure: null });

    const second = start();
    expect(await second.listed()).toMatchObject({ state: 'part', done: 100_000, hosts: [hub.address, store.address] });
    store.answer = giveFile;
    expect(await second.get()).toMatchObject({ ok: true });
    expect(store.seen.at(-1)?.range).toBe('bytes=100000-');
  });

  test('a lie about the hash is told, and nothing stays', async () => {
    hub.answer = (_, response) => response.writeHead(302, { ...linked('b'.repeat(64)), location: `${store.url}/blob` }).end();
    const weights = start();
    expect(await weights.get()).toMatchObject({ ok: false, failure: { code: 'download-hash-differs' } });
    expect(await weights.listed()).toMatchObject({ state: 'absent', failure: { code: 'download-hash-differs' } });
    expect(readdirSync(folder())).toEqual([]);
    expect(imported).toEqual([]);
  });

  test('what passes is waited for in the open', async () => {
    let calls = 0;
    store.answer = (request, response) => (++calls === 1 ? giveFile(request, response, 150_000) : giveFile(request, response));
    const weights = start();
    expect(await weights.get()).toMatchObject({ ok: true });
    expect(told.find(({ state }) => state === 'retrying')).toMatchObject({ failure: { code: 'download-broken' } });
  }, 20_000);

  test('a file that is no checkpoint after all stays to be removed', async () => {
    outcome = fail('checkpoint-not-one', { file: FILE });
    const weights = start();
    expect(await weights.get()).toMatchObject({ ok: false });
    expect(await weights.listed()).toMatchObject({ state: 'whole', failure: { code: 'checkpoint-not-one' } });
    await weights.discard();
    expect(await weights.listed()).toMatchObject({ state: 'absent', failure: null });
    expect(readdirSync(folder())).toEqual([]);
  });

  test('a full disk', async ({ skip }) => {
    const disk = join(profile, 'disk');
    mkdirSync(disk);
    skip(!mount(disk), 'a small disk cannot be mounted here');
    try {
      const weights = start(disk);
      expect(await weights.get()).toMatchObject({ ok: false, failure: { code: 'disk-full' } });
      expect((await weights.listed()).state).toBe('part');
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

const sizeOf = (file: string) => (existsSync(file) ? statSync(file).size : 0);

function mount(folder: string): boolean {
  if (!existsSync('/proc/mounts')) return false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
