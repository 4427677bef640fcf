import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { BUILTIN_IDS, earlierIds } from '../../../../src/contract/encoder-identity';
import { unwrap } from '../../../../src/contract/result';
import { createEncoder } from '../../../../src/encoder/service';
import { takeOverEarlier } from '../../../../src/encoder/store/earlier';
import { FactsLog } from '../../../../src/encoder/store/facts';
import { EmbeddingStore } from '../../../../src/encoder/store/store';
import { factsOf, syntheticImaging } from '../tiles';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
const [id, electron, node] = BUILTIN_IDS;
const d = 3856;
const made = { batch: 8, provider: 'cpu', display: 0 } as const;
const row = (i: number) => new Float32Array(d).fill(i / 4);
const nameOf = (image: string) => createHash('sha256').update(image).digest('hex');
let profile = '';
beforeEach(() => (profile = mkdtempSync(join(root, 'profile-'))));
const storeOf = (encoder: string) => join(profile, 'embeddings', encoder);

/** Rows as they were kept under that id. */
async function keep(encoder: string, images: readonly string[]) {
  const store = unwrap(await EmbeddingStore.open(storeOf(encoder), { encoder, d, type: 'float16' }));
  images.forEach((image, i) => store.append(nameOf(image), row(i), made));
  unwrap(await store.close());
  const facts = await FactsLog.open(storeOf(encoder));
  images.forEach((image) => facts.add(nameOf(image), factsOf(image)));
  await facts.flush();
}

const opened = async () => unwrap(await EmbeddingStore.open(storeOf(id), { encoder: id, d, type: 'float16' }));

describe('what was kept under an earlier id of the built-in encoder', () => {
  test.each([electron, node])('%s: is there when the encoder is opened, and nothing is embedded again', async (earlier) => {
    await keep(earlier, ['a', 'b']);
    mkdirSync(join(profile, 'encoders', earlier), { recursive: true });
    writeFileSync(join(profile, 'encoders', earlier, 'encoder.json'), '{}');
    const { imaging, state } = syntheticImaging();
    const encoder = createEncoder({ profile, imaging }, () => undefined);
    const context = new AbortController();
    const { card } = unwrap(await encoder.handlers.open({ folder: 'builtin', provider: 'cpu', threads: 1 }, context));
    expect(card.id).toBe(id);
    expect(unwrap(await encoder.handlers.missing({ names: ['a', 'b', 'c'].map(nameOf) }, context))).toEqual([nameOf('c')]);
    expect(unwrap(await encoder.handlers.fetch({ names: [nameOf('b')] }, context)).rows).toEqual(row(1));
    const items = ['a', 'b'].map((image) => ({ key: image, source: { file: `/x/${image}`, frame: null } }));
    expect(unwrap(await encoder.handlers.embed({ items }, context))).toEqual({ done: 2, failed: 0 });
    expect(state.reads).toBe(0);
    unwrap(await encoder.close());
    expect(readdirSync(join(profile, 'embeddings'))).toEqual([id]);
    expect(readdirSync(join(profile, 'encoders'))).toEqual([id]);
  });

  test('comes together out of all of them, and a second time changes nothing', async () => {
    await keep(electron, ['a', 'b']);
    await keep(node, ['c', 'b', 'd']);
    await keep(id, ['e']);
    unwrap(await takeOverEarlier(profile, id));
    unwrap(await takeOverEarlier(profile, id));
    const store = await opened();
    expect(store.size).toBe(5);
    expect(unwrap(await store.fetch(['a', 'd', 'e'].map(nameOf)))).toEqual(Float32Array.from([...row(0), ...row(2), ...row(0)]));
    store.append(nameOf('f'), row(5), made);
    unwrap(await store.close());
    expect((await opened()).size).toBe(6);
    expect((await FactsLog.open(storeOf(id))).size).toBe(5);
    expect(earlierIds(id).map((earlier) => existsSync(storeOf(earlier)))).toEqual([false, false]);
  });

  test('is not lost where the move was interrupted between two files', async () => {
    await keep(node, ['a', 'b']);
    mkdirSync(storeOf(id));
    renameSync(join(storeOf(node), '000000.vectors'), join(storeOf(id), `000000-${node.slice(0, 8)}.vectors`));
    expect((await opened()).size).toBe(0);
    unwrap(await takeOverEarlier(profile, id));
    expect((await opened()).size).toBe(2);
  });

  test('rows of any other encoder stay what they are', async () => {
    const other = 'ab'.repeat(32);
    await keep(other, ['a']);
    unwrap(await takeOverEarlier(profile, id));
    unwrap(await takeOverEarlier(profile, other));
    expect(readdirSync(join(profile, 'embeddings'))).toEqual([other]);
    renameSync(storeOf(other), storeOf(id));
    expect((await opened()).size).toBe(0);
  });
});
