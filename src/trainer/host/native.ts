import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import type { Candidate, LoadedBackend } from '../tensors/candidate';

type Name = 'tfjs-node-gpu' | 'tfjs-node';

/**
 * TensorFlow's C library. Without a folder the package `wanted` is looked for among the dependencies. A folder that somebody named may be
 * that of the package or one in which it was installed, and either package counts: without a graphics card tfjs-node is only used
 * when it is asked for in one of these ways, since wasm is as fast for most of what is computed here.
 */
export function nativeCandidate(wanted: Name, folder: string | null): Candidate {
  if (folder === null) return { name: wanted, load: () => load(`@tensorflow/${wanted}`) };
  const found = packageIn(folder);
  return {
    name: found?.name ?? wanted,
    load: () => (found ? load(found.path) : Promise.reject(new Error(`${folder} holds no @tensorflow/tfjs-node-gpu or tfjs-node`))),
  };
}

function packageIn(folder: string): { readonly name: Name; readonly path: string } | null {
  const inside = (['tfjs-node-gpu', 'tfjs-node'] as const).flatMap((name) =>
    [name, `@tensorflow/${name}`, `node_modules/@tensorflow/${name}`].map((part) => join(folder, part)),
  );
  for (const path of [folder, ...inside]) {
    const name = packageName(join(path, 'package.json'));
    if (name === '@tensorflow/tfjs-node-gpu') return { name: 'tfjs-node-gpu', path };
    if (name === '@tensorflow/tfjs-node') return { name: 'tfjs-node', path };
  }
  return null;
}

function packageName(file: string): unknown {
  if (!existsSync(file)) return null;
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name;
  } catch {
    return null;
  }
}

/** What of the package is used here: which device and version its binding, which it keeps to itself, has found. */
interface Package {
  findBackend(name: 'tensorflow'): { readonly isUsingGpuDevice?: boolean; readonly binding?: { readonly TF_Version?: string } } | null;
}

async function load(path: string): Promise<LoadedBackend> {
  // Its code calls util.isNullOrUndefined, which Node 23 removed.
  const legacy = util as unknown as Record<string, unknown>;
  legacy['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  let loaded: Package;
  try {
    loaded = createRequire(import.meta.url)(path) as Package;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')
      throw new Error('it is not installed', { cause: error });
    throw error;
  }
  const backend = loaded.findBackend('tensorflow');
  const device = backend?.isUsingGpuDevice === true ? 'on the graphics card' : 'on the processor';
  return Promise.resolve({ registered: 'tensorflow', device: `TensorFlow ${backend?.binding?.TF_Version ?? ''} ${device}` });
}
