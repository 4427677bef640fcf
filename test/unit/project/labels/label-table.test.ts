import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { annotatorState, emptyState } from '../../../../src/contract/fold';
import type { CellState, Task } from '../../../../src/contract/model';
import { unwrap } from '../../../../src/contract/result';
import { labelsTable } from '../../../../src/project/exports/tables';
import { readLabelTable } from '../../../../src/project/labels/label-table';
import { changesFor } from '../../../../src/project/labels/labels';
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

  it('keeps out of training what it calls audit', async () => {
    const column = names[0] ?? '';
    const table = unwrap(await read('multilabel', `path,use,${column}\nSüd/a.png,audit,1\nSüd/b.png,train,0\nNord/a.png,AUDIT,\n`));
    expect([...table.audit]).toEqual([images[0]?.id]);
    expect(table.summary).toMatchObject({ images: 3 });
    expect(await reason('multilabel', `path,use,${column}\nSüd/a.png,audit,1\nSüd/a.png,train,1\n`)).toContain('something else');
  });

  it('tells a finding called "Use" from the column of that name', async () => {
    const own = makeProject('multilabel', ['Use', 'Frame']);
    writeFileSync(file, 'path,use,Use,Frame\nSüd/a.png,audit,1,0\n');
    const { cells, audit } = unwrap(await readLabelTable(file, own, images));
    expect(cells.map(({ finding, state }) => [finding, state])).toEqual([
      [own.findings[0]?.id, 'present'],
      [own.findings[1]?.id, 'absent'],
    ]);
    expect(audit.size).toBe(1);
  });

  it('reads lines that end with CR alone and a byte order mark, and refuses other encodings and binary files in words', async () => {
    const column = names[1] ?? '';
    const text = `path,${column}\rSüd/a.png,1\rSüd/b.png,0\r`;
    expect(await said('multilabel', `\ufeff${text}`)).toHaveLength(2);
    const refusal = async (bytes: Buffer) => {
      writeFileSync(file, bytes);
      const result = await readLabelTable(file, project('multilabel'), images);
      return result.ok ? null : result.failure.params['reason'];
    };
    const ascii = 'path,Tbc\na.png,1\n';
    for (const bytes of [
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(ascii, 'utf16le'),
      Buffer.from(text, 'latin1'),
      Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0, 0]),
    ])
      expect(await refusal(bytes)).toBe('it is not UTF-8 text; save it as "CSV UTF-8"');
    expect(await refusal(Buffer.alloc(0))).toBe('the table is empty');
  });

  it('says what is wrong in a sentence of bounded length, whatever its cells hold', async () => {
    const long = 'x'.repeat(500_000);
    const column = names[0] ?? '';
    for (const text of [
      `path,${long}\na,1\n`,
      `${long},${column}\na,1\n`,
      `path,${long},${long}\na,1,1\n`,
      `path,${column}\nSüd/a.png,=${long}\n`,
      `path,frame,${column}\nSüd/a.png,${long},1\n`,
    ])
      expect((await reason('multilabel', text))?.length).toBeLessThan(1000);
    const many = Array.from({ length: 3000 }, (_, at) => `Süd/a.png,class ${String(at)} ${'y'.repeat(200)}\n`).join('');
    const { unknown } = unwrap(await read('multiclass', `path,label\n${many}`)).summary;
    expect(unknown).toHaveLength(1000);
    expect(Math.max(...unknown.map((name) => name.length))).toBeLessThan(100);
  });

  it('never names an image by a path that leads out of the folder', async () => {
    const column = names[0] ?? '';
    for (const name of ['../../etc/passwd', '/etc/passwd', 'C:\\Windows\\a.png', '..', '/', ''])
      expect(unwrap(await read('multilabel', `path,${column}\n"${name}",1\n`)).cells).toEqual([]);
    expect((await said('multilabel', `path,${column}\n/data/set/Süd/b.png,1\n`)).map(([path]) => path)).toEqual(['Süd/b.png']);
  });
});
