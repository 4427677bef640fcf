// node test/bench/imaging/fuzz.mjs [files] [seed]: so many damaged files (1,000 unless given) through the worker threads in plain Node.
import { join, resolve } from 'node:path';
import { runnerImport } from 'vite';

const root = resolve(import.meta.dirname, '../../..');
const { module } = await runnerImport(join(import.meta.dirname, 'fuzz.ts'), { configFile: false, root });
const tests = /** @type {{ fuzz(count: number, seed: number): Promise<number> }} */ (module);
process.exitCode = await tests.fuzz(Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1));
