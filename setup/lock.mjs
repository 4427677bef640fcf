import { readFileSync, writeFileSync } from 'node:fs';
import { inRoot } from './checkout.mjs';
import { say } from './commands.mjs';

// npm leaves an optional package out of the lock file when the registry at hand does not serve it (binaries for other systems),
// and `npm ci` then refuses the file as out of step. An entry by name and system is enough for it, and lets that system install it.

/**
 * @typedef {object} Entry
 * @property {string} [version]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/**
 * Adds an entry for every optional dependency of an exact version that the lock file names but does not hold.
 * @param {Record<string, Entry>} packages the lock file's, changed in place
 * @returns {string[]} what was added
 */
export function addMissingOptional(packages) {
  const added = [];
  for (const [path, { optionalDependencies = {}, dev = false }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const own = `${path}/node_modules/${name}`;
      const shared = `node_modules/${name}`;
      if (path === '' || !/^\d/.test(version) || packages[own] !== undefined || packages[shared] !== undefined) continue;
      packages[shared] = { version, ...(dev ? { dev } : {}), optional: true, ...systemOf(name) };
      added.push(shared);
    }
  }
  return added;
}

/** The system that a binary package is for, read off its name (as in @scope/binding-linux-x64-musl). @param {string} name */
function systemOf(name) {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const word = (/** @type {string[]} */ known) => words.find((part) => known.includes(part));
  const os = word(['darwin', 'linux', 'win32', 'freebsd', 'android', 'openharmony']);
  const cpu = word(['x64', 'arm64', 'arm', 'ia32', 'riscv64', 'ppc64', 's390x', 'wasm32']);
  const libc = os === 'linux' ? (name.includes('musl') ? 'musl' : name.includes('gnu') ? 'glibc' : undefined) : undefined;
  return {
    ...(os === undefined ? {} : { os: [os] }),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
  };
}

if (process.argv[1] === import.meta.filename) {
  const path = inRoot('package-lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  const added = addMissingOptional(lock.packages);
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  say(`${added.length} entries added to package-lock.json.`);
}
