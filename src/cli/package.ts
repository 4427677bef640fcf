import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const PackageFile = z.object({ name: z.string(), version: z.string() });

/** The folder of this package: the nearest one above with our package.json, in a checkout, an installed package, or the built app. */
export function packageFolder(from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file) && PackageFile.parse(JSON.parse(readFileSync(file, 'utf8'))).name === 'collimate') return folder;
    if (dirname(folder) === folder) throw new Error(`no package.json of collimate above ${from}`);
  }
}

export const packageVersion = (): string =>
  PackageFile.parse(JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8'))).version;
