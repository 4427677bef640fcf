// A worker that answers by the name of the file: what no real picture can be relied on to do to a decoder.
import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

const order = [];
parentPort.on('message', ({ source: { file } }) => {
  if (file === 'hangs') for (;;);
  if (file === 'throws') throw new Error('a trap');
  if (file === 'exits') process.exit(7);
  // As a drive that does not answer: nobody writes to this pipe.
  if (file.endsWith('.pipe')) readFileSync(file);
  const answer = () => parentPort.postMessage({ result: { ok: true, value: order.push(file) }, spent: file === 'spent' });
  setTimeout(answer, file === 'slow' ? 150 : 1);
});
