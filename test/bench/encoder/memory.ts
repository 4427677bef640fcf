import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unwrap } from '../../../src/contract/result';
import { createEncoder } from '../../../src/encoder/service';
import { createImaging } from '../../../src/imaging/service';

// Peak memory of embedding a tenth of the folder and all of it, each in a process of its own: memory must not grow with the folder.
const [shared = '', count] = process.argv.slice(2);
const folders = ['kermany224', 'nih', 'nih64'].map((set) => join(shared, 'data/cxr', set));
const all = folders.flatMap((folder) =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name)),
);

if (count === undefined) {
  const peaks = [Math.floor(all.length / 10), all.length].map((n) => {
    const { stdout } = spawnSync(process.execPath, [process.argv[1] ?? '', shared, String(n)], { encoding: 'utf8' });
    console.log(stdout.trim());
    return Number(/peak (\d+)/.exec(stdout)?.[1]);
  });
  console.log(`difference ${String((peaks[1] ?? NaN) - (peaks[0] ?? NaN))} MB (bar 50)`);
} else {
  const profile = mkdtempSync(join(tmpdir(), 'collimate-'));
  const imaging = createImaging({ workerUrl: pathToFileURL(join(import.meta.dirname, 'worker.js')) });
  const encoder = createEncoder({ profile, imaging }, () => undefined);
  const context = { signal: new AbortController().signal };
  unwrap(await encoder.handlers.open({ folder: 'builtin', provider: 'cpu', threads: 0 }, context));
  // Spread over the sets, so that both runs meet every kind and size of file.
  const items = Array.from({ length: Number(count) }, (_, i) => all[Math.floor((i * all.length) / Number(count))] ?? '').map((file) => ({
    key: file,
    source: { file, frame: null },
  }));
  const { done } = unwrap(await encoder.handlers.embed({ items }, context));
  unwrap(await encoder.close());
  await imaging.close();
  rmSync(profile, { recursive: true });
  console.log(`${String(done)} images, peak ${String(Math.round(process.resourceUsage().maxRSS / 1000))} MB`);
}
