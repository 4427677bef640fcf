import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collimate, rowsOf, succeed, temporaryFolder } from './command';

const { path: work, remove } = temporaryFolder();
afterAll(remove);

/** Twelve images of four patients, who stand in their names. */
const name = (i: number) => `P${String(i % 4)}_${i % 2 === 0 ? 'PA' : 'LL'}_${String(i)}.png`;

beforeAll(async () => {
  await succeed(work, 'sample', '--out', 'sample', '--count', '12');
  await mkdir(join(work, 'named'));
  const files = (await rowsOf(join(work, 'sample/labels.csv'))).map(({ path }) => path ?? '');
  await Promise.all(files.map((file, i) => cp(join(work, 'sample/images', file), join(work, 'named', name(i)))));
}, 120_000);

const embed = (out: string, ...more: string[]) =>
  succeed(work, 'embed', 'named', '--encoder', 'builtin', '--cache', 'cache', '--out', `${out}.npy`, '--index', `${out}.csv`, ...more);

test('a pattern of file names fills patient and view of the index; patients are hashed unless they are to be seen', async () => {
  expect(await embed('hashed', '--pattern', '{patient}_{view}_*.png')).toMatchObject({ count: 12, matched: 12, unmatched: 0, patients: 4 });
  const hashed = await rowsOf(join(work, 'hashed.csv'));
  expect(hashed.map(({ view }) => view)).toEqual(hashed.map(({ path = '' }) => path.split('_')[1]));
  expect(new Set(hashed.map(({ patient }) => patient)).size).toBe(4);
  expect(hashed.every(({ patient = '' }) => /^[0-9a-f]{32}$/.test(patient))).toBe(true);
  await embed('seen', '--pattern', '{patient}_*', '--show-patients');
  const seen = await rowsOf(join(work, 'seen.csv'));
  expect(seen.map(({ patient }) => patient)).toEqual(seen.map(({ path = '' }) => path.split('_')[0]));
}, 120_000);

test('a table says how many rows and images found each other', async () => {
  const rows = Array.from({ length: 10 }, (_, i) => `${name(i)};X${String(i % 4)}`);
  await writeFile(join(work, 'patients.csv'), `File name;Patient ID\n${rows.join('\n')}\nelsewhere.png;X9\n`);
  const values = await embed('table', '--metadata', 'patients.csv', '--show-patients');
  expect(values).toMatchObject({ matched: 10, unmatched: 2, patients: 4, rows: 11, unusedRows: 1 });
  const index = await rowsOf(join(work, 'table.csv'));
  expect(Object.fromEntries(index.map(({ path, patient }) => [path, patient]))).toMatchObject({
    [name(0)]: 'X0',
    [name(5)]: 'X1',
    [name(10)]: '',
  });
}, 120_000);

test('what cannot be used is refused with a sentence before anything is embedded', async () => {
  const out = ['--encoder', 'builtin', '--out', 'none.npy', '--index', 'none.csv'];
  const refused = async (...more: string[]) => {
    const { code, stderr } = await collimate(work, 'embed', 'named', ...out, ...more);
    return `${String(code)} ${stderr}`;
  };
  expect(await refused('--pattern', '{who}_*')).toMatch(/^2 .*\{who\} is none of \{patient\}/s);
  expect(await refused('--pattern', '{patient}#*')).toMatch(/^1 .*fits none of the 12 images/s);
  expect(await refused('--pattern', '{patient}_*', '--metadata', 'patients.csv')).toMatch(/^2 .*choose one of/s);
  expect(await refused('--metadata', 'absent.csv')).toMatch(/^1 .*absent\.csv could not be read: it is not there/s);
  await writeFile(join(work, 'wrong.csv'), 'name,age\nx,1\n');
  expect(await refused('--metadata', 'wrong.csv')).toMatch(/^1 .*no column is called path/s);
  await expect(readFile(join(work, 'none.csv'))).rejects.toThrow('ENOENT');
}, 120_000);
