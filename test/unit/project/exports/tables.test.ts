import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fold } from '../../../../src/contract/fold';
import type { Action, CellState, Project } from '../../../../src/contract/model';
import { unwrap } from '../../../../src/contract/result';
import { readLabels } from '../../../../src/cli/tables/labels';
import { csvText } from '../../../../src/files/csv';
import { labelsTable } from '../../../../src/project/exports/tables';
import { annotators, findings, id, project, value } from '../../contract/actions';

const [ann, bob] = annotators;
const entry = { time: project.created, annotator: ann };
const image = (n: number, path: string, frame: number | null = null) => ({
  id: id(3, n),
  root: id(8, 0),
  path,
  frame,
  bytes: 1,
  mtime: 0,
  sha256: null,
  width: null,
  height: null,
  patient: n === 1 ? 'p1' : null,
  study: null,
  view: null,
});
const paths = ['z.png', 'a"quoted", name.png', 'b\nline.png', 'ü/é.png', '\u{1F600}.png', '\uffee.png', 'c\rcarriage.png'];

function stateOf(task: Project['task'], answers: [annotator: string, image: number, finding: number, state: CellState][]) {
  const actions: Action[] = [
    { ...entry, seq: 1, id: id(7, 1), kind: 'project', project: { ...project, task } },
    { ...entry, seq: 2, id: id(7, 2), kind: 'images', images: paths.map((path, n) => image(n, path)) },
    ...answers.map(([annotator, n, finding, state], at): Action => ({
      ...entry,
      annotator,
      seq: at + 3,
      id: id(7, at + 3),
      kind: 'cells',
      cells: [{ image: id(3, n), finding: findings[finding] ?? findings[0], before: null, after: value(state) }],
    })),
  ];
  return fold(actions);
}

const readBack = async (text: string, annotator?: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'table-'));
  try {
    await writeFile(join(folder, 'labels.csv'), text);
    return unwrap(await readLabels(join(folder, 'labels.csv'), { annotator }));
  } finally {
    await rm(folder, { recursive: true });
  }
};

test('a multi-label table, exactly', () => {
  const state = stateOf('multilabel', [
    [ann, 0, 0, 'present'],
    [ann, 0, 2, 'unsure'],
    [ann, 1, 1, 'absent'],
  ]);
  expect(labelsTable(state, ann)).toBe(
    'path,patient,use,blind,annotator,time,source,Finding 1,Finding 2,Finding 3\n' +
      '"a""quoted"", name.png",p1,train,,Annotator 1,2026-11-22T10:00:00Z,typed,,0,\n' +
      'z.png,,train,,Annotator 1,2026-11-22T10:00:00Z,typed,1,,unsure\n',
  );
});

test('a multi-class table has one column, and keeps unsure', () => {
  const state = stateOf('multiclass', [
    [ann, 0, 0, 'absent'],
    [ann, 0, 1, 'present'],
    [ann, 1, 0, 'unsure'],
  ]);
  const rows = labelsTable(state, ann).trim().split('\n');
  expect(rows[0]?.endsWith(',label')).toBe(true);
  expect(rows.slice(1).map((row) => row.split(',').at(-1))).toEqual(['unsure', 'Finding 2']);
});

test('odd paths are read back as they are, in the order of their bytes', async () => {
  const state = stateOf(
    'multilabel',
    paths.map((_, n) => [ann, n, 0, 'present']),
  );
  const table = await readBack(labelsTable(state, ann));
  const expected = paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(table.rows.map(({ path }) => path)).toEqual(expected);
});

test('each annotator has rows of their own, and nobody else is in the table of one', async () => {
  const state = stateOf('multilabel', [
    [ann, 0, 0, 'present'],
    [bob, 0, 0, 'absent'],
  ]);
  expect((await readBack(labelsTable(state), 'Annotator 2')).rows).toMatchObject([{ path: 'z.png', states: ['absent', 'none', 'none'] }]);
  expect(labelsTable(state, ann)).not.toContain('Annotator 2');
});

test('frames make a column where there are any', () => {
  const state = stateOf('multilabel', [[ann, 0, 0, 'present']]);
  state.images.set(id(3, 0), image(0, 'multi.dcm', 4));
  expect(labelsTable(state).split('\n')[1]).toMatch(/^multi\.dcm,4,/);
});

test('cells are quoted as RFC 4180 asks', () => {
  expect(csvText([['a', 'b,c', 'd"e', 'f\ng', 'h\ri', ' j ']])).toBe('a,"b,c","d""e","f\ng","h\ri", j \n');
});
