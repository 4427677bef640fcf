import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inModules } from '../checkout.mjs';

const patience = 20_000;
/** After a failure the download is left alone for so long, so that a machine without that network starts quickly. */
const pause = 24 * 3600 * 1000;

/** Bytes below a folder. @param {string} folder @returns {number} */
function sizeOf(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  } catch {
    // Not there yet, or a file went while we looked.
    return 0;
  }
}

/**
 * Lets the electron package download its binary, and gives up when nothing has arrived for 20 s.
 * @param {string} folder of the electron package
 * @returns {Promise<string>} why it failed; empty when it did not
 */
export async function downloadOfficial(folder) {
  const failed = join(inModules('.cache', 'collimate'), 'electron-download-failed');
  if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < pause) {
    return `${readFileSync(failed, 'utf8')}; try again with npx install-electron`;
  }
  const failure = await runDownload(folder, patience);
  if (failure !== '') {
    mkdirSync(inModules('.cache', 'collimate'), { recursive: true });
    writeFileSync(failed, failure);
  }
  return failure;
}

/**
 * @param {string} folder of a package whose install.js downloads into the temporary folder, unpacks into dist, and writes path.txt last
 * @param {number} silence milliseconds without a new byte after which it is ended
 * @returns {Promise<string>} why it failed, leaving nothing behind; empty when it did not
 */
export function runDownload(folder, silence) {
  // A temporary folder that is this download's alone shows whether bytes arrive.
  const temporary = mkdtempSync(join(tmpdir(), 'collimate-electron-'));
  const env = { ...process.env, TMPDIR: temporary, TMP: temporary, TEMP: temporary, ELECTRON_GET_NO_PROGRESS: '1' };
  const child = spawn(process.execPath, [join(folder, 'install.js')], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));

  let size = 0;
  let lastAnswer = Date.now();
  let gaveUp = false;
  const watchdog = setInterval(() => {
    const now = sizeOf(temporary) + sizeOf(join(folder, 'dist'));
    if (now !== size) lastAnswer = Date.now();
    size = now;
    if (Date.now() - lastAnswer > silence) {
      gaveUp = true;
      child.kill('SIGKILL');
    }
  }, 500);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(watchdog);
      rmSync(temporary, { recursive: true, force: true });
      // What a killed extraction left: the package would take it for a start.
      if (!existsSync(join(folder, 'path.txt'))) rmSync(join(folder, 'dist'), { recursive: true, force: true });
      if (code === 0) resolve('');
      else if (gaveUp) resolve(`no answer for ${silence / 1000} s`);
      else resolve(said.split('\n')[0]?.replace(/^\w*Error: /, '') || `exit code ${code}`);
    });
  });
}
