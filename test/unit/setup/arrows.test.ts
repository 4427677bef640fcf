import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '../../..');
const Groups = z.tuple([z.literal('error'), z.object({ patterns: z.array(z.object({ group: z.array(z.string()) })) })]);
const Config = z.object({
  overrides: z.array(z.object({ files: z.array(z.string()), rules: z.record(z.string(), z.unknown()) })),
});
const { overrides } = Config.parse(JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8')));
const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

/** Folders that every file below `folder` is kept from. */
function forbidden(folder: string): Set<string> {
  const own = overrides.filter(
    ({ files, rules }) => 'no-restricted-imports' in rules && files.some((glob) => glob.startsWith(`src/${folder}/`)),
  );
  const sets = own.map(({ rules }) => {
    const groups = Groups.parse(rules['no-restricted-imports'])[1].patterns.flatMap(({ group }) => group);
    return new Set(folders.filter((other) => groups.includes(`**/${other}/**`)));
  });
  return new Set(folders.filter((other) => sets.length > 0 && sets.every((set) => set.has(other))));
}

test('of any two folders of src at most one may import the other: a folder without a rule fails here', () => {
  const pairs = folders.flatMap((a) => folders.filter((b) => a < b).map((b) => [a, b] as const));
  expect(pairs.filter(([a, b]) => !forbidden(a).has(b) && !forbidden(b).has(a))).toEqual([]);
});

test('the drawing names every folder', () => {
  const drawing = readFileSync(join(root, 'src/README.md'), 'utf8');
  expect(folders.filter((folder) => !drawing.includes(`| \`${folder}\``))).toEqual([]);
});
