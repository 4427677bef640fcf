import { parentPort } from 'node:worker_threads';
import { vips } from '../formats/vips';
import type { Job, Reply } from './job';
import { work } from './work';

/** Every picture needs it, if only for its thumbnail. What fails here fails again, and is told, when it is used. */
vips().catch(() => undefined);

/** Entry of a worker thread. An exception ends the thread, and the pool answers decoder-crashed for the file in hand. */
parentPort?.on('message', (job: Job) => {
  void work(job).then((reply) => parentPort?.postMessage(reply, owned(reply)));
});

/** Between the threads of one process samples are handed over, not copied. */
function owned({ result }: Reply): ArrayBuffer[] {
  if (!result.ok || typeof result.value !== 'object' || result.value === null || Array.isArray(result.value)) return [];
  const data = 'data' in result.value ? result.value.data : 'tile' in result.value ? result.value.tile?.data : undefined;
  return data?.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength ? [data.buffer] : [];
}
