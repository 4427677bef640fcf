import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BUILTIN_IDS } from '../../../../src/contract/encoder-identity';
import { unwrap } from '../../../../src/contract/result';
import { poolOf } from '../../../../src/cli/engine/pool';
import { writeFiles } from '../../../../src/files/publish';
import { embeddingFiles, readEmbeddings, type EmbeddingsCard } from '../../../../src/cli/tables/embeddings';
import type { IndexRow } from '../../../../src/cli/tables/index-table';

const encoder: EmbeddingsCard['encoder'] = {
  id: 'e'.repeat(64),
  name: 'An encoder',
  preprocessing: {
    tile: { crop: 'squash', resize: 128, size: 128, colour: 'luma', filter: 'pillow-bicubic' },
    normalise: { kind: 'image', epsilon: 0.001 },
  },
  pooling: 'mean',
  precision: 'fp32',
};
const empty = { frame: null, sha256: '', width: null, height: null, patient: '', study: '', view: '', message: '' };
const images: IndexRow[] = [
  { ...empty, path: 'a.png', status: 'ok', row: 1, sha256: 'a'.repeat(64), width: 3, height: 4, patient: 'p' },
  { ...empty, path: 'b.png', status: 'failed', row: null, message: 'b.png is damaged: "cut", it seems.' },
  { ...empty, path: 'c.dcm', frame: 0, status: 'ok', row: 0 },
  { ...empty, path: 'd.gif', status: 'skipped', row: null },
];
const made = [{ rows: 2, batch: 8, provider: 'cpu' }] as const;
const vectors = { rows: 2, columns: 2, data: Float32Array.of(1, 2, 3, 4) };

let folder = '';
const npy = () => join(folder, 'e.npy');
const csv = () => join(folder, 'e.csv');
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emb-'));
  unwrap(await writeFiles(embeddingFiles({ npy: npy(), index: csv() }, encoder, vectors, images, made)));
});
afterEach(() => rm(folder, { recursive: true }));

test('what was written is read again, and the pool follows the images', async () => {
  const read = unwrap(await readEmbeddings(npy(), csv()));
  expect(read.images).toEqual(images);
  expect(read.card).toMatchObject({ encoder, d: 2, count: 2, made });
  const pool = poolOf(read);
  expect(pool.images.map(({ path }) => path)).toEqual(['a.png', 'c.dcm']);
  expect([...pool.vectors.data]).toEqual([3, 4, 1, 2]);
});

test('an earlier id of the built-in encoder is read as the present one', async () => {
  for (const id of BUILTIN_IDS) {
    unwrap(await writeFiles(embeddingFiles({ npy: npy(), index: csv() }, { ...encoder, id }, vectors, images, made)));
    expect(unwrap(await readEmbeddings(npy(), csv())).card.encoder.id).toBe(BUILTIN_IDS[0]);
  }
});

test('an array whose bytes are not those of its card is refused', async () => {
  const bytes = await readFile(npy());
  bytes.writeFloatLE(5, bytes.length - 4);
  await writeFile(npy(), bytes);
  expect(await readEmbeddings(npy(), csv())).toMatchObject({ ok: false, failure: { code: 'array-invalid' } });
});

test('the index of other images with as many rows is refused', async () => {
  const other = images.map((image) => (image.row === null ? image : { ...image, sha256: String(image.row).repeat(64) }));
  const second = { npy: join(folder, 'f.npy'), index: join(folder, 'f.csv') };
  unwrap(await writeFiles(embeddingFiles(second, encoder, vectors, other, made)));
  expect((await readEmbeddings(second.npy, second.index)).ok).toBe(true);
  await writeFile(second.index, (await readFile(second.index, 'utf8')).replace('0'.repeat(64), '7'.repeat(64)));
  expect(await readEmbeddings(second.npy, second.index)).toMatchObject({
    ok: false,
    failure: { code: 'table-invalid', params: { reason: expect.stringContaining('not those that') as string } },
  });
});

test.each([
  ['a row twice', (text: string) => text.replace(',ok,,0', ',ok,,1'), 'named twice'],
  ['a row out of range', (text: string) => text.replace(',ok,,0', ',ok,,7'), 'not in the array'],
  ['a row that nobody names', (text: string) => text.replace(',ok,,0', ',failed,x,'), "1 of the array's 2"],
  ['an image twice', (text: string) => text.replace('b.png,', 'a.png,'), 'the same image'],
  ['an unknown status', (text: string) => text.replace('skipped', 'lost'), '"lost"'],
  ['a failed image with a row', (text: string) => text.replace('skipped,,', 'skipped,,1'), 'belongs to status ok'],
])('an index with %s is refused', async (_, damage, reason) => {
  await writeFile(csv(), damage(await readFile(csv(), 'utf8')));
  const params = { reason: expect.stringContaining(reason) };
  expect(await readEmbeddings(npy(), csv())).toMatchObject({ ok: false, failure: { code: 'table-invalid', params } });
});

test('without its card an array is not used', async () => {
  await rm(join(folder, 'e.json'));
  expect(await readEmbeddings(npy(), csv())).toMatchObject({ ok: false, failure: { code: 'array-invalid' } });
  await writeFile(join(folder, 'e.json'), '{"format":"other"}');
  expect(await readEmbeddings(npy(), csv())).toMatchObject({ ok: false, failure: { code: 'array-invalid' } });
});
