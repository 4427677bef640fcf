import { readFileSync } from 'node:fs';
import { inModules, inRoot } from './checkout.mjs';
import { runNpm, say, SetupError } from './commands.mjs';

/** @typedef {{ version?: string, optional?: boolean }} LockEntry */

/** @param {string} path @returns {Record<string, LockEntry> | undefined} */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Whether node_modules is what package-lock.json asks for, by the record that npm leaves when an install is complete.
 * An optional package may be missing (it belongs to another system, or could not be built here), but not be of another version.
 * @param {Record<string, LockEntry>} wanted
 * @param {Record<string, LockEntry> | undefined} installed
 */
export function isInstalled(wanted, installed) {
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional = false }]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? optional : found.version === version;
  });
}

/** Installs the packages of package-lock.json unless they are there. */
export async function ensureInstalled() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`Collimate needs Node 20.19 or newer; this is ${process.versions.node}.`);
  }
  const wanted = packagesOf(inRoot('package-lock.json'));
  if (wanted === undefined) throw new SetupError('package-lock.json is missing or broken: fetch the file again.');
  if (isInstalled(wanted, packagesOf(inModules('.package-lock.json')))) return;
  say('Installing the packages (npm ci) ...');
  // ONNX Runtime's processor and WebGPU libraries are inside its package; its script would only fetch CUDA's, and fails without that network.
  const code = await runNpm(['ci', '--no-audit', '--no-fund'], { env: { ONNXRUNTIME_NODE_INSTALL: 'skip' } });
  if (code !== 0) throw new SetupError('The packages could not be installed: see the message of npm above.');
}
