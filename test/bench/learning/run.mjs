// node test/bench/learning/run.mjs [--seeds 40] [--jobs 2] [--parts curves,...] [--sets kermany224,nih] [--head auto]
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '../../..');
const folder = join(root, '.cache', 'learning');
mkdirSync(folder, { recursive: true });
const file = join(folder, 'bench.mjs');
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    ssr: join(import.meta.dirname, 'main.ts'),
    target: 'node20.18',
    outDir: folder,
    emptyOutDir: false,
    rolldownOptions: { output: { entryFileNames: 'bench.mjs', codeSplitting: false } },
  },
});
const { main } = await import(file);
process.exitCode = await main({ root, folder, file, args: process.argv.slice(2) });
