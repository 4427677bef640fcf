import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { greyFile } from '../../unit/imaging/formats/dicom/write';
import { tiffFile } from '../../unit/imaging/formats/write-tiff';
import { collimate, rowsOf, shared, succeed, temporaryFolder } from './command';

const EMB = ['--embeddings', 'emb.npy', '--index', 'emb.csv'];
const SIDE = 32;
/** A field that is bright on one side: the two classes. */
const field = (seed: number, side: number) =>
  Uint16Array.from({ length: SIDE * SIDE }, (_, i) => ((i % SIDE) * 1000 * side + ((i * 7919 + seed * 104729) % 9973)) % 65536);

function film(frames: number): Buffer {
  const samples = Array.from({ length: frames }, (_, n) => [...field(n, n % 2)]).flat();
  return greyFile(samples, {
    '00100020': ['LO', 'somebody'],
    '00280008': ['IS', String(frames)],
    '00280010': ['US', [SIDE]],
    '00280011': ['US', [SIDE]],
  });
}

describe('files with several frames', () => {
  const { path: work, remove } = temporaryFolder();
  afterAll(remove);
  const at = (name: string) => join(work, name);
  const emri = join(shared, 'data/dicom/pydicom-data/emri_small.dcm');

  beforeAll(async () => {
    mkdirSync(at('images'));
    writeFileSync(at('images/film.dcm'), film(6));
    writeFileSync(at('images/flood.dcm'), greyFile([1, 2], { '00280008': ['IS', '2000'], '00280011': ['US', [2]] }));
    const pages = [0, 1, 2, 3].map((n) => ({ width: SIDE, data: field(n + 10, n % 2), subfile: n === 2 ? 1 : 0 }));
    writeFileSync(at('images/pages.tif'), tiffFile(pages));
    for (let n = 0; n < 4; n++)
      writeFileSync(
        at(`images/single-${String(n)}.dcm`),
        greyFile([...field(n + 20, n % 2)], { '00280010': ['US', [SIDE]], '00280011': ['US', [SIDE]] }),
      );
    const { code, stderr } = await collimate(work, 'embed', 'images', '--encoder', 'builtin', '--out', 'emb.npy', '--index', 'emb.csv');
    if (code !== 3) throw new Error(stderr);
  });

  test('each frame is a row, counted from 0; ordinary files have none; too many frames are a sentence', async () => {
    const rows = await rowsOf(at('emb.csv'));
    expect(rows.map(({ path, frame, status }) => [path, frame, status].join(' '))).toEqual([
      ...[0, 1, 2, 3, 4, 5].map((n) => `film.dcm ${String(n)} ok`),
      'flood.dcm  failed',
      ...[0, 1, 3].map((n) => `pages.tif ${String(n)} ok`),
      ...[0, 1, 2, 3].map((n) => `single-${String(n)}.dcm  ok`),
    ]);
    const [flood] = rows.filter(({ path }) => path === 'flood.dcm');
    expect(flood?.['message']).toContain('flood.dcm holds more than 1000 frames.');
    const ofFilm = rows.filter(({ path }) => path === 'film.dcm');
    expect(new Set(ofFilm.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(new Set(ofFilm.map(({ patient }) => patient)).size).toBe(1);
  });

  test('--frames first takes each file as one image; the first frame is the same image either way', async () => {
    const out = ['--encoder', 'builtin', '--out', 'first.npy', '--index', 'first.csv'];
    await succeed(work, 'embed', 'images', ...out, '--frames', 'first');
    const rows = await rowsOf(at('first.csv'));
    expect(rows.map(({ path, frame }) => `${path ?? ''}${frame ?? ''}`)).toEqual([
      'film.dcm',
      'flood.dcm',
      'pages.tif',
      ...[0, 1, 2, 3].map((n) => `single-${String(n)}.dcm`),
    ]);
    const row = async (file: string, n: number) => {
      const bytes = await readFile(at(file));
      const d = ((await readFile(at(file.replace('.npy', '.json')), 'utf8')).match(/"d": (\d+)/) ?? [])[1];
      const from = bytes.length - (file === 'emb.npy' ? 13 : 7) * 4 * Number(d) + n * 4 * Number(d);
      return bytes.subarray(from, from + 4 * Number(d));
    };
    expect((await row('emb.npy', 0)).equals(await row('first.npy', 0))).toBe(true);
    expect((await row('emb.npy', 1)).equals(await row('first.npy', 0))).toBe(false);
    expect((await row('emb.npy', 6)).equals(await row('first.npy', 2))).toBe(true);
  });

  test('labels, queue, proposals and predictions name frames, and the exported model says the same of each', async () => {
    const rows = (await rowsOf(at('emb.csv'))).filter(({ status }) => status === 'ok');
    const label = (path = '', frame = '') => `${path},${frame},${Number(frame || /\d/.exec(path)?.[0]) % 2 === 1 ? 'right' : 'flat'}`;
    const labelled = rows.filter(({ path, frame }) => path !== 'film.dcm' || Number(frame) < 4);
    await writeFile(at('labels.csv'), `path,frame,label\n${labelled.map(({ path, frame }) => label(path, frame)).join('\n')}\n`);
    const fitted = await succeed(work, 'fit', ...EMB, '--labels', 'labels.csv', '--out', 'head');
    expect(fitted).toMatchObject({ labels: 11, unmatched: 0 });

    // With this seed the film is none of the audit's reserve, of which nothing is asked before the 30th label.
    await succeed(work, 'queue', ...EMB, '--labels', 'labels.csv', '--seed', '1', '--out', 'queue.csv');
    const queue = await rowsOf(at('queue.csv'));
    expect(queue.map(({ path, frame }) => `${path ?? ''} ${frame ?? ''}`).sort()).toEqual(['film.dcm 4', 'film.dcm 5']);

    await succeed(work, 'propose', ...EMB, '--head', 'head', '--out', 'proposals.csv');
    await succeed(work, 'export', '--head', 'head', '--encoder', 'builtin', '--out', 'model');
    const { code } = await collimate(work, 'predict', 'model', 'images', '--out', 'predictions.csv');
    expect(code).toBe(3);
    const proposals = await rowsOf(at('proposals.csv'));
    const predictions = await rowsOf(at('predictions.csv'));
    expect(predictions.filter(({ status }) => status === 'failed').map(({ path }) => path)).toEqual(['flood.dcm']);
    const said = predictions.filter(({ status }) => status === 'ok');
    expect(said.map(({ path, frame }) => `${path ?? ''} ${frame ?? ''}`)).toEqual(
      proposals.map(({ path, frame }) => `${path ?? ''} ${frame ?? ''}`),
    );
    said.forEach((row, n) => expect(Math.abs(Number(row['right']) - Number(proposals[n]?.['right']))).toBeLessThan(1e-4));
  });

  test('shards divide files, so that the frames of one stay together; merged they are the whole', async () => {
    for (const n of [1, 2]) {
      const name = `shard${String(n)}`;
      await collimate(
        work,
        'embed',
        'images',
        '--encoder',
        'builtin',
        '--out',
        `${name}.npy`,
        '--index',
        `${name}.csv`,
        '--shard',
        `${String(n)}/2`,
      );
    }
    const first = await rowsOf(at('shard1.csv'));
    expect(first.filter(({ path }) => path === 'film.dcm')).toHaveLength(6);
    await succeed(work, 'merge', 'shard1.npy', 'shard2.npy', '--out', 'merged.npy', '--index', 'merged.csv');
    expect(await readFile(at('merged.csv'), 'utf8')).toBe(await readFile(at('emb.csv'), 'utf8'));
  });

  test.skipIf(!existsSync(emri))('a real enhanced MR object has its ten frames', async () => {
    mkdirSync(at('real'));
    copyFileSync(emri, at('real/emri_small.dcm'));
    await succeed(work, 'embed', 'real', '--encoder', 'builtin', '--out', 'real.npy', '--index', 'real.csv');
    const rows = await rowsOf(at('real.csv'));
    expect(rows.map(({ frame }) => frame)).toEqual(Array.from({ length: 10 }, (_, n) => String(n)));
    for (const row of rows) expect(row).toMatchObject({ width: '64', height: '64', status: 'ok' });
  });
});
