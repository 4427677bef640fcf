import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { Journal } from '../../../src/project/journal/journal';
import { annotators, findings, id, project, value } from '../../unit/contract/actions';
import { collimate, rowsOf, succeed, temporaryFolder } from './command';

const { path: work, remove } = temporaryFolder();
const journalFile = join(work, 'project', 'journal.jsonl');
const [annotator] = annotators;
const entry = { annotator, time: project.created };

beforeAll(async () => {
  const journal = unwrap(await Journal.open(join(work, 'project'), { create: true }));
  const image = {
    root: id(8, 0),
    frame: null,
    bytes: 1,
    mtime: 0,
    sha256: null,
    width: null,
    height: null,
    patient: null,
    study: null,
    view: null,
  };
  const images = [1, 2, 3].map((n) => ({ ...image, id: id(3, n), path: `${String(n)}.png` }));
  await journal.append({ ...entry, id: id(7, 1), kind: 'project', project });
  await journal.append({ ...entry, id: id(7, 2), kind: 'images', images });
  for (const n of [1, 2, 3]) {
    const cells = [{ image: id(3, n), finding: findings[0], before: null, after: value(n === 2 ? 'absent' : 'present') }];
    await journal.append({ ...entry, id: id(7, 2 + n), kind: 'cells', cells });
  }
  // Left open on purpose: the command must not need the lock.
});
afterAll(remove);

test('labels are taken out of a project that is open', async () => {
  expect(await succeed(work, 'recover', 'project', '--out', 'labels.csv')).toMatchObject({ images: 3, actions: 5, lost: 0 });
  const rows = await rowsOf(join(work, 'labels.csv'));
  expect(rows.map((row) => [row['path'], row['Finding 1'], row['Finding 2']])).toEqual([
    ['1.png', '1', ''],
    ['2.png', '0', ''],
    ['3.png', '1', ''],
  ]);
});

test('a damaged line costs its own label, and is named', async () => {
  const lines = (await readFile(journalFile, 'utf8')).split('\n');
  await writeFile(journalFile, [...lines.slice(0, 3), lines[3]?.replace('absent', 'Absent'), ...lines.slice(4)].join('\n'));
  const { code, json, stderr } = await collimate(work, 'recover', 'project', '--out', 'labels.csv', '--overwrite');
  expect({ code, lost: json['lost'] }).toEqual({ code: 0, lost: 1 });
  expect(stderr).toContain('damaged at line 4');
  expect((await rowsOf(join(work, 'labels.csv'))).map(({ path }) => path)).toEqual(['1.png', '3.png']);
});
