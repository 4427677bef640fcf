// node test/bench/encoder/run.mjs [table|memory] [sizes]: bundles the benchmark for plain Node and runs it there. See ../README.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '../../..');
mkdirSync(join(root, '.cache'), { recursive: true });
const outDir = mkdtempSync(join(root, '.cache/bench-'));
const [what = 'table', ...rest] = process.argv.slice(2);
try {
  const external = ['onnxruntime-node', 'wasm-vips'];
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: true,
      target: 'node20',
      outDir,
      rolldownOptions: {
        input: {
          table: join(import.meta.dirname, 'table.ts'),
          memory: join(import.meta.dirname, 'memory.ts'),
          worker: join(root, 'src/imaging/pool/worker.ts'),
        },
        external,
        output: { entryFileNames: '[name].js' },
      },
    },
    ssr: { noExternal: true, external },
  });
  process.exitCode =
    spawnSync(
      process.execPath,
      [join(outDir, `${what}.js`), join(root, '..', 'shared'), ...(what === 'table' ? [import.meta.dirname] : []), ...rest],
      { stdio: 'inherit' },
    ).status ?? 1;
} finally {
  rmSync(outDir, { recursive: true });
}
