import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collimate, contents, start, succeed, temporaryFolder, type Ended } from './command';

const { path: work, remove } = temporaryFolder();
const OUT = ['--encoder', 'builtin', '--out', 'emb.npy', '--index', 'emb.csv'];

beforeAll(async () => {
  await succeed(work, 'sample', '--out', 'sample', '--count', '6', '--seed', '3');
  await mkdir(join(work, 'empty'));
  await writeFile(join(work, 'file'), 'a file');
  await writeFile(join(work, 'emb-exists.npy'), 'precious');
});
afterAll(remove);

/** Runs a command that must fail, and checks that it says so in a sentence and leaves nothing behind. */
async function refuse(folder: string, args: readonly string[]): Promise<Ended> {
  const before = await contents(folder);
  const ended = await collimate(work, ...args);
  expect(ended.json).toMatchObject({ ok: false });
  expect(ended.stderr).toMatch(/^collimate: \S.*\.$/m);
  expect(ended.json['code']).not.toBe('internal');
  expect(await contents(folder)).toEqual(before);
  return ended;
}

describe('a sentence, an exit code, and nothing left behind', () => {
  test.each([
    ['a folder that is not there', ['embed', 'nowhere', ...OUT], 'folder-missing', 1],
    ['a file in place of a folder', ['embed', 'file', ...OUT], 'folder-unreadable', 1],
    ['a folder without images', ['embed', 'empty', ...OUT], 'folder-empty', 1],
    [
      'an encoder that is not there',
      ['embed', 'sample/images', '--encoder', 'empty', '--out', 'e.npy', '--index', 'e.csv'],
      'encoder-missing',
      1,
    ],
    [
      'an output that exists',
      ['embed', 'sample/images', '--encoder', 'builtin', '--out', 'emb-exists.npy', '--index', 'e.csv'],
      'output-exists',
      2,
    ],
    [
      'an output in a folder that is not there',
      ['embed', 'sample/images', '--encoder', 'builtin', '--out', 'no/e.npy', '--index', 'e.csv'],
      'folder-not-writable',
      1,
    ],
    [
      'an output below a file',
      ['embed', 'sample/images', '--encoder', 'builtin', '--out', 'file/e.npy', '--index', 'e.csv'],
      'folder-not-writable',
      1,
    ],
    ['one file for two outputs', ['embed', 'sample/images', '--encoder', 'builtin', '--out', 'e.npy', '--index', 'e.npy'], 'wrong-use', 2],
    [
      'a device for an output',
      ['embed', 'sample/images', '--encoder', 'builtin', '--out', '/dev/full', '--index', 'e.csv', '--overwrite'],
      'write-failed',
      1,
    ],
    ['a sample folder that is not empty', ['sample', '--out', 'sample', '--count', '2'], 'output-exists', 2],
    ['a checkpoint that is none', ['convert', 'file', '--out', 'encoder'], 'checkpoint-not-one', 1],
    ['a checkpoint that is not there', ['convert', 'nowhere.pt', '--out', 'encoder'], 'file-missing', 1],
    ['a model that is not there', ['predict', 'empty', 'sample/images', '--out', 'p.csv'], 'model-missing', 1],
    ['a model folder that is not there', ['predict', 'nowhere', 'sample/images', '--out', 'p.csv'], 'folder-missing', 1],
    ['a file for the model folder', ['predict', 'file', 'sample/images', '--out', 'p.csv'], 'wrong-use', 2],
    ['embeddings that are none', ['queue', '--embeddings', 'emb-exists.npy', '--index', 'file', '--out', 'q.csv'], 'array-invalid', 1],
    ['embeddings that are not there', ['queue', '--embeddings', 'nowhere.npy', '--index', 'file', '--out', 'q.csv'], 'file-unreadable', 1],
    ['a project that is not there', ['recover', 'empty', '--out', 'l.csv'], 'project-missing', 1],
  ])('%s', async (_, args, code, exit) => {
    expect(await refuse(work, args)).toMatchObject({ code: exit, json: { code } });
  });

  test.each([
    ['an unknown command', ['dance']],
    ['an unknown option', ['sample', '--out', 'x', '--dance']],
    ['a missing option', ['embed', 'sample/images']],
    ['a seed that is no number', ['sample', '--out', 'x', '--seed', 'lucky']],
    ['a shard out of range', ['embed', 'sample/images', ...OUT, '--shard', '4/3']],
    ['an unknown strategy', ['queue', '--embeddings', 'e.npy', '--index', 'e.csv', '--out', 'q.csv', '--strategy', 'guess']],
  ])('%s is wrong use', async (_, args) => {
    const { code, stderr } = await collimate(work, ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/error: .*\n/);
  });

  test('help shows the way from images to a model, with the commands there are', async () => {
    const { code, stdout } = await start(work, ['--help']).ended;
    expect(code).toBe(0);
    const shown = [...stdout.matchAll(/^ {2}collimate (\w+) /gm)].map(([, name]) => name);
    expect(shown).toEqual(['sample', 'embed', 'fit', 'propose', 'export', 'predict']);
    for (const name of shown) expect(stdout).toMatch(new RegExp(`^ {2}${name ?? ''} .*\\[options\\]`, 'm'));
  });

  test('the file that was named wrongly is the one that is spoken of', async () => {
    const labels = ['--labels', 'sample/labels.csv', '--out', 'head'];
    const swapped = await collimate(work, 'fit', '--embeddings', 'sample/labels.csv', '--index', 'sample/labels.csv', ...labels);
    expect(swapped.stderr).toContain('sample/labels.csv is not a usable array: it is not in the format of NumPy.');
    const missing = await collimate(work, 'fit', '--embeddings', 'a.npy', '--index', 'a.csv', ...labels);
    expect(missing.stderr).toContain('a.npy could not be read: it is not there.');
    const predicted = await collimate(work, 'predict', 'empty', 'sample/images', '--out', 'p.csv');
    expect(predicted.stderr).toContain('There is no model.onnx in empty.');
    const converted = await collimate(work, 'convert', 'nowhere.pt', '--out', 'encoder');
    expect(converted.stderr).toContain('nowhere.pt is not there.');
  });

  test('doctor says what cannot be used in sentences, without the insides of the runtime', async () => {
    const { code, stdout, stderr } = await start(work, ['doctor']).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/Provider \S+ +It can(not)? be used/);
    expect(stdout + stderr).not.toMatch(/ONNXRuntimeError|onnxruntime_src|\.cc:\d+|Ort[A-Z]\w+:/);
  });

  test('what existed is untouched', async () => {
    expect(await readFile(join(work, 'emb-exists.npy'), 'utf8')).toBe('precious');
  });

  test('a full disk', async ({ skip }) => {
    const disk = join(work, 'disk');
    await mkdir(disk);
    skip(!mount(disk, 'size=64k'), 'a small disk cannot be mounted here');
    try {
      // 6 rows of 3,856 values take 92 kB.
      const full = ['embed', 'sample/images', '--encoder', 'builtin', '--out', 'disk/e.npy', '--index', 'disk/e.csv'];
      expect(await refuse(disk, full)).toMatchObject({ code: 1, json: { code: 'disk-full' } });
      expect(await refuse(disk, ['sample', '--out', 'disk/s', '--count', '3'])).toMatchObject({ code: 1, json: { code: 'disk-full' } });
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('a read-only disk', async ({ skip }) => {
    const disk = join(work, 'read-only');
    await mkdir(disk);
    skip(!mount(disk, 'ro,size=64k'), 'a read-only disk cannot be mounted here');
    try {
      const args = ['embed', 'sample/images', '--encoder', 'builtin', '--out', 'read-only/e.npy', '--index', 'read-only/e.csv'];
      expect(await refuse(disk, args)).toMatchObject({ code: 1, json: { code: 'folder-not-writable' } });
      expect(await refuse(disk, ['sample', '--out', 'read-only/s', '--count', '3'])).toMatchObject({ code: 1 });
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

function mount(folder: string, options: string): boolean {
  if (!existsSync('/proc/mounts')) return false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
