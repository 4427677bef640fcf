import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../contract/result';
import type { Run } from '../../trainer/evaluation/simulate';
import type { Session } from '../session';

export const processesFor = (threads: number, seeds: number) => Math.min(seeds, threads === 0 ? availableParallelism() : threads);

/**
 * Simulates every seed in a process of its own, so many at a time: this very command line, with one seed and one thread (of an option
 * given twice the last one counts). The runs come back in the order of the seeds, the same as from one process.
 */
export async function simulateSeeds(
  session: Session,
  seeds: number,
  processes: number,
  onDone: (count: number) => void,
): Promise<Result<Run[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'collimate-simulate-'));
  const results: Run[][] = [];
  let failure: Result<never> | null = null;
  let next = 0;
  let done = 0;
  try {
    const worker = async () => {
      while (next < seeds && failure === null) {
        const n = next++;
        const out = join(folder, `${String(n)}.json`);
        const said = await again(session, [
          '--seed',
          String(session.seed + n),
          '--seeds',
          '1',
          '--threads',
          '1',
          '--out',
          out,
          '--overwrite',
        ]);
        if (said !== null) failure ??= session.signal.aborted ? fail('stopped') : fail('internal', { reason: said });
        else results[n] = (JSON.parse(await readFile(out, 'utf8')) as { runs: Run[] }).runs;
        onDone(++done);
      }
    };
    await Promise.all(Array.from({ length: processes }, worker));
    return failure ?? ok(results.flat());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Null where it went well, otherwise what the process complained of. */
function again(session: Session, changes: readonly string[]): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1), ...changes], {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: session.signal,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-2000)));
    child.on('error', (error) => (session.signal.aborted ? resolve('stopped') : reject(error)));
    child.on('close', (code) => resolve(code === 0 ? null : said.trim() || `a process ended with ${String(code)}`));
  });
}
