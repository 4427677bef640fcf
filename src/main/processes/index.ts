import { app } from 'electron';
import { join } from 'node:path';
import { encoderService, type EncoderService } from '../../contract/jobs/encoder';
import { imagingService, type ImagingService } from '../../contract/jobs/imaging';
import { trainerService, type TrainerService } from '../../contract/jobs/trainer';
import type { Log } from '../log';
import type { Paths } from '../paths';
import { Supervised, type Service } from './supervisor';

export interface Processes {
  readonly imaging: Service<ImagingService>;
  readonly encoder: Service<EncoderService>;
  readonly trainer: Service<TrainerService>;
}

/** The three utility processes. The encoder gets a port straight to imaging, so that tiles do not pass through main. */
export function setupProcesses(paths: Paths, log: Log): Processes {
  const entry = (name: string) => join(paths.code, `${name}.js`);
  process.env['COLLIMATE_PROFILE'] = paths.profile;
  const imaging = new Supervised(imagingService, entry('imaging'), log);
  const encoder = new Supervised(encoderService, entry('encoder'), log);
  const trainer = new Supervised(trainerService, entry('trainer'), log);

  const introduce = () => {
    const port = imaging.port('encoder');
    if (port) encoder.give('imaging', port);
  };
  encoder.onStarted(() => setImmediate(introduce));
  let first = true;
  imaging.onStarted(() => {
    // The encoder's port ended with the old imaging process.
    if (!first && encoder.pid !== undefined) setImmediate(introduce);
    first = false;
  });
  app.on('will-quit', () => [imaging, encoder, trainer].forEach((child) => child.close()));
  return { imaging, encoder, trainer };
}
