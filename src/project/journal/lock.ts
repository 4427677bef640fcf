import { readFileSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fail, ok, type Result } from '../../contract/result';
import { systemCode } from '../../files/failures';

/** Locks of this process: a lock file with our own number that is not among them was left by a process of an earlier boot. */
const held = new Set<string>();

/**
 * Takes the lock file, or fails with `project-open-elsewhere`. It holds a process number and, on Linux, the start time
 * of that process, since numbers are given out again; a lock whose process is gone is taken over.
 */
export async function takeLock(file: string): Promise<Result<() => Promise<void>>> {
  const own = identity(process.pid);
  for (let attempts = 0; attempts < 10; attempts++) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(own);
      await handle.close();
      held.add(file);
      return ok(async () => {
        held.delete(file);
        await rm(file, { force: true });
      });
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    const found = await readFile(file, 'utf8').catch(() => null);
    if (found === null) continue;
    if (found === '' && attempts < 3) {
      // Made a moment ago and not yet written, or left so by a power cut.
      await setTimeout(20);
      continue;
    }
    if (isAlive(found, file)) return fail('project-open-elsewhere', {}, `lock held by process ${found}`);
    await removeStale(file, found);
  }
  return fail('project-open-elsewhere', {}, 'the lock changes hands all the time');
}

/** Moves the stale lock aside first: should another process have replaced it meanwhile, its lock is put back. */
async function removeStale(file: string, judged: string) {
  const aside = `${file}.${String(process.pid)}.stale`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8')) === judged) await rm(aside, { force: true });
  else await rename(aside, file);
}

function isAlive(found: string, file: string): boolean {
  const pid = Number(found.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return held.has(file);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  return identity(pid) === found || process.platform !== 'linux';
}

/** "pid starttime" on Linux (field 22 of /proc/pid/stat, counted after the command name, which may hold spaces), else "pid". */
function identity(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return `${String(pid)} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return String(pid);
  }
}
