import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exclusively } from '../../../../setup/electron/exclusive.mjs';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'exclusive-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('tasks under one lock run one after the other, and the lock goes with a failure too', async () => {
  const lock = join(folder, 'lock');
  let running = 0;
  let most = 0;
  const task = async () => {
    running += 1;
    most = Math.max(most, running);
    await sleep(20);
    running -= 1;
  };
  await Promise.all([exclusively(lock, task), exclusively(lock, task), exclusively(lock, task)]);
  expect(most).toBe(1);
  await expect(exclusively(lock, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(existsSync(lock)).toBe(false);
});

test('a lock whose owner is gone is taken over', async () => {
  const lock = join(folder, 'lock');
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(lock, String(pid));
  expect(await exclusively(lock, () => Promise.resolve('done'))).toBe('done');
});
