import * as wasm from '@tensorflow/tfjs-backend-wasm';
import type { Candidate } from './candidate';

let paths = '';

/** TensorFlow.js in WebAssembly; its three .wasm files lie in `folder` (with a trailing slash). */
export const wasmCandidate = (folder: string): Candidate => ({
  name: 'wasm',
  load: () => {
    // TensorFlow.js refuses a second call once the backend has started.
    if (paths !== folder) wasm.setWasmPaths(folder);
    paths = folder;
    return Promise.resolve({ registered: 'wasm' });
  },
});
