import type { BrowserWindow } from 'electron';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BridgeService } from '../../contract/bridge';
import type { ProjectStatus, ProjectSummary } from '../../contract/views';
import { fail, ok, type Result } from '../../contract/result';
import type { Emit } from '../../contract/wire';
import type { BridgePart } from '../ipc';
import type { Log } from '../log';
import type { Paths } from '../paths';
import type { Processes } from '../processes';
import type { SettingsStore } from '../settings';
import { inspectFolder, previewOfFolder, ProjectLibrary } from './library';
import { makeSampleProject } from './sample';
import { ProjectSession } from './session';

export interface Projects {
  readonly part: BridgePart;
  readonly session: () => ProjectSession | null;
  readonly list: () => Promise<ProjectSummary[]>;
  readonly close: () => Promise<void>;
  readonly stopSample: () => void;
}

export interface ProjectsOptions {
  readonly paths: Paths;
  readonly processes: Processes;
  readonly settings: SettingsStore;
  readonly emit: Emit<BridgeService>;
  readonly log: Log;
  readonly window: () => BrowserWindow | null;
}

const INSPECT_MS = 2000;
const NOTE_MS = 3000;

/** One project is open at a time; everything a page asks of a project is answered here. */
export function setupProjects({ paths, processes, settings, emit, log, window }: ProjectsOptions): Projects {
  const library = new ProjectLibrary(paths.profile, () => settings.get().annotator);
  let session: ProjectSession | null = null;
  let sample: AbortController | null = null;
  let noting: NodeJS.Timeout | null = null;
  /** Opening and closing wait for each other: two open sessions would write side by side. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work);
    turn = next;
    return next;
  };

  /** The welcome page shows counts that are a moment old at most, also after a crash. */
  const emitAndNote: Emit<BridgeService> = (event, payload) => {
    emit(event, payload);
    if (event !== 'journal' && event !== 'journalEnd') return;
    noting ??= setTimeout(() => {
      noting = null;
      if (session) void library.note(session);
    }, NOTE_MS);
  };

  const closeNow = async () => {
    const open = session;
    session = null;
    if (!open) return;
    await library.note(open);
    await open.close();
  };
  const close = () => inTurn(closeNow);

  const openNow = async (id: string): Promise<Result<ProjectSession>> => {
    if (session?.project.id === id) return ok(session);
    await closeNow();
    // It takes as long to start as the journal to be read.
    processes.imaging.start();
    const opened = await ProjectSession.open({
      folder: library.folderOf(id),
      profile: paths.profile,
      resources: paths.resources,
      processes,
      emit: emitAndNote,
      log,
    });
    if (!opened.ok) return opened;
    session = opened.value;
    await library.note(session);
    session.begin();
    return opened;
  };
  const open = (id: string) => inTurn(() => openNow(id));

  /** The open project, when it is the one that is meant. */
  const inProject = async <T>(id: string, work: (open: ProjectSession) => Promise<Result<T>> | Result<T>): Promise<Result<T>> =>
    session?.project.id === id ? work(session) : fail('project-missing', { project: id });

  const part: BridgePart = {
    'projects.list': async () => ok(await library.list()),
    'projects.inspect': ({ folder }) =>
      inspectFolder(folder, INSPECT_MS, async (file, signal) => {
        const counted = await processes.imaging.call('frames', { file }, { signal });
        return counted.ok ? counted.value : 1;
      }),
    'projects.create': (request) => library.create(request),
    'projects.sample': async () => {
      sample?.abort();
      const stop = new AbortController();
      sample = stop;
      const made = await makeSampleProject(library, join(paths.profile, 'sample'), {
        workerUrl: pathToFileURL(join(paths.code, 'imaging-worker.js')),
        signal: stop.signal,
        onProgress: (done, total) => emit('progress', { job: 'sample', done, total, what: 'Drawing sample radiographs' }),
      });
      if (sample === stop) sample = null;
      return made;
    },
    'projects.open': async ({ project }) => {
      const opened = await open(project);
      if (!opened.ok) return opened;
      const { value } = opened;
      // After the answer: the page reads the journal first.
      setTimeout(() => value.training.repeat(), 0);
      window()?.setTitle(`${value.project.name} – Collimate`);
      const status: ProjectStatus = value.status();
      return ok({ project: value.project, last: value.state.seq, lastId: value.lastId, status });
    },
    'projects.close': async ({ project }) => {
      if (session?.project.id === project) await close();
      window()?.setTitle('Collimate');
      return ok();
    },
    'projects.remove': async ({ project }) => {
      if (session?.project.id === project) await close();
      await rm(join(paths.profile, 'thumbnails', project), { recursive: true, force: true });
      return library.remove(project);
    },
    'projects.findings': ({ project, findings }) => inProject(project, (current) => current.rules.changeFindings(findings)),

    'metadata.preview': ({ of, rule }) =>
      'folder' in of ? previewOfFolder(of.folder, rule, INSPECT_MS) : inProject(of.project, (current) => current.previewMetadata(rule)),
    'metadata.apply': ({ project, rule }) => inProject(project, (current) => current.applyMetadata(rule)),
    'images.patient': ({ project, image }) =>
      inProject(project, (current) => {
        const record = current.image(image);
        return record ? current.patientOf(record) : fail('image-unknown', { image });
      }),
    'projects.rescan': ({ project }) => inProject(project, (current) => current.rescan()),
    'projects.relocate': ({ project, root, folder }) => inProject(project, (current) => current.relocate(folder, root)),
    'projects.otherFiles': ({ project }) => inProject(project, (current) => ok([...current.otherFiles()])),
    'images.missing': ({ project }) => inProject(project, (current) => ok(current.missing())),
    'images.header': ({ project, image }) =>
      inProject(project, (current) => {
        const record = current.image(image);
        return record ? processes.imaging.call('header', current.sourceOf(record)) : fail('image-unknown', { image });
      }),

    'journal.read': ({ project, after, limit }) => inProject(project, (current) => current.read(after, limit)),
    'labels.apply': ({ project, cells }) => inProject(project, (current) => current.answers.label(cells)),
    'labels.skip': ({ project, image }) => inProject(project, (current) => current.answers.skip(image)),
    'labels.keep': ({ project, image, finding, kept }) => inProject(project, (current) => current.answers.keep(image, finding, kept)),
    'labels.import': ({ project, file, write }) => inProject(project, (current) => current.answers.importLabels(file, write)),
    'labels.undo': ({ project }) => inProject(project, (current) => current.answers.undo()),
    'labels.redo': ({ project }) => inProject(project, (current) => current.answers.redo()),

    'embedding.pause': ({ project, paused }) =>
      inProject(project, async (current) => {
        await current.embedding.pause(paused);
        return ok();
      }),
    'embedding.retry': ({ project }) =>
      inProject(project, (current) => {
        current.retryFailed();
        return ok();
      }),
    'work.retry': ({ project, work }) =>
      inProject(project, (current) => {
        current.retry(work);
        return ok();
      }),
    'work.dismiss': ({ project, work }) =>
      inProject(project, (current) => {
        current.failing.dismiss(work);
        return ok();
      }),
    'embedding.failures': ({ project }) => inProject(project, (current) => ok(current.failures())),
    'queue.settings': ({ project, ...chosen }) => inProject(project, (current) => current.rules.setQueue(chosen)),
    'projects.audit': ({ project, share, open }) => inProject(project, (current) => current.rules.setAudit(share, open === true)),
    'search.start': ({ project, finding, seeds }) => inProject(project, (current) => current.rules.startSearch(finding, seeds)),
    'search.stop': ({ project }) => inProject(project, (current) => current.rules.stopSearch()),
    'review.suspects': ({ project }) => inProject(project, (current) => current.training.suspects()),
    'queue.similar': ({ project, image, count }) => inProject(project, async (current) => ok(await current.training.similar(image, count))),
  };
  return { part, session: () => session, list: () => library.list(), close, stopSample: () => sample?.abort() };
}
