// node test/bench/imaging/run.mjs [python]: processor time to decode each transfer syntax at 2,500 x 2,000, 12 bits, beside pydicom
// with its usual plugins (pip install pydicom pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg pylibjpeg-rle pyjpegls), where that
// Python has them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '../../..');
mkdirSync(join(root, '.cache'), { recursive: true });
const outDir = mkdtempSync(join(root, '.cache/bench-'));
const external = ['wasm-vips', 'dcmjs-codecs'];
try {
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: join(import.meta.dirname, 'decode.ts'),
      target: 'node20',
      outDir,
      rolldownOptions: { external, output: { entryFileNames: '[name].js' } },
    },
    ssr: { noExternal: true, external },
  });
  const files = join(outDir, 'files');
  const ours = run(process.execPath, [join(outDir, 'decode.js'), files, join(root, '..', 'shared')]);
  const theirs = run(process.argv[2] ?? 'python3', [join(import.meta.dirname, 'decode.py'), files]);
  if (!theirs) console.warn('Without pydicom its column stays empty.');
  console.log('| transfer syntax | MB | ms | pydicom, ms | ratio |\n| --- | --- | --- | --- | --- |');
  for (const [name, { megabytes, milliseconds }] of Object.entries(ours ?? {})) {
    const other = theirs?.[name]?.milliseconds ?? NaN;
    const shown = Number.isNaN(other) ? ['', ''] : [other.toFixed(0), (milliseconds / other).toFixed(2)];
    console.log(`| ${[name, megabytes.toFixed(1), milliseconds.toFixed(0), ...shown].join(' | ')} |`);
  }
} finally {
  rmSync(outDir, { recursive: true });
}

/** @param {string} command @param {string[]} args @returns {Record<string, { megabytes: number, milliseconds: number }> | null} */
function run(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return status === 0 ? JSON.parse(stdout) : null;
}
