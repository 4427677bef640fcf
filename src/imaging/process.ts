import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { imagingService, type ImagingService } from '../contract/jobs/imaging';
import { acceptPorts, type ParentPortLike } from '../contract/ports';
import { serve, type Emit } from '../contract/wire';
import { createImaging } from './service';

/** Entry of the imaging utility process: every port that is handed in speaks to the one pool. */
const { parentPort } = process as unknown as { parentPort: ParentPortLike };
const workerUrl = pathToFileURL(join(import.meta.dirname, 'imaging-worker.js'));
let emit: Emit<ImagingService> | null = null;
const imaging = createImaging({ workerUrl, eager: true }, (event, payload) => emit?.(event, payload));
acceptPorts(parentPort, (name, port) => {
  const served = serve(imagingService, port, imaging);
  if (name === 'main') emit = served;
});
