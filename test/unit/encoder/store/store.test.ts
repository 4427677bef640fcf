import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { embeddingName } from '../../../../src/contract/jobs/encoder';
import { unwrap } from '../../../../src/contract/result';
import { EmbeddingStore } from '../../../../src/encoder/store/store';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const newFolder = () => join(root, String(++count));

const encoder = 'ab'.repeat(32);
const made = { batch: 8, provider: 'cpu', display: 0 } as const;
const float32 = { encoder, d: 5, type: 'float32' } as const;
const nameOf = (i: number) => embeddingName(createHash('sha256').update(String(i)).digest('hex'), i % 3 === 0 ? i : null);
const row = (i: number, d = 5) => Float32Array.from({ length: d }, (_, k) => i + k / 4);

async function filled(folder: string, rows: number) {
  const store = unwrap(await EmbeddingStore.open(folder, float32));
  for (let i = 0; i < rows; i++) store.append(nameOf(i), row(i), made);
  unwrap(await store.close());
}

describe('the embedding store', () => {
  test('rows are found again after a restart, in the order asked for, repeated if asked twice', async () => {
    const folder = newFolder();
    await filled(folder, 20);
    const store = unwrap(await EmbeddingStore.open(folder, float32));
    expect(store.size).toBe(20);
    const order = [7, 3, 19, 3, 0];
    const rows = unwrap(await store.fetch(order.map(nameOf)));
    expect(rows).toEqual(Float32Array.from(order.flatMap((i) => [...row(i)])));
  });

  test('it knows what each row was made by, and begins a segment for rows that were made otherwise', async () => {
    const folder = newFolder();
    const store = unwrap(await EmbeddingStore.open(folder, float32));
    const gpu = { batch: 8, provider: 'webgpu', display: 0 } as const;
    const small = { batch: 4, provider: 'cpu', display: 0 } as const;
    for (const [i, how] of [made, gpu, made, small].entries()) store.append(nameOf(i), row(i), how);
    expect(store.madeBy(nameOf(1))).toEqual(gpu);
    unwrap(await store.close());
    expect(readdirSync(folder).filter((file) => file.endsWith('.names')).length).toBe(3);
    const again = unwrap(await EmbeddingStore.open(folder, float32));
    expect([0, 1, 2, 3, 4].map((i) => again.madeBy(nameOf(i)))).toEqual([made, gpu, made, small, null]);
    expect(unwrap(await again.fetch([3, 0].map(nameOf)))).toEqual(Float32Array.from([...row(3), ...row(0)]));
    await again.close();
  });

  test('a row of a later display rule goes before an earlier one, in whatever order they are written, now and after a restart', async () => {
    const folder = newFolder();
    await filled(folder, 3);
    const store = unwrap(await EmbeddingStore.open(folder, float32));
    const later = { ...made, display: 1 };
    store.append(nameOf(1), row(91), later);
    store.append(nameOf(2), row(92), made);
    const wanted = Float32Array.from([...row(0), ...row(91), ...row(2)]);
    expect(unwrap(await store.fetch([0, 1, 2].map(nameOf)))).toEqual(wanted);
    unwrap(await store.flush());
    store.append(nameOf(1), row(93), made);
    expect(unwrap(await store.fetch([0, 1, 2].map(nameOf)))).toEqual(wanted);
    unwrap(await store.close());
    const again = unwrap(await EmbeddingStore.open(folder, float32));
    expect([again.size, again.madeBy(nameOf(0)), again.madeBy(nameOf(1))]).toEqual([3, made, later]);
    expect(unwrap(await again.fetch([0, 1, 2].map(nameOf)))).toEqual(wanted);
  });

  test('rows not yet flushed can be fetched, mixed with others', async () => {
    const folder = newFolder();
    await filled(folder, 3);
    const store = unwrap(await EmbeddingStore.open(folder, float32));
    store.append(nameOf(50), row(50), made);
    expect(store.has(nameOf(50))).toBe(true);
    expect(unwrap(await store.fetch([nameOf(50), nameOf(1)]))).toEqual(Float32Array.from([...row(50), ...row(1)]));
  });

  test('a name that is missing is counted', async () => {
    const folder = newFolder();
    await filled(folder, 3);
    const store = unwrap(await EmbeddingStore.open(folder, float32));
    const result = await store.fetch([nameOf(0), nameOf(90), nameOf(91)]);
    expect(result.ok ? null : result.failure).toEqual({ code: 'embedding-missing', params: { count: 2 } });
  });

  test('float16 rows take half the room and give exactly what was rounded', async () => {
    const folder = newFolder();
    const format = { encoder, d: 100, type: 'float16' } as const;
    const store = unwrap(await EmbeddingStore.open(folder, format));
    const values = Float32Array.from({ length: 100 }, (_, i) => i / 64 - 0.5);
    store.append(nameOf(1), values, made);
    unwrap(await store.close());
    expect(statSync(join(folder, '000000.vectors')).size).toBe(200);
    const again = unwrap(await EmbeddingStore.open(folder, format));
    expect(unwrap(await again.fetch([nameOf(1)]))).toEqual(values);
  });

  for (const kind of ['names', 'vectors']) {
    test(`cut at every byte of the ${kind}, it opens with its whole rows and goes on`, async () => {
      const whole = newFolder();
      await filled(whole, 4);
      const length = statSync(join(whole, `000000.${kind}`)).size;
      for (let cut = 0; cut < length; cut++) {
        const folder = newFolder();
        mkdirSync(folder);
        for (const file of readdirSync(whole)) copyFileSync(join(whole, file), join(folder, file));
        truncateSync(join(folder, `000000.${kind}`), cut);
        const store = unwrap(await EmbeddingStore.open(folder, float32));
        const rows = kind === 'vectors' ? Math.floor(cut / 20) : Math.max(0, Math.floor((cut - 64) / 44));
        expect(store.size).toBe(rows);
        for (let i = 0; i < 4; i++) store.append(nameOf(i), row(i), made);
        unwrap(await store.close());
        const again = unwrap(await EmbeddingStore.open(folder, float32));
        expect(unwrap(await again.fetch([0, 1, 2, 3].map(nameOf)))).toEqual(Float32Array.from([0, 1, 2, 3].flatMap((i) => [...row(i)])));
      }
    });
  }

  describe('heals', () => {
    const all = [0, 1].map(nameOf);
    const whole = Float32Array.from([...row(0), ...row(1)]);

    /** What a project does that opens the store: reads everything, and embeds again what is lacking. Answers how often damage was told, and of how many rows. */
    async function use(folder: string): Promise<number[]> {
      const told: number[] = [];
      const store = unwrap(await EmbeddingStore.open(folder, float32, ({ count }) => told.push(count)));
      const lacking = all.filter((name) => !store.has(name));
      const read = lacking.length === 0 ? await store.fetch(all) : null;
      if (read) lacking.push(...all.filter((name) => !store.has(name)));
      // It says so exactly where it has lost something.
      expect(read?.ok === false ? read.failure.code : null).toBe(read && lacking.length > 0 ? 'embedding-corrupt' : null);
      for (const name of lacking) store.append(name, row(all.indexOf(name)), made);
      expect(unwrap(await store.fetch(all))).toEqual(whole);
      unwrap(await store.close());
      return told;
    }
    const copyOf = (folder: string) => {
      const copy = newFolder();
      mkdirSync(copy);
      for (const file of readdirSync(folder)) copyFileSync(join(folder, file), join(copy, file));
      return copy;
    };
    const flip = (file: string, at: number, by = 0x10) => {
      const bytes = readFileSync(file);
      bytes[at] = (bytes[at] ?? 0) ^ by;
      writeFileSync(file, bytes);
    };

    test.each(['000000.names', '000000.vectors'])(
      'a flipped byte anywhere in %s: the rows are as they were, the damage is told once, and it lasts',
      async (file) => {
        const folder = newFolder();
        await filled(folder, 2);
        const length = statSync(join(folder, file)).size;
        for (let at = 0; at < length; at++) {
          const copy = copyOf(folder);
          flip(join(copy, file), at);
          const told = await use(copy);
          // A header that is damaged takes its rows along.
          expect(told).toEqual(file === '000000.names' && at < 64 ? [2] : [1]);
          expect(await use(copy)).toEqual([]);
          expect(await use(copy)).toEqual([]);
          rmSync(copy, { recursive: true });
        }
      },
      240_000,
    );

    test('a flipped byte in the list of what is dead costs at most one more embedding', async () => {
      const folder = newFolder();
      await filled(folder, 2);
      flip(join(folder, '000000.vectors'), 25);
      await use(folder);
      for (let at = 0; at < statSync(join(folder, '000000.dead')).size; at++) {
        const copy = copyOf(folder);
        flip(join(copy, '000000.dead'), at, 0x01);
        await use(copy);
        expect(await use(copy)).toEqual([]);
      }
      // Nor does a list that is lost: of two rows of one name the newer counts.
      rmSync(join(folder, '000000.dead'));
      expect(await use(folder)).toEqual([]);
    });

    test('all rows of a damaged block are found at once, and those beside it are handed on', async () => {
      const folder = newFolder();
      await filled(folder, 40);
      for (let at = 10 * 20; at < 15 * 20; at++) flip(join(folder, '000000.vectors'), at);
      const told: number[] = [];
      const store = unwrap(await EmbeddingStore.open(folder, float32, ({ count }) => told.push(count)));
      const names = Array.from({ length: 40 }, (_, i) => nameOf(i));
      expect((await store.fetch(names)).ok).toBe(false);
      expect([told, names.filter((name) => !store.has(name))]).toEqual([[5], names.slice(10, 15)]);
      unwrap(await store.fetch(names.filter((name) => store.has(name))));
    });

    test('vectors that are gone are damage; a file that may not be read says nothing of its rows', async () => {
      const folder = newFolder();
      await filled(folder, 2);
      const store = unwrap(await EmbeddingStore.open(folder, float32));
      rmSync(join(folder, '000000.vectors'));
      mkdirSync(join(folder, '000000.vectors'));
      const unread = await store.fetch(all);
      expect(unread.ok ? null : unread.failure.code).toBe('file-unreadable');
      expect(store.has(all[0] ?? '')).toBe(true);
      rmSync(join(folder, '000000.vectors'), { recursive: true });
      expect((await store.fetch(all)).ok).toBe(false);
      expect(store.size).toBe(0);
    });
  });

  test('two writers at once lose nothing', async () => {
    const folder = newFolder();
    const stores = await Promise.all([1, 2].map(async () => unwrap(await EmbeddingStore.open(folder, float32))));
    for (let i = 0; i < 30; i++) {
      const store = stores[i % 2];
      store?.append(nameOf(i), row(i), made);
      if (i % 5 === 0) unwrap((await store?.flush()) ?? { ok: true, value: undefined });
    }
    for (const store of stores) unwrap(await store.close());
    const again = unwrap(await EmbeddingStore.open(folder, float32));
    expect(again.size).toBe(30);
    const all = Array.from({ length: 30 }, (_, i) => i);
    expect(unwrap(await again.fetch(all.map(nameOf)))).toEqual(Float32Array.from(all.flatMap((i) => [...row(i)])));
  });

  test('rows of another encoder or width are not taken for ours', async () => {
    const folder = newFolder();
    await filled(folder, 3);
    for (const format of [
      { ...float32, encoder: 'cd'.repeat(32) },
      { ...float32, d: 4 },
      { ...float32, type: 'float16' as const },
    ]) {
      expect(unwrap(await EmbeddingStore.open(folder, format)).size).toBe(0);
    }
  });

  test('a folder that cannot be made is a sentence', async () => {
    const file = newFolder();
    writeFileSync(file, '');
    const result = await EmbeddingStore.open(join(file, 'below'), float32);
    expect(result.ok ? null : result.failure.code).toBe('folder-not-writable');
  });

  test('rows stay pending while nothing can be written', async () => {
    const folder = newFolder();
    const store = unwrap(await EmbeddingStore.open(folder, float32));
    store.append(nameOf(1), row(1), made);
    rmSync(folder, { recursive: true });
    expect((await store.flush()).ok).toBe(false);
    mkdirSync(folder);
    unwrap(await store.flush());
    expect(unwrap(await EmbeddingStore.open(folder, float32)).size).toBe(1);
  });
});
