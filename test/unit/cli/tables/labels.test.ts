import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unwrap } from '../../../../src/contract/result';
import { readLabels, type LabelOptions } from '../../../../src/cli/tables/labels';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labels-'));
});
afterAll(() => rm(folder, { recursive: true }));

const read = async (text: string | Uint8Array, options?: LabelOptions) => {
  const file = join(folder, 'labels.csv');
  await writeFile(file, text);
  return readLabels(file, options);
};
const failure = async (text: string | Uint8Array, options?: LabelOptions) => {
  const result = await read(text, options);
  return result.ok ? null : result.failure;
};

describe('readLabels', () => {
  test('a multi-class table: labels in byte order, unsure and not read are none of them', async () => {
    const table = unwrap(await read('path,label\na.png,VIRUS\nb.png,\n"c,d.png",NORMAL\ne.png,unsure\n'));
    expect(table.task).toBe('multiclass');
    expect(table.findings).toEqual(['NORMAL', 'VIRUS']);
    expect(table.rows.map(({ path, states }) => [path, ...states])).toEqual([
      ['a.png', 'absent', 'present'],
      ['b.png', 'none', 'none'],
      ['c,d.png', 'present', 'absent'],
      ['e.png', 'unsure', 'unsure'],
    ]);
  });

  test('a multi-label table: findings in the order of their columns', async () => {
    const table = unwrap(await read('path,frame,patient,use,Oedema,Effusion\na.dcm,0,p1,audit,1,\na.dcm,1,p1,,0,unsure\n'));
    expect(table.task).toBe('multilabel');
    expect(table.findings).toEqual(['Oedema', 'Effusion']);
    expect(table.rows).toMatchObject([
      { path: 'a.dcm', frame: 0, patient: 'p1', use: 'audit', states: ['present', 'none'] },
      { path: 'a.dcm', frame: 1, use: 'train', states: ['absent', 'unsure'] },
    ]);
  });

  test('an audit was asked blind only where the table says so', async () => {
    const table = unwrap(await read('path,use,blind,A\na.png,audit,1,1\nb.png,audit,0,1\nc.png,audit,,0\nd.png,train,,0\n'));
    expect(table.findings).toEqual(['A']);
    expect(table.rows.map(({ use, blind }) => [use, blind])).toEqual([
      ['audit', true],
      ['audit', false],
      ['audit', false],
      ['train', false],
    ]);
    expect(unwrap(await read('path,use,A\na.png,audit,1\n')).rows[0]?.blind).toBe(false);
  });

  test('a byte order mark and CRLF are read as well', async () => {
    expect(unwrap(await read('\ufeffpath,label\r\na.png,X\r\n')).rows).toMatchObject([{ path: 'a.png', states: ['present'] }]);
  });

  test('other columns are named with --ignore, also `label` itself', async () => {
    const text = 'path,label,age\na.png,X,71\n';
    expect(await failure(text)).toMatchObject({ code: 'table-invalid', params: { row: 1, reason: expect.stringContaining('"age"') } });
    expect(unwrap(await read(text, { ignore: ['age'] })).findings).toEqual(['X']);
    const both = 'path,label,Oedema\na.png,X,1\n';
    expect(unwrap(await read(both, { ignore: ['label'] }))).toMatchObject({ task: 'multilabel', findings: ['Oedema'] });
    expect(await failure(text, { ignore: ['sex'] })).toMatchObject({ code: 'wrong-use' });
  });

  test('two annotators of one image are told apart by --annotator', async () => {
    const text = 'path,annotator,label\na.png,Ann,X\na.png,Bob,Y\n';
    expect(await failure(text)).toMatchObject({ code: 'table-invalid', params: { row: 3 } });
    expect(unwrap(await read(text, { annotator: 'Bob' })).findings).toEqual(['Y']);
  });

  test.each([
    ['a finding of another value', 'path,A\na.png,1\nb.png,yes\n', 3, 'holds "yes"'],
    ['a prototype name for a value', 'path,A\na.png,constructor\n', 2, 'holds "constructor"'],
    ['an empty path', 'path,A\n,1\n', 2, 'path is empty'],
    ['a frame that is no number', 'path,frame,A\na.png,x,1\n', 2, 'frame "x"'],
    ['a use that is unknown', 'path,use,A\na.png,test,1\n', 2, 'neither train nor audit'],
    ['blind in other words', 'path,use,blind,A\na.png,audit,yes,1\n', 2, '"blind" holds "yes"'],
    ['an image twice', 'path,A\na.png,1\nb.png,1\na.png,0\n', 4, 'row 2'],
    ['no path column', 'file,A\na.png,1\n', 1, '"path" is missing'],
    ['a column twice', 'path,A,A\na.png,1,1\n', 1, '"A" is there twice'],
    ['no finding', 'path,patient\na.png,1\n', 1, 'neither a column'],
    ['too few cells', 'path,A\na.png,1\nb.png\n', 3, 'number of columns'],
    ['an open quotation mark', 'path,A\n"a.png,1\n', 2, 'not closed'],
    ['nothing at all', '', 1, 'empty'],
  ])('%s is refused with its row', async (_, text, row, reason) => {
    expect(await failure(text)).toMatchObject({ code: 'table-invalid', params: { row, reason: expect.stringContaining(reason) } });
  });

  test('bytes that are no UTF-8 are refused', async () => {
    const latin1 = Buffer.from('path,A\nn\xe9.png,1\n', 'latin1');
    expect(await failure(latin1)).toMatchObject({
      code: 'table-invalid',
      params: { reason: 'it is not UTF-8 text; save it as "CSV UTF-8"' },
    });
  });

  test('a folder in place of the file is a sentence', async () => {
    expect(await readLabels(folder)).toMatchObject({ ok: false, failure: { code: 'file-unreadable' } });
  });

  test('--task that does not fit is wrong use', async () => {
    expect(await failure('path,A\na.png,1\n', { task: 'multiclass' })).toMatchObject({ code: 'wrong-use' });
    expect(await failure('path,label\na.png,A\n', { task: 'multilabel' })).toMatchObject({ code: 'wrong-use' });
  });
});
