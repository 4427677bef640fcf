import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sentence } from '../../../../src/contract/catalogue';
import type { MetadataRule, Stated } from '../../../../src/contract/model';
import { unwrap } from '../../../../src/contract/result';
import { applyRule, previewOf } from '../../../../src/project/metadata/rule';
import { guessColumns } from '../../../../src/project/metadata/table';

const folder = mkdtempSync(join(tmpdir(), 'collimate-metadata-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const table = (text: string | Buffer): MetadataRule => {
  const file = join(folder, 'table.csv');
  writeFileSync(file, text);
  return { kind: 'table', file };
};
const apply = async (text: string, paths: readonly string[]): Promise<Record<string, Stated>> =>
  Object.fromEntries(unwrap(await applyRule(table(text), paths)).stated);
const refusal = async (rule: MetadataRule, paths: readonly string[]) => {
  const applied = await applyRule(rule, paths);
  return applied.ok ? 'accepted' : sentence(applied.failure);
};

describe('the columns of a table', () => {
  it.each([
    [
      ['path', 'patient', 'view'],
      ['path', 'patient', null, 'view'],
    ],
    [
      ['Image Index', 'Finding Labels', 'Follow-up #', 'Patient ID', 'View Position'],
      ['Image Index', 'Patient ID', null, 'View Position'],
    ],
    [
      ['dicom_id', 'subject_id', 'study_id', 'ViewPosition'],
      ['dicom_id', 'subject_id', 'study_id', 'ViewPosition'],
    ],
    [
      ['File name', 'Patient'],
      ['File name', 'Patient', null, null],
    ],
  ])('%j are known by their names', (columns, [path, patient, study, view]) => {
    expect(guessColumns(columns)).toEqual({ path, patient, study, view });
  });

  it('are named where they are missing', async () => {
    expect(await refusal(table('name,age\na.png,3\n'), ['a.png'])).toContain(
      'no column is called path, file name or image; its columns are name, age',
    );
    expect(await refusal(table('path,age\na.png,3\n'), ['a.png'])).toContain('no column is called patient, study or view');
    const chosen = { path: 'name', patient: 'who', study: null, view: null };
    expect(await refusal({ ...table('name,age\na.png,3\n'), columns: chosen } as MetadataRule, ['a.png'])).toContain('"who" is missing');
  });

  it('are taken as the person chose them', async () => {
    const rule = { ...table('a,b\nx.png,7\n'), columns: { path: 'a', patient: 'b', study: null, view: null } } as MetadataRule;
    expect(unwrap(await applyRule(rule, ['x.png'])).stated.get('x.png')?.patient).toBe('7');
  });
});

describe('a row finds its image', () => {
  const only = (patient: string) => ({ patient, study: null, view: null });

  it('by its path, the end of it, without its ending, and below a folder further up', async () => {
    const paths = ['a/1.png', 'a/2.png', 'b/c/3.png', 'b/4.png'];
    const rows = 'path,patient\na/1.png,A\n2.png,B\nc\\3,C\n/data/all/b/4.png,D\n';
    expect(await apply(rows, paths)).toEqual({ 'a/1.png': only('A'), 'a/2.png': only('B'), 'b/c/3.png': only('C'), 'b/4.png': only('D') });
  });

  it('never by a name that several images share, nor by a part of another path', async () => {
    const applied = unwrap(
      await applyRule(table('path,patient\n1.png,A\nz/2.png,B\n3.png,C\n'), ['a/1.png', 'b/1.png', 'c/2.png', '3.png']),
    );
    expect([...applied.stated.keys()]).toEqual(['3.png']);
    expect(applied.unused).toBe(2);
  });

  it('twice only with the same words', async () => {
    expect(await apply('path,patient\n1.png,A\na/1.png,A\n', ['a/1.png'])).toEqual({ 'a/1.png': only('A') });
    expect(await refusal(table('path,patient\n1.png,A\na/1.png,B\n'), ['a/1.png'])).toContain(
      'row 3: it says something else of a/1.png than row 2',
    );
  });
});

describe('a table', () => {
  it('may be written with semicolons or tabs, a mark at its start, quotes and empty cells', async () => {
    const stated = { patient: 'Meier, A.', study: null, view: 'PA' };
    expect(await apply('\uFEFFFile;Patient;View\r\n"1.png";"Meier, A.";PA\r\n2.png;;\r\n', ['1.png'])).toEqual({ '1.png': stated });
    expect(await apply('File\tPatient\tView\n1.png\tMeier, A.\tPA\n', ['1.png'])).toEqual({ '1.png': stated });
  });

  it('is refused with a sentence: other bytes, broken quotes, nothing that fits, too large, absent', async () => {
    expect(await refusal(table(Buffer.from('path,patient\n\xfc.png,A\n', 'latin1')), ['1.png'])).toContain('it is not UTF-8 text');
    expect(await refusal(table('path,patient\n"1.png,A\n'), ['1.png'])).toContain('a quotation mark is not closed');
    expect(await refusal(table('path,patient\n9.png,A\n'), ['x/1.png'])).toContain('Compare it with x/1.png');
    expect(await refusal(table(''), ['1.png'])).toContain('the table is empty');
    const large = table('path,patient\n');
    if (large.kind === 'table') truncateSync(large.file, 300e6);
    expect(await refusal(large, ['1.png'])).toContain('the file has more than 256 MB');
    expect(await refusal({ kind: 'table', file: join(folder, 'none.csv') }, ['1.png'])).toContain('it is not there');
    expect(await refusal({ kind: 'table', file: folder }, ['1.png'])).toContain('it is not a file');
  });
});

it('the preview counts images, patients and rows, and shows both kinds of examples', async () => {
  const paths = Array.from({ length: 20 }, (_, i) => `p${String(i >> 1)}/${String(i)}.png`);
  const rows = paths.slice(0, 15).map((path, i) => `${path},P${String(i >> 1)}`);
  const applied = unwrap(await applyRule(table(`path,patient\n${rows.join('\n')}\nnone.png,X\n`), paths));
  const preview = previewOf(applied, paths);
  expect(preview).toMatchObject({ images: 20, matched: 15, patients: 8, rows: 16, unused: 1, columns: ['path', 'patient'] });
  expect(preview.examples.filter(({ stated }) => stated !== null)).toHaveLength(6);
  expect(preview.examples.filter(({ stated }) => stated === null)).toHaveLength(2);
});
