import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unwrap } from '../../../src/contract/result';
import { createEncoder } from '../../../src/encoder/service';
import { createImaging } from '../../../src/imaging/service';

// node embed-child.js PROFILE ENCODER IMAGES COUNT: embeds the first COUNT images of a folder with the service and real imaging.
const [profile = '', folder = '', images = '', count = '0'] = process.argv.slice(2);
const imaging = createImaging({ workerUrl: pathToFileURL(join(import.meta.dirname, 'worker.js')), threads: 1 });
const encoder = createEncoder({ profile, imaging }, (event) => {
  if (event === 'embedded') process.stdout.write('.');
});
const context = { signal: new AbortController().signal };
unwrap(await encoder.handlers.open({ folder, provider: 'cpu', threads: 1 }, context));
process.stdout.write('open\n');
const files = readdirSync(images).sort().slice(0, Number(count));
const items = files.map((name) => ({ key: name, source: { file: join(images, name), frame: null } }));
const { done } = unwrap(await encoder.handlers.embed({ items }, context));
unwrap(await encoder.close());
await imaging.close();
process.stdout.write(`done ${String(done)}\n`);
