import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import type { Backend } from '../../contract/jobs/trainer';
import { fail, ok, type Result } from '../../contract/result';
import { matrix, type Matrix } from '../matrix';
import { random } from '../random';
import { setNextBackend } from './fallback';
import { productHere } from './product';

/** A backend that only the host can load (TensorFlow's C library, a GPU device). */
export interface NativeBackend {
  readonly name: 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu';
  /** Loads it and answers the name under which it registered with TensorFlow.js; throws with the reason where it cannot. */
  load(): Promise<string>;
}

export interface BackendChoice {
  readonly backend: Exclude<Backend, 'auto'>;
  /** Why this one, as a sentence. */
  readonly reason: string;
}

interface Candidate {
  readonly name: BackendChoice['backend'];
  readonly load: () => Promise<string>;
}

/**
 * Chooses where the tensors are computed: native backends first, then wasm, then plain JavaScript. Each must pass a
 * self-test, a small product checked against float64. With `wanted` other than auto only that one is tried.
 * Where the chosen one fails later on, the ones behind it take over in mid-run; `onFallback` is told which and why.
 */
export async function startBackend(
  wanted: Backend,
  wasmFolder: string,
  native: readonly NativeBackend[],
  onFallback: (choice: BackendChoice) => void = () => undefined,
): Promise<Result<BackendChoice>> {
  tf.env().set('IS_TEST', true); // Keeps the advertisement for tfjs-node out of stderr; changes nothing else.
  const candidates: Candidate[] = [
    ...native.map((one) => ({ name: one.name, load: () => one.load() })),
    { name: 'wasm', load: () => loadWasm(wasmFolder) },
    { name: 'cpu', load: () => Promise.resolve('cpu') },
  ];
  setNextBackend(null);
  const refused: string[] = [];
  for (const [place, candidate] of candidates.entries()) {
    if (wanted !== 'auto' && wanted !== candidate.name) continue;
    const problem = await tried(candidate);
    if (problem !== null) {
      refused.push(problem);
      continue;
    }
    let inUse = candidate.name;
    const rest = candidates.slice(place + 1);
    setNextBackend(async (error) => {
      const failed = inUse;
      for (let one = rest.shift(); one; one = rest.shift()) {
        if ((await tried(one)) !== null) continue;
        inUse = one.name;
        onFallback({ backend: one.name, reason: `${failed} failed in mid-run: ${firstLine(error)}` });
        return true;
      }
      return false;
    });
    const before = refused.length > 0 ? `; ${refused.join('; ')}` : '';
    return ok({ backend: candidate.name, reason: `${wanted === 'auto' ? 'chosen' : 'asked for'}, self-test passed${before}` });
  }
  return fail('backend-unavailable', { backend: wanted, reason: refused.join('; ') || 'it is not known on this host' });
}

/** Makes a backend the one in use; otherwise why it cannot be. */
async function tried({ name, load }: Candidate): Promise<string | null> {
  try {
    const registered = await load();
    if (!(await tf.setBackend(registered))) throw new Error('it did not start');
    await tf.ready();
    const difference = await selfTest();
    if (!(difference < 1e-3)) throw new Error(`its self-test is off by ${difference}`);
    return null;
  } catch (error) {
    return `${name} is not used: ${firstLine(error)}`;
  }
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? 'unknown';

let wasmPaths = '';
function loadWasm(folder: string): Promise<string> {
  // TensorFlow.js refuses a second call once the backend has started.
  if (wasmPaths !== folder) wasm.setWasmPaths(folder);
  wasmPaths = folder;
  return Promise.resolve('wasm');
}

/** Largest difference of a 37 x 53 by 53 x 29 product to the same in float64. */
async function selfTest(): Promise<number> {
  const draw = random(1, 'self-test');
  const fill = (rows: number, columns: number): Matrix =>
    matrix(
      rows,
      columns,
      Float32Array.from({ length: rows * columns }, () => draw.normal()),
    );
  const a = fill(37, 53);
  const b = fill(53, 29);
  // Not `product`, which would fall back.
  const c = await productHere(a, b);
  let worst = 0;
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.columns; j++) {
      let sum = 0;
      for (let k = 0; k < a.columns; k++) sum += (a.data[i * a.columns + k] as number) * (b.data[k * b.columns + j] as number);
      worst = Math.max(worst, Math.abs(sum - (c.data[i * b.columns + j] as number)));
    }
  }
  return worst;
}
