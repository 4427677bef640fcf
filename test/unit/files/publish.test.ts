import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { sentence } from '../../../src/contract/catalogue';
import { fail, ok, unwrap } from '../../../src/contract/result';
import { writeFailure } from '../../../src/files/failures';
import { publish, writeFiles } from '../../../src/files/publish';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
const bytes = (text: string) => Buffer.from(text);

describe('publishing files', () => {
  test('checks see the file before it has its name; later files are made after them', async () => {
    const folder = join(root, 'a', 'b');
    const seen: string[] = [];
    const files = unwrap(
      await publish(
        folder,
        [
          {
            name: 'one',
            content: bytes('1'),
            check: (path) => {
              seen.push(readFileSync(path, 'utf8'), String(existsSync(join(folder, 'one'))));
              return Promise.resolve(ok());
            },
          },
          { name: 'two', content: () => bytes(seen.join()) },
        ],
        false,
      ),
    );
    expect(files).toEqual([join(folder, 'one'), join(folder, 'two')]);
    expect(readdirSync(folder)).toEqual(['one', 'two']);
    expect(readFileSync(join(folder, 'two'), 'utf8')).toBe('1,false');
  });

  test('a failed check leaves nothing, not even the folder', async () => {
    const folder = join(root, 'failed');
    const result = await publish(
      folder,
      [
        { name: 'one', content: bytes('1') },
        { name: 'two', content: bytes('2'), check: () => Promise.resolve(fail('stopped')) },
      ],
      false,
    );
    expect(result).toEqual(fail('stopped'));
    expect(existsSync(folder)).toBe(false);
  });

  test('a failure leaves what was there', async () => {
    const folder = join(root, 'kept');
    unwrap(await publish(folder, [{ name: 'one', content: bytes('old') }], false));
    const result = await publish(folder, [{ name: 'one', content: bytes('new'), check: () => Promise.resolve(fail('stopped')) }], true);
    expect(result.ok).toBe(false);
    expect(readdirSync(folder)).toEqual(['one']);
    expect(readFileSync(join(folder, 'one'), 'utf8')).toBe('old');
    const refused = await publish(folder, [{ name: 'one', content: bytes('new') }], false);
    expect(refused.ok ? null : refused.failure.code).toBe('output-exists');
  });

  test('errors of the file system become sentences', async () => {
    const error = (code: string) => Object.assign(new Error(code), { code });
    const said = ['ENOSPC', 'EROFS', 'EACCES', 'EIO'].map((code) => writeFailure(error(code), '/there/file', '/there').failure);
    expect(said.map(({ code }) => code)).toEqual(['disk-full', 'folder-not-writable', 'folder-not-writable', 'write-failed']);
    for (const failure of said) expect(sentence(failure)).toContain('/there');
    expect(() => writeFailure(new TypeError('a bug'), '/there/file', '/there')).toThrow('a bug');
    writeFileSync(join(root, 'file'), '');
    const blocked = await publish(join(root, 'file'), [{ name: 'one', content: bytes('1') }], false);
    expect(blocked.ok ? null : blocked.failure.code).toBe('folder-not-writable');
  });
});

describe('writeFiles', () => {
  let folder = '';
  const at = (name: string) => join(folder, name);
  beforeEach(async () => {
    folder = await mkdtemp(join(root, 'files-'));
  });
  const failure = (code: string) => ({ ok: false, failure: { code } });

  test('writes all parts of all files', async () => {
    expect(
      (
        await writeFiles([
          { file: at('a'), content: [Buffer.from('one '), Buffer.from('two')] },
          { file: at('b'), content: [] },
        ])
      ).ok,
    ).toBe(true);
    expect(await readFile(at('a'), 'utf8')).toBe('one two');
    expect((await readdir(folder)).sort()).toEqual(['a', 'b']);
  });

  test('stopped between two parts it leaves nothing', async () => {
    const stop = new AbortController();
    function* parts() {
      yield Buffer.from('one');
      stop.abort();
      yield Buffer.from('two');
    }
    expect(await writeFiles([{ file: at('a'), content: parts() }], stop.signal)).toMatchObject(failure('stopped'));
    expect(await readdir(folder)).toEqual([]);
  });

  test('when one file cannot be written none is, and what was there stays', async () => {
    await writeFile(at('a'), 'old');
    const files = [
      { file: at('a'), content: [Buffer.from('new')] },
      { file: at('no/b'), content: [Buffer.from('new')] },
    ];
    expect(await writeFiles(files)).toMatchObject(failure('write-failed'));
    expect(await readdir(folder)).toEqual(['a']);
    expect(await readFile(at('a'), 'utf8')).toBe('old');
  });
});
