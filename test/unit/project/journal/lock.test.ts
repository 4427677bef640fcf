import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unwrap } from '../../../../src/contract/result';
import { takeLock } from '../../../../src/project/journal/lock';

let folder = '';
const file = () => join(folder, 'journal.lock');
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const elsewhere = { ok: false, failure: { code: 'project-open-elsewhere' } };

test('one holder at a time, and the next one when it is given back', async () => {
  const release = unwrap(await takeLock(file()));
  expect(await takeLock(file())).toMatchObject(elsewhere);
  await release();
  const again = unwrap(await takeLock(file()));
  await again();
  expect(await readdir(folder)).toEqual([]);
});

test('of many that try at once one gets it', async () => {
  await writeFile(file(), '999999999 1');
  const results = await Promise.all(Array.from({ length: 20 }, () => takeLock(file())));
  expect(results.filter(({ ok }) => ok)).toHaveLength(1);
});

test('the lock of a living process is respected, that of a dead one taken over', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(other, 'spawn');
  const started = await import('node:fs/promises').then(({ readFile }) =>
    readFile(`/proc/${String(other.pid)}/stat`, 'utf8').catch(() => ''),
  );
  const start = started.slice(started.lastIndexOf(')') + 2).split(' ')[19];
  await writeFile(file(), start === undefined ? String(other.pid) : `${String(other.pid)} ${start}`);
  expect(await takeLock(file())).toMatchObject(elsewhere);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect((await takeLock(file())).ok).toBe(true);
});

test('a lock left under our own process number by an earlier boot is taken over', async () => {
  await writeFile(file(), `${String(process.pid)} 1`);
  expect((await takeLock(file())).ok).toBe(true);
});

test('an empty lock, left by a power cut, is taken over', async () => {
  await writeFile(file(), '');
  expect((await takeLock(file())).ok).toBe(true);
});
