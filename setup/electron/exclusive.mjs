import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** @param {string} path */
function ownerIsAlive(path) {
  let owner;
  try {
    owner = Number(readFileSync(path, 'utf8'));
  } catch {
    return true; // Just released: the next attempt takes it.
  }
  if (owner === 0) return true; // Created, its owner not yet written.
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Runs a task while no other process of this machine does under the same lock file; a lock whose owner is gone is taken over.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
export async function exclusively(path, task) {
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
      if (ownerIsAlive(path)) await sleep(200);
      else rmSync(path, { force: true });
    }
  }
  try {
    return await task();
  } finally {
    rmSync(path, { force: true });
  }
}
