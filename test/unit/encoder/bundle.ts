import { mkdirSync, mkdtempSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '../../..');

/**
 * Bundles TypeScript entries for plain Node, into a folder of its own inside the checkout, where the two packages that stay outside are
 * found. Remove the folder afterwards.
 */
export async function bundle(entries: Record<string, string>): Promise<string> {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const outDir = mkdtempSync(join(root, '.cache/bundle-'));
  const external = ['onnxruntime-node', 'wasm-vips'];
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: true,
      target: 'node20',
      outDir,
      rolldownOptions: { input: entries, external, output: { entryFileNames: '[name].js' } },
    },
    ssr: { noExternal: true, external },
  });
  return outDir;
}
