// The stand-in has no default_app: this opens the folder named on the command line, as `electron <folder>` of the official one does.
import { app } from 'electron';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const given = process.argv.slice(1);
// Modules to load first, as `electron -r <module> <folder>` of the official one does.
const preloaded = given.flatMap((argument, i) => (given[i - 1] === '-r' ? [argument] : []));
for (const module of preloaded) createRequire(import.meta.url)(module);
const named = given.find((argument) => !argument.startsWith('-') && !preloaded.includes(argument));
if (named === undefined) {
  console.error('Name the folder of the app: electron <folder>');
  process.exit(1);
}
const folder = resolve(named);
const { name, productName = name, version, main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const host = /** @type {{ setAppPath(path: string): void, setVersion(version: string): void }} */ (/** @type {unknown} */ (app));
app.setName(productName);
host.setVersion(version);
host.setAppPath(folder);
await import(pathToFileURL(join(folder, main)).href);
