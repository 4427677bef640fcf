import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { greyFile, type Elements } from '../../unit/imaging/formats/dicom/write';
import { collimate } from './command';

const work = await mkdtemp(join(tmpdir(), 'collimate-headers-'));
const rows = () => parse<Record<string, string>>(readFileSync(join(work, 'emb.csv')), { columns: true });

beforeAll(async () => {
  const side = 64;
  const picture = (seed: number, more: Elements = {}) =>
    greyFile(
      Array.from({ length: side * side }, (_, i) => 12_000 + ((i * (7 + seed)) % 4000)),
      { '00280010': ['US', [side]], '00280011': ['US', [side]], ...more },
    );
  await mkdir(join(work, 'images/sub'), { recursive: true });
  const outside: Elements = { '00281050': ['DS', '3174'], '00281051': ['DS', '2426'] };
  await writeFile(join(work, 'images/outside.CR'), picture(1, outside));
  await writeFile(join(work, 'images/another.img'), picture(2, outside));
  await writeFile(join(work, 'images/sub/plain.txt'), picture(3));
  await writeFile(join(work, 'images/notes.txt'), 'No acute findings.');
  await writeFile(join(work, 'images/table.csv'), 'a,b');
  await writeFile(join(work, 'images/not one.dcm'), 'neither');
});
afterAll(() => rm(work, { recursive: true, force: true }));

test('DICOM under any ending is embedded, a note stands in the index, and other files are counted and named on request', async () => {
  const embed = ['embed', 'images', '--encoder', 'builtin', '--out', 'emb.npy', '--index', 'emb.csv', '--overwrite'];
  const told = await collimate(work, ...embed, '--list-others');
  expect(told.code).toBe(3);
  expect(told.json).toMatchObject({ count: 3, others: 2, redrawn: 0 });
  expect(told.stderr).toContain('notes.txt: Its first bytes are those of no image.');
  expect(rows().map(({ path, status }) => `${path ?? ''} ${status ?? ''}`)).toEqual([
    'another.img ok',
    'not one.dcm failed',
    'outside.CR ok',
    'sub/plain.txt ok',
  ]);
  const messages = new Map(rows().map(({ path, message }) => [path, message]));
  for (const path of ['outside.CR', 'another.img'])
    expect(messages.get(path)).toMatch(/^The window that the file states would show next to nothing/);
  expect(messages.get('sub/plain.txt')).toBe('');
  expect(messages.get('not one.dcm')).toBe('not one.dcm is named like an image, but its first bytes are those of none.');
  await copyFile(join(work, 'images/outside.CR'), join(work, 'images/sub/copy'));
  const quiet = await collimate(work, ...embed);
  expect(quiet.json).toMatchObject({ count: 4, others: 2 });
  expect(quiet.stderr).not.toContain('notes.txt');
});
