import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cache, inModules, inRoot } from './checkout.mjs';
import { runNode, say, script, SetupError } from './commands.mjs';
import { ensureInstalled } from './install.mjs';

const stamp = join(cache, 'build-of');

/** A hash of everything the build is made from. Contents, not times: a checkout of another version changes times at random. */
function identity() {
  const hash = createHash('sha256');
  const sources = readdirSync(inRoot('src'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const path of [...sources.sort(), inRoot('electron.vite.config.ts'), inRoot('package.json'), inRoot('package-lock.json')]) {
    hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

/** TensorFlow.js reads its three .wasm files from a real folder beside the app; a packaged app carries the same folder. */
export function copyTensorFlowWasm() {
  const source = inModules('@tensorflow', 'tfjs-backend-wasm', 'dist');
  const target = inRoot('resources', 'tfjs-wasm');
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(source).filter((file) => file.endsWith('.wasm'))) copyFileSync(join(source, name), join(target, name));
}

/** Builds out/ whether or not it is due. */
export async function build() {
  const made = identity();
  rmSync(stamp, { force: true });
  copyTensorFlowWasm();
  const code = await runNode(inModules('electron-vite', 'bin', 'electron-vite.js'), ['build', '--logLevel', 'warn']);
  if (code !== 0) throw new SetupError('The build failed: see the message above.');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, made);
}

/** Builds out/ unless it is made from what is there now. */
export async function ensureBuilt() {
  const isCurrent = existsSync(inRoot('out', 'main', 'index.js')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === identity();
  if (isCurrent) return;
  say('Building ...');
  await build();
}

if (process.argv[1] === import.meta.filename) {
  await script(async () => {
    await ensureInstalled();
    await build();
    return 0;
  });
}
