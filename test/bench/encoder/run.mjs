// node test/bench/encoder/run.mjs [table|memory] [sizes]: bundles the benchmark for plain Node and runs it there. See ../README.md.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runnerImport } from 'vite';

const root = resolve(import.meta.dirname, '../../..');
const { module } = await runnerImport(join(root, 'test/unit/encoder/bundle.ts'));
const [what = 'table', ...rest] = process.argv.slice(2);
const outDir = await module.bundle({
  table: join(import.meta.dirname, 'table.ts'),
  memory: join(import.meta.dirname, 'memory.ts'),
  worker: join(root, 'src/imaging/pool/worker.ts'),
});
try {
  process.exitCode =
    spawnSync(
      process.execPath,
      [join(outDir, `${what}.js`), join(root, '..', 'shared'), ...(what === 'table' ? [import.meta.dirname] : []), ...rest],
      { stdio: 'inherit' },
    ).status ?? 1;
} finally {
  rmSync(outDir, { recursive: true });
}
