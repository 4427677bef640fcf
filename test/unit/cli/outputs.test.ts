import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fail, ok } from '../../../src/contract/result';
import { checkFiles, checkFolder, writeFolder } from '../../../src/cli/outputs';

let folder = '';
const at = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outputs-'));
});
afterEach(() => rm(folder, { recursive: true }));

const failure = (code: string) => ({ ok: false, failure: { code } });

describe('checkFiles', () => {
  test('what exists is refused, unless it may be replaced', async () => {
    await writeFile(at('a'), 'old');
    expect(await checkFiles([at('a'), at('b')], false)).toMatchObject(failure('output-exists'));
    expect((await checkFiles([at('a'), at('b')], true)).ok).toBe(true);
  });

  test('a folder, a link or one name for two outputs is never replaced', async () => {
    await mkdir(at('d'));
    await symlink(at('nowhere'), at('link'));
    expect(await checkFiles([at('d')], true)).toMatchObject(failure('write-failed'));
    expect(await checkFiles([at('link')], true)).toMatchObject(failure('write-failed'));
    expect(await checkFiles([at('x'), join(folder, '.', 'x')], true)).toMatchObject(failure('wrong-use'));
  });

  test('a folder that is missing or a file is said so, and the probe is taken away', async () => {
    await writeFile(at('file'), '');
    expect(await checkFiles([at('no/x')], false)).toMatchObject(failure('folder-not-writable'));
    expect(await checkFiles([at('file/x')], false)).toMatchObject(failure('folder-not-writable'));
    expect((await checkFiles([at('x')], false)).ok).toBe(true);
    expect(await readdir(folder)).toEqual(['file']);
  });
});

describe('writeFolder', () => {
  const fill = async (temporary: string) => {
    await mkdir(join(temporary, 'deep'), { recursive: true });
    await writeFile(join(temporary, 'deep', 'new'), 'new');
    return ok(1);
  };

  test('the folder appears whole, or not at all', async () => {
    expect(await writeFolder(at('out'), fill)).toEqual(ok(1));
    expect(await readdir(at('out/deep'))).toEqual(['new']);
    const half = async (temporary: string) => {
      await fill(temporary);
      return fail('stopped');
    };
    expect(await writeFolder(at('other'), half)).toMatchObject(failure('stopped'));
    expect(await readdir(folder)).toEqual(['out']);
  });

  test('in a folder that is there only its own files are replaced', async () => {
    await mkdir(at('out/deep'), { recursive: true });
    await writeFile(at('out/deep/new'), 'old');
    await writeFile(at('out/mine'), 'mine');
    expect(await checkFolder(at('out'), false)).toMatchObject(failure('output-exists'));
    expect((await checkFolder(at('out'), true)).ok).toBe(true);
    expect((await writeFolder(at('out'), fill)).ok).toBe(true);
    expect(await readFile(at('out/deep/new'), 'utf8')).toBe('new');
    expect(await readFile(at('out/mine'), 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['out']);
  });

  test('a file in place of the folder is refused', async () => {
    await writeFile(at('out'), 'mine');
    expect(await checkFolder(at('out'), true)).toMatchObject(failure('write-failed'));
  });
});
