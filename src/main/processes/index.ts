import { app } from 'electron';
import { join } from 'node:path';
import { encoderService, type EncoderService } from '../../contract/jobs/encoder';
import { imagingService, type ImagingService } from '../../contract/jobs/imaging';
import { trainerService, type TrainerService } from '../../contract/jobs/trainer';
import type { Result } from '../../contract/result';
import type { Log } from '../log';
import { TRAINER_PAGE, type Paths } from '../paths';
import type { SettingsStore } from '../settings';
import { Supervised, type Service } from '../../supervise/supervised';
import { utility } from './child';
import { hiddenWindow } from './hidden-window';
import { TrainerHosts } from './trainer-hosts';

export interface Processes {
  readonly imaging: Service<ImagingService>;
  readonly encoder: Service<EncoderService>;
  readonly trainer: Service<TrainerService>;
  /** A second encoder process, for a model that is only being tried: whoever asks for it closes it. */
  readonly trial: () => Service<EncoderService> & { close(): void };
}

export interface TensorBackends {
  /** Looks for the best one anew. */
  readonly restart: () => void;
  /** Loads TensorFlow's C library from a folder in a process of its own, which is ended again. */
  readonly check: (folder: string) => Promise<Result<{ backend: string; reason: string }>>;
}

/** The three processes, the trainer in one of two hosts. The encoder gets a port straight to imaging, so that tiles do not pass through main. */
export function setupProcesses(paths: Paths, settings: SettingsStore, log: Log): Processes & { readonly backends: TensorBackends } {
  const started = (name: string, file = name) => utility(name, join(paths.code, `${file}.js`), log);
  process.env['COLLIMATE_PROFILE'] = paths.profile;
  const imaging = new Supervised(imagingService, started('imaging'));
  const encoder = new Supervised(encoderService, started('encoder'));
  const page = hiddenWindow('trainer page', TRAINER_PAGE, paths.trainerPreload, log);
  const trainer = new TrainerHosts(
    new Supervised(trainerService, started('trainer')),
    new Supervised(trainerService, page),
    () => settings.get().tfjsFolder,
  );
  const check: TensorBackends['check'] = async (folder) => {
    const once = new Supervised(trainerService, started('backend check', 'trainer'));
    const answer = await once.call('start', { backend: 'tfjs-node-gpu', wasmFolder: '', nodeBackend: folder });
    once.close();
    return answer;
  };

  const introduce = (to = encoder) => {
    const port = imaging.port('encoder');
    if (port) to.give('imaging', port);
  };
  const trial = () => {
    const once = new Supervised(encoderService, started('encoder trial', 'encoder'));
    once.onStarted(() => setImmediate(introduce, once));
    return once;
  };
  encoder.onStarted(() => setImmediate(introduce));
  let first = true;
  imaging.onStarted(() => {
    // The encoder's port ended with the old imaging process.
    if (!first && encoder.pid !== undefined) setImmediate(introduce);
    first = false;
  });
  app.on('will-quit', () => [imaging, encoder, trainer].forEach((child) => child.close()));
  return { imaging, encoder, trainer, trial, backends: { restart: () => trainer.restart(), check } };
}
