import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

// Targets are those of the oldest runtime in use (Electron 33, the stand-in of development and tests): the tools would
// otherwise take them from the pinned Electron package.
const nodeTarget = 'node20.18';
const pageTarget = 'chrome130';
/** Each part of out/ carries the licence texts of what is bundled into it. */
const license = { fileName: 'THIRD-PARTY-LICENSES.md' };
const entry = (path: string) => resolve(import.meta.dirname, 'src', path);

/** The codecs of src/imaging/formats/dicom lie beside the scripts, in out/ as in a packaged app (Electron reads them out of app.asar). */
const dicomCodecs = {
  name: 'dicom-codecs',
  generateBundle(this: { emitFile(file: { type: 'asset'; fileName: string; source: Uint8Array }): string }) {
    const source = readFileSync(createRequire(import.meta.url).resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm'));
    this.emitFile({ type: 'asset', fileName: 'dicom-codecs.wasm', source });
  },
};

export default defineConfig({
  main: {
    plugins: [dicomCodecs],
    build: {
      target: nodeTarget,
      license,
      sourcemap: true,
      rolldownOptions: {
        input: {
          index: entry('main/index.ts'),
          imaging: entry('imaging/process.ts'),
          'imaging-worker': entry('imaging/pool/worker.ts'),
          encoder: entry('encoder/process.ts'),
          trainer: entry('trainer/host/process.ts'),
          collimate: entry('cli/collimate.ts'),
          'collimate-encoder': entry('cli/engine/encoder-process.ts'),
        },
      },
    },
  },
  preload: {
    build: {
      target: nodeTarget,
      license,
      rolldownOptions: {
        input: { index: entry('preload/index.ts'), trainer: entry('preload/trainer.ts') },
        // A sandboxed preload script must be CommonJS.
        output: { format: 'cjs' },
      },
    },
  },
  renderer: {
    root: entry('renderer'),
    plugins: [react()],
    build: {
      target: pageTarget,
      license,
      minify: true,
      // The page is read from the disk at once, not over a network in parts.
      chunkSizeWarningLimit: 2000,
      rolldownOptions: { input: { index: entry('renderer/index.html'), trainer: entry('renderer/trainer.html') } },
    },
  },
});
