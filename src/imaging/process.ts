import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { imagingService } from '../contract/jobs/imaging';
import { acceptPorts, type ParentPortLike } from '../contract/ports';
import { serve } from '../contract/wire';
import { createImaging } from './service';

/** Entry of the imaging utility process: every port that is handed in speaks to the one pool. */
const { parentPort } = process as unknown as { parentPort: ParentPortLike };
const imaging = createImaging({ workerUrl: pathToFileURL(join(import.meta.dirname, 'imaging-worker.js')), eager: true });
acceptPorts(parentPort, (_name, port) => serve(imagingService, port, imaging));
