import { shell } from 'electron';
import { join } from 'node:path';
import type { BridgeService } from '../../contract/bridge';
import type { EncoderCard } from '../../contract/encoder-card';
import { fail, ok, type Result } from '../../contract/result';
import type { Emit } from '../../contract/wire';
import { exists } from '../../files/look';
import type { BridgePart } from '../ipc';
import type { Processes } from '../processes';
import type { Projects } from '../projects';
import type { SettingsStore } from '../settings';
import { setupCustom } from './custom';
import { Importing } from './importing';
import { EncoderLibrary } from './library';
import { setupWeights } from './weights';

export interface EncodersOptions {
  readonly profile: string;
  readonly processes: Processes;
  readonly projects: Projects;
  readonly settings: SettingsStore;
  readonly emit: Emit<BridgeService>;
}

export interface Encoders {
  readonly part: BridgePart;
  readonly stopImport: () => void;
  readonly stopSpeed: () => void;
  readonly stopCustom: () => void;
}

/** The encoder library, and the ways by which an encoder comes into it. */
export function setupEncoders({ profile, processes, projects, settings, emit }: EncodersOptions): Encoders {
  const library = new EncoderLibrary({
    profile,
    projects: projects.list,
    openProject: () => projects.session()?.project.id ?? null,
    trash: (path) => shell.trashItem(path),
    release: (folder) => processes.encoder.call('release', { folder }),
  });
  const downloads = join(profile, 'downloads');
  const importing = new Importing({ folder: library.folder, processes, emit });
  let measuring: AbortController | null = null;
  processes.encoder.on('measuring', ({ done, total }) => emit('progress', { job: 'speed', done, total, what: 'Measuring the speed' }));

  /** Tells the page where the library changed. */
  const changing = async <T>(work: Promise<Result<T>>): Promise<Result<T>> => {
    const done = await work;
    if (done.ok) emit('encoders', {});
    return done;
  };
  const importFile = async (checkpoint: string): Promise<Result<EncoderCard>> => {
    const made = await importing.import({ checkpoint });
    return made.ok ? ok(made.value.card) : made;
  };

  const custom = setupCustom({ trial: processes.trial, folder: library.folder, changing });

  const part: BridgePart = {
    ...custom.part,
    'encoders.list': async () => ok(await library.list()),
    ...importing.part,
    'encoders.source': async ({ id }) => {
      const found = await library.find(id);
      if (!found.ok) return found;
      const { source } = found.value.card;
      if (!source) return fail('encoder-missing', { encoder: found.value.card.name });
      const path = join(downloads, source.file);
      return ok({ ...source, path: (await exists(path)) ? path : null });
    },
    'encoders.library': async () => ok(await library.library()),
    'encoders.measure': async ({ id }) => {
      const found = await library.find(id);
      if (!found.ok) return found;
      measuring?.abort();
      const stop = new AbortController();
      measuring = stop;
      const done = await processes.encoder.call('measure', { folder: found.value.folder }, { signal: stop.signal });
      if (!done.ok) return done;
      const speed = { ...done.value, measured: new Date().toISOString() };
      await library.noteSpeed(id, speed);
      return ok(speed);
    },
    'encoders.remove': ({ id, embeddings, forGood }) => changing(library.remove(id, { embeddings, forGood })),
    'embeddings.remove': ({ encoder }) => changing(library.removeEmbeddings(encoder)),
    ...setupWeights({
      folder: downloads,
      mirror: () => settings.get().mirror,
      emit,
      importFile,
    }),
  };
  return { part, stopImport: () => importing.stop(), stopSpeed: () => measuring?.abort(), stopCustom: custom.stop };
}
