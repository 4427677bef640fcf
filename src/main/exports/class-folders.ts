import { constants, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { annotatorState } from '../../contract/fold';
import { fail, ok, type Result } from '../../contract/result';
import { writeFailure } from '../files/failures';
import type { ProjectSession } from '../projects/session';

export interface CopyProgress {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Copies every labelled image into a folder named after its class, in multi-label projects into one for each finding that
 * is present. Made beside the target and renamed at the end, so that a half copy is never taken for a whole one.
 */
export async function exportClassFolders(
  session: ProjectSession,
  target: string,
  { signal, onProgress }: CopyProgress,
): Promise<Result<{ files: string[]; copied: number }>> {
  const jobs = copyJobs(session);
  if (jobs.length === 0) return fail('export-nothing', { reason: 'no image has a finding that is present' });
  const temporary = `${target}.${String(process.pid)}.tmp`;
  try {
    let copied = 0;
    for (const { source, folder, name } of jobs) {
      if (signal.aborted) {
        await rm(temporary, { recursive: true, force: true });
        return fail('stopped');
      }
      await mkdir(join(temporary, folder), { recursive: true });
      await copyFile(source, join(temporary, folder, name), constants.COPYFILE_FICLONE);
      copied += 1;
      onProgress(copied, jobs.length);
    }
    await rm(target, { recursive: true, force: true });
    await rename(temporary, target);
    return ok({ files: [target], copied });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    return writeFailure(error, target, dirname(target));
  }
}

interface CopyJob {
  readonly source: string;
  readonly folder: string;
  readonly name: string;
}

function copyJobs(session: ProjectSession): CopyJob[] {
  const cells = annotatorState(session.state, session.annotator.id).cells;
  const taken = new Set<string>();
  return session.images().flatMap((image) =>
    session.project.findings.flatMap(({ id, name }) => {
      if (cells.get(image.id)?.get(id)?.state !== 'present') return [];
      const folder = folderName(name);
      return [{ source: session.fileOf(image), folder, name: freeName(folder, image.path, taken) }];
    }),
  );
}

/** A finding's name as a folder on every system. */
const folderName = (name: string) => name.replaceAll(/[<>:"/\\|?*\p{Cc}]/gu, '_').replace(/[. ]+$/, '_') || '_';

/** The file's own name, with its folders in front where two would be the same. Compared without case: some systems do. */
function freeName(folder: string, path: string, taken: Set<string>): string {
  const candidates = [basename(path), path.replaceAll('/', '__')];
  for (let n = 2; ; n++) {
    const candidate = candidates.shift() ?? `${String(n)}__${path.replaceAll('/', '__')}`;
    const key = `${folder}/${candidate}`.toLowerCase();
    if (taken.has(key)) continue;
    taken.add(key);
    return candidate;
  }
}
