import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { openCheckpoint } from '../../../src/encoder/checkpoint/checkpoint';
import { decodeHalves } from '../../../src/contract/float16';
import { maxDifference, readNpy } from '../../unit/encoder/arrays';
import { collimate, rowsOf, shared, succeed, temporaryFolder } from './command';

const checkpoint = join(shared, 'fixtures/eva-x/micro-split.pt');
const { path: work, remove } = temporaryFolder();
afterAll(remove);

test('a checkpoint becomes an encoder that embeds', async ({ skip }) => {
  skip(!existsSync(checkpoint), '../shared/fixtures/eva-x is missing');
  const { id, d } = await succeed(work, 'convert', checkpoint, '--out', 'encoder');
  await succeed(work, 'sample', '--out', 'sample', '--count', '4');
  await succeed(work, 'embed', 'sample/images', '--encoder', 'encoder', '--out', 'e.npy', '--index', 'e.csv');
  expect(JSON.parse(await readFile(join(work, 'e.json'), 'utf8'))).toMatchObject({ d, count: 4, encoder: { id } });
});

/** A float16 array as NumPy reads it: header, then the values. */
async function readHalves(file: string) {
  const bytes = await readFile(file);
  const length = bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, 10 + length);
  const halves = new Uint16Array(Uint8Array.from(bytes.subarray(10 + length)).buffer);
  const values = new Float32Array(halves.length);
  decodeHalves(halves, values);
  return { header, values, sha256: createHash('sha256').update(bytes).digest('hex') };
}

test('tokens and block inputs go into arrays of their own, row for row with the embeddings', async ({ skip }) => {
  skip(!existsSync(checkpoint), '../shared/fixtures/eva-x is missing');
  const { d, id } = (await succeed(work, 'convert', checkpoint, '--out', 'with-tokens')) as { d: number; id: string };
  await succeed(work, 'sample', '--out', 'twice', '--count', '12');
  // Two equal files are two rows; a file that is cut short has no row.
  await copyFile(join(work, 'twice/images/P00002-1.png'), join(work, 'twice/images/copy.png'));
  await writeFile(join(work, 'twice/images/0-bad.png'), (await readFile(join(work, 'twice/images/P00002-1.png'))).subarray(0, 900));
  const embed = (...more: string[]) =>
    collimate(work, 'embed', 'twice/images', '--encoder', 'with-tokens', '--out', 'all.npy', '--index', 'all.csv', '--overwrite', ...more);
  const states = ['--tokens', 'tokens.npy', '--block-input', 'input.npy'];
  expect((await embed(...states, '--cache', 'kept')).code).toBe(3);
  const tokens = await readHalves(join(work, 'tokens.npy'));
  expect(tokens.header).toContain("'descr': '<f2', 'fortran_order': False, 'shape': (13, 196, 128)");
  expect(tokens.values.length).toBe(13 * 196 * d);
  expect(JSON.parse(await readFile(join(work, 'tokens.json'), 'utf8'))).toMatchObject({
    state: 'tokens',
    encoder: { id },
    shape: [13, 196, d],
    npySha256: tokens.sha256,
  });
  expect((await readHalves(join(work, 'input.npy'))).header).toContain('(13, 197, 128)');
  const rows = await rowsOf(join(work, 'all.csv'));
  const rowOf = (name: string) => Number(rows.find(({ path }) => path === name)?.['row']);
  const image = (name: string) => tokens.values.subarray(rowOf(name) * 196 * d, (rowOf(name) + 1) * 196 * d);
  expect(image('copy.png')).toEqual(image('P00002-1.png'));
  expect(image('copy.png')).not.toEqual(image('P00003-1.png'));

  // The embedding is the last LayerNorm of the tokens' mean.
  const { data } = readNpy(await readFile(join(work, 'all.npy')));
  const weights = unwrap(await openCheckpoint(checkpoint));
  const [gain, offset] = [unwrap(await weights.read('norm.weight')), unwrap(await weights.read('norm.bias'))];
  await weights.close();
  for (let row = 0; row < 13; row++) {
    const mean = Float64Array.from({ length: d }, (_, c) => {
      let sum = 0;
      for (let token = 0; token < 196; token++) sum += tokens.values[(row * 196 + token) * d + c] ?? NaN;
      return sum / 196;
    });
    const centre = mean.reduce((sum, v) => sum + v, 0) / d;
    const deviation = Math.sqrt(mean.reduce((sum, v) => sum + (v - centre) ** 2, 0) / d + 1e-6);
    const expected = Float32Array.from(mean, (v, c) => ((v - centre) / deviation) * (gain[c] ?? NaN) + (offset[c] ?? NaN));
    expect(maxDifference(data.subarray(row * d, (row + 1) * d), expected)).toBeLessThan(2e-3);
  }

  // Once more from the cache, and once without one: the same bytes.
  for (const more of [['--cache', 'kept'], []]) {
    expect((await embed(...states, ...more)).code).toBe(3);
    expect((await readHalves(join(work, 'tokens.npy'))).sha256).toBe(tokens.sha256);
  }
  const builtin = await collimate(
    work,
    'embed',
    'twice/images',
    '--encoder',
    'builtin',
    '--out',
    'b.npy',
    '--index',
    'b.csv',
    '--tokens',
    't.npy',
  );
  expect([builtin.code, builtin.stderr]).toEqual([2, expect.stringContaining('gives no tokens')]);
  expect(existsSync(join(work, 't.npy'))).toBe(false);

  // Shards put together are the whole, byte for byte. The first and the last have as many rows, so that only what they are of tells them apart.
  const shards = ['a', 'b', 'c'];
  for (const [at, name] of shards.entries()) {
    const out = ['--out', `${name}.npy`, '--index', `${name}.csv`, '--tokens', `${name}.tokens.npy`, '--block-input', `${name}.input.npy`];
    await collimate(work, 'embed', 'twice/images', '--encoder', 'with-tokens', '--shard', `${String(at + 1)}/3`, ...out);
  }
  const arrays = (kind: string, names = shards) => names.map((name) => `${name}.${kind}.npy`);
  const merge = (...more: string[]) =>
    collimate(work, 'merge', ...shards.map((name) => `${name}.npy`), '--out', 'm.npy', '--index', 'm.csv', ...more);
  const both = [
    '--tokens',
    'mt.npy',
    '--tokens-of',
    ...arrays('tokens'),
    '--block-input',
    'mi.npy',
    '--block-input-of',
    ...arrays('input'),
  ];
  for (const [more, reason] of [
    [['--tokens', 'mt.npy'], '--tokens and --tokens-of go together'],
    [['--tokens', 'mt.npy', '--tokens-of', 'a.tokens.npy'], 'names 1 arrays for 3 shards'],
    [['--tokens', 'mt.npy', '--tokens-of', ...arrays('tokens', ['c', 'b', 'a'])], 'its images are not those of the embeddings'],
    [['--tokens', 'mt.npy', '--tokens-of', ...arrays('input')], 'it holds blockInput, expected tokens'],
  ] as const) {
    const refused = await merge(...more);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(reason);
    expect(existsSync(join(work, 'm.npy'))).toBe(false);
  }
  expect(await merge(...both)).toMatchObject({ code: 0, json: { count: 13, shards: 3, tokens: 'mt.npy' } });
  for (const [one, merged] of [
    ['all', 'm'],
    ['tokens', 'mt'],
    ['input', 'mi'],
  ] as const)
    for (const kind of ['npy', 'json', ...(one === 'all' ? ['csv'] : [])])
      expect(await readFile(join(work, `${merged}.${kind}`))).toEqual(await readFile(join(work, `${one}.${kind}`)));
});
