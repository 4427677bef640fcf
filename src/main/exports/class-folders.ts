import { constants, copyFile, lstat, mkdir, mkdtemp, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { annotatorState } from '../../contract/fold';
import { imageName } from '../../contract/frames';
import type { ErrorCode } from '../../contract/errors';
import type { ImageSource } from '../../contract/jobs/imaging';
import type { ImageRecord } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { writeAtomically } from '../files/atomic';
import { systemCode, writeFailure } from '../files/failures';
import { liesIn } from '../../imaging/source';
import { inOrder } from '../projects/scanning';
import type { ProjectSession } from '../projects/session';

export interface CopyProgress {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
  /** Writes one frame of a file as a picture of its own. */
  readonly extract: (source: ImageSource, target: string) => Promise<Result<unknown>>;
}

export interface CopyJob {
  /** Without a frame the file is copied as it is. */
  readonly source: ImageSource;
  readonly folder: string;
  readonly name: string;
}

/** Lies in every folder that we made: only such a folder is ever replaced, whatever its name. */
const MARKER = 'collimate-classes.json';
const Marker = z.object({ format: z.literal('collimate-class-folders'), version: z.literal(1), project: z.string() });

/**
 * Copies every labelled image into a folder named after its class. Refused (wrong-use) in multi-label projects: an image with two findings
 * would stand in two folders, and one without any in none. Of a file with several frames the labelled ones are written as PNG, as they are first shown: the file would bring the
 * others along. Made beside the target and renamed at the end, so that a half copy is never taken for a whole one; what
 * stood there before is put aside first and removed last. Images that are no longer there are left out and named.
 */
export async function exportClassFolders(
  session: ProjectSession,
  target: string,
  progress: CopyProgress,
): Promise<Result<{ files: string[]; copied: number; missing: string[] }>> {
  if (session.project.task !== 'multiclass')
    return fail('wrong-use', { reason: 'Class folders need projects in which an image has exactly one finding' });
  const jobs = copyJobs(session);
  if (jobs.length === 0) return fail('export-nothing', { reason: 'no image has a finding that is present' });
  return copyInto(target, jobs, session.project.id, progress);
}

/** Fails with output-foreign where `target` exists and was not made here. */
export async function copyInto(
  target: string,
  jobs: readonly CopyJob[],
  project: string,
  { signal, onProgress, extract }: CopyProgress,
): Promise<Result<{ files: string[]; copied: number; missing: string[] }>> {
  const before = await standing(target);
  if (before === 'foreign') return fail('output-foreign', { file: target });
  let temporary = '';
  try {
    const missing: string[] = [];
    let done = 0;
    temporary = await mkdtemp(`${target}.tmp-`);
    const aside = `${temporary}.old`;
    for (const { source, folder, name } of jobs) {
      if (signal.aborted) {
        await rm(temporary, { recursive: true, force: true });
        return fail('stopped');
      }
      await mkdir(join(temporary, folder), { recursive: true });
      const place = join(temporary, folder, name);
      if (source.frame === null) {
        if (!(await copied(source, place))) missing.push(source.file);
      } else {
        const extracted = await extract(source, place);
        if (!extracted.ok && ofTheTarget.has(extracted.failure.code)) {
          await rm(temporary, { recursive: true, force: true });
          return extracted;
        }
        if (!extracted.ok) missing.push(imageName({ path: source.file, frame: source.frame }));
      }
      done += 1;
      onProgress(done, jobs.length);
    }
    const marker: z.infer<typeof Marker> = { format: 'collimate-class-folders', version: 1, project };
    await writeAtomically(join(temporary, MARKER), JSON.stringify(marker));
    if (before === 'ours') await rename(target, aside);
    await rename(temporary, target);
    await rm(aside, { recursive: true, force: true });
    return ok({ files: [target], copied: jobs.length - missing.length, missing });
  } catch (error) {
    if (temporary !== '') await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    return writeFailure(error, target, dirname(target));
  }
}

/** Failures that the next image would meet as well. */
const ofTheTarget: ReadonlySet<ErrorCode> = new Set(['disk-full', 'folder-not-writable', 'write-failed', 'process-gone']);

/** False: it is not there, or is no longer a file of its folder. What has become a pipe or a link to a device since would never end. */
async function copied({ file, root }: ImageSource, target: string): Promise<boolean> {
  try {
    const real = await realpath(file);
    if (root !== undefined && !liesIn(await realpath(root), real)) return false;
    if (!(await stat(real)).isFile()) return false;
    await copyFile(real, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    // Of the two files only the source can be missing: the folder of the other was just made.
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function standing(target: string): Promise<'free' | 'ours' | 'foreign'> {
  try {
    Marker.parse(JSON.parse(await readFile(join(target, MARKER), 'utf8')));
    return 'ours';
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') return 'foreign';
  }
  // No marker: free only where there is nothing at all.
  return lstat(target).then(
    () => 'foreign',
    () => 'free',
  );
}

function copyJobs(session: ProjectSession): CopyJob[] {
  const cells = annotatorState(session.state, session.annotator.id).cells;
  const folders = folderNames(session.project.findings.map(({ name }) => name));
  const taken = new Set<string>();
  // Also images that were missing at the last look: they are named if they still are.
  return inOrder(session.state.images.values()).flatMap((image) =>
    session.project.findings.flatMap(({ id }, column) => {
      const folder = folders[column];
      if (folder === undefined || cells.get(image.id)?.get(id)?.state !== 'present') return [];
      return [{ source: session.sourceOf(image), folder, name: freeName(folder, pictureName(image), taken) }];
    }),
  );
}

/** Frames are numbered as in the tables, from 0. */
const pictureName = ({ path, frame }: ImageRecord) => (frame === null ? path : `${path}.frame-${String(frame)}.png`);

/** Findings' names as folders on every system, no two the same where case does not count. */
export function folderNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const cleaned = name.replaceAll(/[<>:"/\\|?*\p{Cc}]/gu, '_').replace(/[. ]+$/, '_');
    const plain = cleaned === '' || /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(cleaned) ? `${cleaned}_` : cleaned;
    let free = plain;
    for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${plain} ${String(n)}`;
    taken.add(free.toLowerCase());
    return free;
  });
}

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
