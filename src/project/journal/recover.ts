import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { apply, emptyState, type ProjectState } from '../../contract/fold';
import { fail, ok, type Failure, type Result } from '../../contract/result';
import { reasonOf, systemCode } from '../../files/failures';
import { decodeLine } from './line';
import { readLines } from './lines';
import { JOURNAL_FILE } from './journal';

export interface Recovered {
  readonly state: ProjectState;
  readonly actions: number;
  /** Every line that could not be used, with the reason. */
  readonly lost: readonly Failure[];
}

/**
 * Reads all that can be read of a journal, without its lock and without changing anything: also what lies behind a
 * damaged line. Fails only where there is no journal or the disk cannot be read.
 */
export async function recover(folder: string): Promise<Result<Recovered>> {
  const path = join(folder, JOURNAL_FILE);
  const state = emptyState();
  const lost: Failure[] = [];
  let number = 0;
  let actions = 0;
  try {
    if (!(await stat(path)).isFile()) return fail('project-missing', { project: folder });
    const file = await open(path, 'r');
    try {
      for await (const batch of readLines(file, 0, (await file.stat()).size)) {
        for (const { bytes } of batch) {
          const decoded = decodeLine(bytes, ++number);
          if (!decoded.ok) lost.push(decoded.failure);
          else {
            apply(state, decoded.action);
            actions++;
          }
        }
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return fail('project-missing', { project: folder });
    return fail('file-unreadable', { file: path, reason: reasonOf(error) });
  }
  return ok({ state, actions, lost });
}
