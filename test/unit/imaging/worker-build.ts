import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '../../..');

/**
 * Worker threads cannot load TypeScript. This bundles src/imaging/pool/worker.ts, as electron-vite does for the app, into
 * .cache/imaging-worker/<hash of the sources>/, once for each state of the sources, and gives its URL.
 */
export async function workerUrl(): Promise<URL> {
  const hash = createHash('sha256');
  for (const folder of ['src/imaging', 'src/contract']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      if (name.endsWith('.ts')) hash.update(name).update(readFileSync(join(root, folder, name)));
    }
  }
  const folder = join(root, '.cache/imaging-worker', hash.digest('hex').slice(0, 16));
  const url = pathToFileURL(join(folder, 'imaging-worker.mjs'));
  if (existsSync(url)) return url;
  // Test files run beside each other: build apart, then move into place.
  const apart = `${folder}.${String(process.pid)}`;
  await mkdir(apart, { recursive: true });
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: join(root, 'src/imaging/pool/worker.ts'),
      outDir: apart,
      target: 'node20.18',
      minify: false,
      rolldownOptions: { external: ['wasm-vips'], output: { entryFileNames: 'imaging-worker.mjs', codeSplitting: false } },
    },
    ssr: { noExternal: true, external: ['wasm-vips'] },
  });
  await rename(apart, folder).catch(async () => rm(apart, { recursive: true, force: true }));
  return url;
}
