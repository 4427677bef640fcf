import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { annotatorState, emptyState } from '../../../../src/contract/fold';
import type { CellState, Task } from '../../../../src/contract/model';
import { unwrap } from '../../../../src/contract/result';
import { labelsTable } from '../../../../src/main/exports/tables';
import { readLabelTable } from '../../../../src/main/projects/label-table';
import { changesFor } from '../../../../src/main/projects/labels';
import { makeImage, makeProject } from '../../renderer/made-up/project';

const folder = mkdtempSync(join(tmpdir(), 'collimate-labels-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'labels.csv');
const names = ['Infiltrat/Konsolidierung', 'Pleuraerguß <links>', 'Stauung: "kardial", rechts'];
const images = ['Süd/a.png', 'Süd/b.png', 'Nord/a.png', 'CT.dcm', 'CT.dcm'].map((path, at) => ({
  ...makeImage(at + 1, path),
  frame: path === 'CT.dcm' ? at : null,
}));
const project = (task: Task) => makeProject(task, names);
const read = (task: Task, text: string) => {
  writeFileSync(file, text);
  return readLabelTable(file, project(task), images);
};
const said = async (task: Task, text: string) =>
  unwrap(await read(task, text)).cells.map(({ image, finding, state }) => [
    images.find(({ id }) => id === image)?.path,
    project(task).findings.find(({ id }) => id === finding)?.name,
    state,
  ]);
const reason = async (task: Task, text: string) => {
  const result = await read(task, text);
  return result.ok ? null : `${result.failure.code} ${String(result.failure.params['row'])}: ${String(result.failure.params['reason'])}`;
};

describe('a table of labels', () => {
  it.each(['multilabel', 'multiclass'] as const)('that was exported comes back as it was (%s)', (task) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom<CellState>('present', 'absent', 'unsure', 'none'), { minLength: 3, maxLength: 3 }), {
          minLength: images.length,
          maxLength: images.length,
        }),
        async (states) => {
          const own = project(task);
          const annotator = own.annotators[0]?.id ?? '';
          const context = { time: '2026-11-22T10:00:00.000Z', use: () => 'train' as const };
          const answered = (requests: Parameters<typeof changesFor>[3]) => {
            const state = { ...emptyState(), project: own, images: new Map(images.map((image) => [image.id, image])) };
            const cells = new Map<string, Map<string, never>>();
            for (const { image, finding, after } of unwrap(changesFor(state, own, annotator, requests, context)))
              if (after) cells.set(image, (cells.get(image) ?? new Map<string, never>()).set(finding, after as never));
            state.annotators.set(annotator, { ...annotatorState(state, annotator), cells, undo: [], redo: [], skipped: new Set() });
            return state;
          };
          const typed = images.flatMap(({ id: image }, at) =>
            own.findings.map(({ id: finding }, k) => ({
              image,
              finding,
              state: states[at]?.[k] ?? 'none',
              source: 'typed' as const,
              shown: null,
              head: null,
            })),
          );
          const table = labelsTable(answered(typed));
          const { cells } = unwrap(await read(task, table));
          expect(labelsTable(answered(cells)).replaceAll('imported', 'typed')).toBe(table);
        },
      ),
      { numRuns: 30 },
    ),
  );

  it('is read as spreadsheets and CheXpert write it', async () => {
    const text =
      'File Name;age;pleuraerguß <LINKS>;Infiltrat/Konsolidierung\r\nC:\\x\\Süd\\a.png;61;1.0;-1.0\r\nb;;0;\r\nsomebody.png;;1;1\r\n';
    expect(await said('multilabel', text)).toEqual([
      ['Süd/a.png', names[1], 'present'],
      ['Süd/a.png', names[0], 'unsure'],
      ['Süd/b.png', names[1], 'absent'],
    ]);
    expect(unwrap(await read('multilabel', text)).summary).toMatchObject({ rows: 3, unused: 1, images: 2, unknown: ['age'] });
  });

  it('may hold classes that the project has not: they are named', async () => {
    const text = `path,label\nSüd/a.png,${names[0] ?? ''}\nSüd/b.png,Tbc\nNord/a.png,unsure\n`;
    expect((await said('multiclass', text)).map(([path, , state]) => [path, state])).toEqual([
      ['Süd/a.png', 'present'],
      ['Nord/a.png', 'unsure'],
    ]);
    expect(unwrap(await read('multiclass', text)).summary).toMatchObject({ unknown: ['Tbc'] });
  });

  it('is refused where it would have to be guessed', async () => {
    const column = names[0] ?? '';
    expect(await reason('multilabel', 'path,Tbc\nSüd/a.png,1\n')).toContain('table-invalid 1: no column is called like a finding');
    expect(await reason('multiclass', `path,${column}\nSüd/a.png,1\n`)).toContain('table-invalid 1: no column is called label');
    expect(await reason('multilabel', `number,${column}\n1,1\n`)).toContain('table-invalid 1: no column is called path');
    expect(await reason('multilabel', `path,${column}\nSüd/a.png,maybe\n`)).toContain('table-invalid 2: the column');
    expect(await reason('multilabel', `path,${column}\nSüd/a.png,1\nSüd/a.png,0\n`)).toContain('something else of its image than row 2');
    expect(await reason('multilabel', `path,${column},${column.toUpperCase()}\nSüd/a.png,1,0\n`)).toContain('two columns are called');
    // Two folders hold an a.png.
    expect(unwrap(await read('multilabel', `path,${column}\na.png,1\n`)).summary).toMatchObject({ unused: 1, images: 0 });
  });
});
