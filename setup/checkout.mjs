import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What set-up writes for itself: never committed, may be deleted at any time. */
export const cache = join(root, '.cache');

/** @param {string[]} parts */
export const inRoot = (...parts) => join(root, ...parts);

/** The program behind an npm package's command, to be run with Node itself: `.bin` holds shell scripts on Windows. @param {string[]} parts */
export const inModules = (...parts) => join(root, 'node_modules', ...parts);
