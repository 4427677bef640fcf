// node test/bench/learning/run.mjs [--seeds 40] [--jobs 2] [--parts curves,audit,coldstart,noise,rare,conformal] [--sets kermany224,nih] [--settings JSON]
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const root = resolve(import.meta.dirname, '../../..');
const folder = join(root, '.cache', 'learning');
mkdirSync(folder, { recursive: true });
const bundle = await rolldown({ input: join(import.meta.dirname, 'main.ts'), platform: 'node', external: /^(?!\.|\/)/ });
const file = join(folder, 'bench.mjs');
await bundle.write({ file, format: 'esm', codeSplitting: false });
await bundle.close();
const { main } = await import(file);
process.exitCode = await main({ root, folder, file, args: process.argv.slice(2) });
