import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { collimate, contents, kermany, rowsOf, start, succeed, temporaryFolder } from './command';

const EMB = ['--embeddings', 'emb.npy', '--index', 'emb.csv'];
const OUT = ['--encoder', 'builtin', '--out', 'emb.npy', '--index', 'emb.csv'];

/** The class of an image of kermany224 is in its name. */
const classOf = (name: string) => (/bacteria/i.test(name) ? 'BACTERIA' : /virus/i.test(name) ? 'VIRUS' : 'NORMAL');

describe('the main job on real radiographs', () => {
  const { path: work, remove } = temporaryFolder();
  afterAll(remove);
  beforeEach(({ skip }) => skip(!existsSync(kermany), '../shared/data/cxr/kermany224 is missing'));
  const read = (name: string) => readFile(join(work, name));

  beforeAll(async () => {
    if (!existsSync(kermany)) return;
    const all = (await readdir(kermany)).sort();
    const chosen = ['NORMAL', 'BACTERIA', 'VIRUS'].flatMap((name) => all.filter((file) => classOf(file) === name).slice(0, 130));
    for (const name of chosen) {
      const folder = join(work, 'images', `ward ${String(name.length % 3)}`);
      await mkdir(folder, { recursive: true });
      // The name would give the class away to nobody here; the file is what counts.
      await copyFile(join(kermany, name), join(folder, name));
    }
    const whole = await readFile(join(kermany, chosen[0] ?? ''));
    await writeFile(join(work, 'images', 'cut.jpeg'), whole.subarray(0, whole.length / 3));
    await writeFile(join(work, 'images', 'no picture.png'), 'this is no picture');
    await writeFile(join(work, 'images', 'notes.txt'), 'notes');
    const embedded = await collimate(work, 'embed', 'images', ...OUT, '--cache', 'cache');
    if (embedded.code !== 3) throw new Error(embedded.stderr);
    const rows = (await rowsOf(join(work, 'emb.csv'))).filter(({ status }) => status === 'ok');
    const labelled = rows.filter((_, at) => at % 6 === 0).map(({ path = '' }) => `${path},${classOf(path)}`);
    await writeFile(join(work, 'labels.csv'), `path,label\n${labelled.join('\n')}\n`);
    await succeed(work, 'fit', ...EMB, '--labels', 'labels.csv', '--out', 'head');
    await succeed(work, 'propose', ...EMB, '--head', 'head', '--out', 'proposals.csv');
  });

  test('damaged files are rows with a sentence, and the rest is embedded', async () => {
    const rows = await rowsOf(join(work, 'emb.csv'));
    expect(rows.filter(({ status }) => status === 'ok')).toHaveLength(390);
    const failed = rows.filter(({ status }) => status === 'failed');
    expect(failed.map(({ path }) => path)).toEqual(['cut.jpeg', 'no picture.png']);
    for (const { message = '', path = '' } of failed) {
      expect(message).toMatch(/\./);
      expect(message).toContain(path);
      expect(message).not.toContain(work);
    }
    expect(rows.some(({ path }) => path === 'notes.txt')).toBe(false);
  });

  test('rows are in the order of the bytes of their paths, and numbered in it', async () => {
    const rows = await rowsOf(join(work, 'emb.csv'));
    const paths = rows.map(({ path = '' }) => path);
    expect(paths).toEqual(paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    expect(rows.flatMap(({ status, row }) => (status === 'ok' ? [Number(row)] : []))).toEqual(Array.from({ length: 390 }, (_, n) => n));
  });

  test('a second run with the cache, and one without, give the same bytes', async () => {
    const again = ['embed', 'images', '--encoder', 'builtin', '--out', 'again.npy', '--index', 'again.csv'];
    expect((await collimate(work, ...again, '--cache', 'cache')).code).toBe(3);
    for (const [a, b] of [
      ['emb.npy', 'again.npy'],
      ['emb.csv', 'again.csv'],
      ['emb.json', 'again.json'],
    ] as const)
      expect((await read(a)).equals(await read(b))).toBe(true);
    expect((await collimate(work, ...again, '--overwrite')).code).toBe(3);
    expect((await read('emb.npy')).equals(await read('again.npy'))).toBe(true);
  });

  test('shards put together are the whole', async () => {
    for (const i of [1, 2, 3]) {
      const shard = [
        '--encoder',
        'builtin',
        '--cache',
        'cache',
        '--shard',
        `${String(i)}/3`,
        '--out',
        `s${String(i)}.npy`,
        '--index',
        `s${String(i)}.csv`,
      ];
      expect((await collimate(work, 'embed', 'images', ...shard)).code).not.toBe(1);
    }
    await succeed(work, 'merge', 's1.npy', 's2.npy', 's3.npy', '--out', 'merged.npy', '--index', 'merged.csv');
    for (const [a, b] of [
      ['emb.npy', 'merged.npy'],
      ['emb.csv', 'merged.csv'],
      ['emb.json', 'merged.json'],
    ] as const)
      expect((await read(a)).equals(await read(b))).toBe(true);
    expect(await collimate(work, 'merge', 's1.npy', 's1.npy', '--out', 'x.npy', '--index', 'x.csv')).toMatchObject({ code: 2 });
  });

  test('the same labels and seed give the same head and proposals, byte for byte', async () => {
    await succeed(work, 'fit', ...EMB, '--labels', 'labels.csv', '--out', 'head2');
    for (const name of ['head.json', 'head.safetensors'])
      expect((await read(`head/${name}`)).equals(await read(`head2/${name}`))).toBe(true);
    await succeed(work, 'propose', ...EMB, '--head', 'head2', '--out', 'proposals2.csv');
    expect((await read('proposals.csv')).equals(await read('proposals2.csv'))).toBe(true);
  });

  test('every embedded image has proposals that sum to one, and they are right far above chance', async () => {
    const rows = await rowsOf(join(work, 'proposals.csv'));
    expect(rows).toHaveLength(390);
    const classes = ['BACTERIA', 'NORMAL', 'VIRUS'];
    let right = 0;
    for (const row of rows) {
      const values = classes.map((name) => Number(row[name]));
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      if (classes[values.indexOf(Math.max(...values))] === classOf(row['path'] ?? '')) right++;
    }
    expect(right / rows.length).toBeGreaterThan(0.55);
  });

  test('the queue names open images, each with its reason', async () => {
    await succeed(work, 'queue', ...EMB, '--labels', 'labels.csv', '--size', '12', '--out', 'queue.csv');
    const labelled = new Set((await rowsOf(join(work, 'labels.csv'))).map(({ path }) => path));
    const queue = await rowsOf(join(work, 'queue.csv'));
    expect(queue.map(({ rank }) => rank)).toEqual(Array.from({ length: 12 }, (_, at) => String(at + 1)));
    // What has a label and is in the audit's reserve is asked once more: blind.
    expect(queue.filter(({ path, audit }) => audit === '0' && labelled.has(path ?? ''))).toEqual([]);
    const lines = (await readFile(join(work, 'queue.csv'), 'utf8')).trimEnd().split('\n').slice(1);
    for (const line of lines) expect(line).toMatch(/\.("|)$/);
    await succeed(work, 'queue', ...EMB, '--size', '5', '--out', 'cold.csv');
    expect((await rowsOf(join(work, 'cold.csv'))).map(({ reason_code }) => reason_code)).toContain('typical');
  });

  test('the exported model says the same as the proposals', async () => {
    const exported = await collimate(
      work,
      'export',
      '--head',
      'head',
      '--encoder',
      'builtin',
      '--out',
      'model',
      '--check',
      'images/ward 0',
    );
    expect(exported).toMatchObject({ code: 0, stderr: expect.not.stringContaining('Warning') as string });
    expect(Number(exported.json['maxDifference'])).toBeLessThanOrEqual(1e-4);
    const predicted = await collimate(work, 'predict', 'model', 'images', '--out', 'predictions.csv');
    expect(predicted).toMatchObject({ code: 3 });
    const predictions = await rowsOf(join(work, 'predictions.csv'));
    expect(predictions.filter(({ status }) => status === 'failed').map(({ path }) => path)).toEqual(['cut.jpeg', 'no picture.png']);
    const proposals = new Map((await rowsOf(join(work, 'proposals.csv'))).map((row) => [row['path'], row]));
    const read = predictions.filter(({ status }) => status === 'ok');
    expect(read).toHaveLength(390);
    for (const row of read)
      for (const name of ['BACTERIA', 'NORMAL', 'VIRUS'])
        expect(Math.abs(Number(row[name]) - Number(proposals.get(row['path'])?.[name]))).toBeLessThanOrEqual(1e-4);
  });

  test('the head alone is exported and checked on drawn images', async () => {
    await succeed(work, 'export', '--head', 'head', '--encoder', 'builtin', '--out', 'alone', '--parts', 'head');
    expect(await contents(join(work, 'alone'))).toContain('head.onnx');
  });

  test('embeddings of another encoder, a tampered head and a tampered array are refused', async () => {
    const card = JSON.parse(await readFile(join(work, 'emb.json'), 'utf8')) as { encoder: { id: string } };
    await writeFile(join(work, 'foreign.json'), JSON.stringify({ ...card, encoder: { ...card.encoder, id: '0'.repeat(64) } }));
    await copyFile(join(work, 'emb.npy'), join(work, 'foreign.npy'));
    const foreign = ['--embeddings', 'foreign.npy', '--index', 'emb.csv'];
    expect((await collimate(work, 'propose', ...foreign, '--head', 'head', '--out', 'no.csv')).json).toMatchObject({
      code: 'head-foreign',
    });

    await mkdir(join(work, 'broken'));
    const tensors = await read('head/head.safetensors');
    tensors.writeUInt8((tensors.at(-1) ?? 0) ^ 1, tensors.length - 1);
    await writeFile(join(work, 'broken/head.safetensors'), tensors);
    await copyFile(join(work, 'head/head.json'), join(work, 'broken/head.json'));
    expect((await collimate(work, 'propose', ...EMB, '--head', 'broken', '--out', 'no.csv')).json).toMatchObject({ code: 'head-invalid' });

    const array = await read('emb.npy');
    array.writeUInt8((array.at(-4) ?? 0) ^ 1, array.length - 4);
    await writeFile(join(work, 'foreign.npy'), array);
    expect((await collimate(work, 'propose', ...foreign, '--head', 'head', '--out', 'no.csv')).json).toMatchObject({
      code: 'array-invalid',
    });
    expect(await contents(work)).not.toContain('no.csv');
  });

  test('Ctrl+C leaves nothing half-written', async () => {
    const before = await contents(work);
    const { child, ended } = start(work, ['embed', 'images', '--encoder', 'builtin', '--out', 'c.npy', '--index', 'c.csv', '--cache', 'c']);
    // The store is there as soon as the encoder is open: from then on images are embedded.
    while (!existsSync(join(work, 'c', 'embeddings')) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('Stopped.');
    expect((await contents(work)).filter((name) => !before.includes(name) && name !== 'c' && !name.startsWith('c/'))).toEqual([]);
    expect(
      (await collimate(work, 'embed', 'images', '--encoder', 'builtin', '--out', 'c.npy', '--index', 'c.csv', '--cache', 'c')).code,
    ).toBe(3);
    expect((await read('c.npy')).equals(await read('emb.npy'))).toBe(true);
  });
});
