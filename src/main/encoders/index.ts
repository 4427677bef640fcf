import { shell } from 'electron';
import { join } from 'node:path';
import type { BridgeService } from '../../contract/bridge';
import type { EncoderCard, TileRecipe } from '../../contract/encoder-card';
import { ok, type Result } from '../../contract/result';
import type { Emit } from '../../contract/wire';
import type { BridgePart } from '../ipc';
import type { Processes } from '../processes';
import type { Projects } from '../projects';
import type { SettingsStore } from '../settings';
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
  let importing: AbortController | null = null;
  let measuring: AbortController | null = null;
  processes.encoder.on('converting', ({ done, total }) =>
    emit('progress', { job: 'import', done, total, what: 'Converting the checkpoint' }),
  );
  processes.encoder.on('measuring', ({ done, total }) => emit('progress', { job: 'speed', done, total, what: 'Measuring the speed' }));

  /** Tells the page where the library changed. */
  const changing = async <T>(work: Promise<Result<T>>): Promise<Result<T>> => {
    const done = await work;
    if (done.ok) emit('encoders', {});
    return done;
  };
  const importFile = async (checkpoint: string, crop: TileRecipe['crop'] = 'official'): Promise<Result<EncoderCard>> => {
    importing?.abort();
    const stop = new AbortController();
    importing = stop;
    const wish = { checkpoint, into: library.folder, crop, precision: 'fp32' } as const;
    const made = await changing(processes.encoder.call('convert', wish, { signal: stop.signal }));
    if (importing === stop) importing = null;
    return made.ok ? ok(made.value.card) : made;
  };

  const part: BridgePart = {
    'encoders.list': async () => ok(await library.list()),
    'encoders.import': ({ checkpoint, crop }) => importFile(checkpoint, crop),
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
      folder: join(profile, 'downloads'),
      mirror: () => settings.get().mirror,
      emit,
      importFile,
    }),
  };
  return { part, stopImport: () => importing?.abort(), stopSpeed: () => measuring?.abort() };
}
