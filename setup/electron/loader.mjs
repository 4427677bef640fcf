// The stand-in has no default_app: this opens the folder named on the command line, as `electron <folder>` of the official one does.
import { app } from 'electron';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const named = process.argv.slice(1).find((argument) => !argument.startsWith('-'));
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
