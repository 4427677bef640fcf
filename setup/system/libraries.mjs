import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Libraries that Electron links to and a server without a desktop lacks, with the Debian package that brings them (or brings what brings them). */
const debianPackages = new Map(
  Object.entries({
    'libgtk-3-0': [
      'libgtk-3',
      'libgdk',
      'libcairo',
      'libpango',
      'libX',
      'libxcb',
      'libxkbcommon',
      'libexpat',
      'libdbus',
      'libglib',
      'libgobject',
      'libgio',
    ],
    libnss3: ['libnss3', 'libnssutil3', 'libsmime3', 'libnspr4', 'libplc4', 'libplds4'],
    libgbm1: ['libgbm'],
    libasound2: ['libasound'],
    'libatk-bridge2.0-0': ['libatk', 'libatspi'],
    libcups2: ['libcups'],
    libdrm2: ['libdrm'],
    libxss1: ['libXss'],
  }).flatMap(([name, prefixes]) => prefixes.map((prefix) => [prefix, name])),
);

/** Renamed in Debian 13 and Ubuntu 24.04, where 32-bit time ended. */
const renamed = ['libgtk-3-0', 'libasound2', 'libatk-bridge2.0-0', 'libcups2'];

/** @param {string} library a file name such as libgbm.so.1 @returns {string | undefined} */
export function debianPackageOf(library) {
  const prefixes = [...debianPackages.keys()].filter((prefix) => library.startsWith(prefix));
  const longest = prefixes.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : debianPackages.get(longest);
}

/** Names of the libraries that ldd does not find. @param {string} ldd its output @returns {string[]} */
export const missingIn = (ldd) => [...new Set([...ldd.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1] ?? ''))];

/**
 * The sentence that names what the machine lacks to run a program; undefined when it lacks nothing.
 * @param {string[]} libraries
 * @param {string[]} programs Debian package and command are named alike
 * @param {string} release the text of /etc/os-release
 */
export function lackSentence(libraries, programs, release) {
  if (libraries.length === 0 && programs.length === 0) return undefined;
  const lacks = `This system lacks ${[...libraries, ...programs].join(', ')}, which Collimate needs here`;
  if (!/^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release)) return `${lacks}: install what brings them with your package manager.`;
  const version = Number(/^VERSION_ID="?([\d.]+)/m.exec(release)?.[1] ?? 0);
  const isRenamed = /^ID="?ubuntu/m.test(release) ? version >= 24 : version >= 13;
  const names = [...libraries.map(debianPackageOf), ...programs.map((name) => name.toLowerCase())].filter((name) => name !== undefined);
  const packages = [...new Set(names)].map((name) => (isRenamed && renamed.includes(name) ? `${name}t64` : name));
  return `${lacks}: sudo apt-get install ${packages.join(' ')}`;
}

/**
 * {@link lackSentence} for an Electron on this machine.
 * @param {string} executable
 * @param {string[]} programs commands that must be on PATH
 */
export function whatIsLacking(executable, programs) {
  if (process.platform !== 'linux') return undefined;
  // The folder itself is on the search path of the real program (its RUNPATH is $ORIGIN).
  const { stdout } = spawnSync('ldd', [executable], { encoding: 'utf8', cwd: dirname(executable) });
  const absent = programs.filter((name) => spawnSync('which', [name]).status !== 0);
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return lackSentence(missingIn(stdout ?? ''), absent, release);
}
