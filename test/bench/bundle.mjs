import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

/** Bundles `<folder>/main.ts` for plain Node and runs its `main`; what it keeps goes into .cache/<name>. */
export async function runBench(name, directory) {
  const root = resolve(import.meta.dirname, '../..');
  const folder = join(root, '.cache', name);
  mkdirSync(folder, { recursive: true });
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: join(directory, 'main.ts'),
      target: 'node20.18',
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: 'bench.mjs', codeSplitting: false } },
    },
  });
  const file = join(folder, 'bench.mjs');
  const { main } = await import(file);
  process.exitCode = await main({ root, folder, file, args: process.argv.slice(2) });
}
