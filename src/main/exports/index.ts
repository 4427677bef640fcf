import { shell } from 'electron';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { BridgeService } from '../../contract/bridge';
import { annotatorState } from '../../contract/fold';
import type { ErrorCode } from '../../contract/errors';
import { Priority } from '../../contract/jobs/imaging';
import { fail, ok, type Result } from '../../contract/result';
import type { Emit } from '../../contract/wire';
import { exists } from '../files/exists';
import { saveFile } from '../files/save';
import type { BridgePart } from '../ipc';
import type { Processes } from '../processes';
import type { Projects } from '../projects';
import type { ProjectSession } from '../projects/session';
import { exportClassFolders } from './class-folders';
import { exportModel } from './model';
import { labelsTable } from './tables';

const ofTheRequest: ReadonlySet<ErrorCode> = new Set(['stopped', 'export-nothing', 'output-foreign', 'output-exists', 'wrong-use']);

/** Exports of the open project. Each goes to a name of its own below the chosen folder; what exists is never replaced unasked. */
export function setupExports({ projects, processes, emit }: { projects: Projects; processes: Processes; emit: Emit<BridgeService> }): {
  part: BridgePart;
  stop: () => void;
} {
  let running: AbortController | null = null;
  const exported = new Set<string>();

  /** One export at a time, with a stop of its own; refused where the target exists, unless `overwrite`. */
  const run = async <T extends { files: string[] }>(
    request: { project: string; folder: string; overwrite: boolean },
    name: string,
    work: (session: ProjectSession, target: string, signal: AbortSignal) => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    const session = projects.session();
    if (session?.project.id !== request.project) return fail('project-missing', { project: request.project });
    const target = join(request.folder, name);
    if (!(await exists(request.folder))) return fail('folder-missing', { folder: request.folder });
    if (await amongImages(session, request.folder, target)) return fail('export-among-images', { folder: request.folder });
    if (!request.overwrite && (await exists(target))) return fail('output-exists', { file: target });
    running?.abort();
    const stop = new AbortController();
    running = stop;
    session.failing.dismiss('export');
    const done = await work(session, target, stop.signal);
    if (running === stop) running = null;
    // What is amiss with the request itself the dialog says.
    if (!done.ok && !ofTheRequest.has(done.failure.code)) session.failing.failed('export', done.failure, null);
    if (done.ok) for (const file of done.value.files) exported.add(file);
    return done;
  };

  const part: BridgePart = {
    'export.labels': (request) =>
      run(request, `${nameOf(projects)}-labels.csv`, async (session, target) => {
        const { cells } = annotatorState(session.state, session.annotator.id);
        if (cells.size === 0) return fail('export-nothing', { reason: 'no image has a label' });
        const saved = await saveFile(target, labelsTable(session.state, session.annotator.id));
        return saved.ok ? ok({ files: [target] }) : saved;
      }),
    'export.classFolders': (request) =>
      run(request, `${nameOf(projects)}-classes`, (session, target, signal) =>
        exportClassFolders(session, target, {
          signal,
          onProgress: (done, total) => emit('progress', { job: 'export', done, total, what: 'Copying images' }),
          extract: (source, picture) =>
            processes.imaging.call('read', { source, priority: Priority.thumbnail, picture: { file: picture } }, { signal }),
        }),
      ),
    'export.model': (request) =>
      run(request, `${nameOf(projects)}-${request.parts}`, async (session, target, signal) => {
        emit('progress', { job: 'export', done: 0, total: 1, what: 'Writing and checking the model' });
        const done = await exportModel(session, processes, { out: target, parts: request.parts, overwrite: request.overwrite, signal });
        emit('progress', { job: 'export', done: 1, total: 1, what: 'Writing and checking the model' });
        return done;
      }),
    'export.reveal': ({ file }) => {
      if (!exported.has(file) && !exported.has(dirname(file))) return Promise.resolve(fail('refused'));
      shell.showItemInFolder(file);
      return Promise.resolve(ok());
    },
  };
  return { part, stop: () => running?.abort() };
}

/** Letters and digits of the project's name, in at most 100 bytes: file systems count those. */
export function safeName(name: string): string {
  const safe = name
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '')
    .toLowerCase();
  // Cut at a whole character: the decoder holds back the beginning of one that did not fit.
  return new StringDecoder('utf8').write(Buffer.from(safe).subarray(0, 100)) || 'project';
}

/** Whether the target is, holds or lies in a folder of the project's images. Links are followed: they lead to the same files. */
async function amongImages(session: ProjectSession, folder: string, target: string): Promise<boolean> {
  const real = await realpath(folder);
  const place = join(real, basename(target));
  for (const { path } of session.project.roots) {
    const root = await realpath(path).catch(() => path);
    if (real === root || contains(root, real) || contains(place, root) || place === root) return true;
  }
  return false;
}

const contains = (outer: string, inner: string) => inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);

const nameOf = (projects: Projects) => safeName(projects.session()?.project.name ?? '');
