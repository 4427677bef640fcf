import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, ok, type Result } from '../../contract/result';
import { createImaging, type Imaging } from '../../imaging/service';
import { packageFolder } from '../package';

/** The built entry of the imaging threads, which lies beside the command itself. */
export function imagingWorker(): Result<URL> {
  const file = join(packageFolder(), 'out', 'main', 'imaging-worker.js');
  return existsSync(file) ? ok(pathToFileURL(file)) : fail('internal', { reason: `${file} is missing: run "npm run build" first` });
}

export function startImaging(threads: number): Result<Imaging> {
  const worker = imagingWorker();
  return worker.ok ? ok(createImaging({ workerUrl: worker.value, ...(threads > 0 ? { threads } : {}) })) : worker;
}
