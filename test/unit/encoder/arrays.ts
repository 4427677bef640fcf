import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { openSource } from '../../../src/encoder/checkpoint/source';
import { readDirectory } from '../../../src/encoder/checkpoint/zip';
import { unwrap } from '../../../src/contract/result';

export const shared = resolve(import.meta.dirname, '../../../../shared');
export const evaX = resolve(shared, 'fixtures/eva-x');
/** Tests against these files are skipped where they are missing. */
export const hasEvaX = existsSync(evaX);
if (!hasEvaX) console.warn(`skipped: ${evaX} is missing`);

export interface NumpyArray {
  shape: number[];
  data: Float32Array;
}

/** A float32 array in numpy's format, version 1. */
export function readNpy(bytes: Uint8Array): NumpyArray {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + length));
  if (!header.includes("'<f4'") || !header.includes("'fortran_order': False")) throw new Error(header);
  const shape = (/\(([\d, ]*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  return { shape, data: new Float32Array(Uint8Array.from(bytes.subarray(10 + length)).buffer) };
}

export const readNpyFile = (path: string) => readNpy(new Uint8Array(readFileSync(path)));

export async function readNpz(path: string): Promise<Record<string, NumpyArray>> {
  const source = unwrap(await openSource(path));
  const arrays: Record<string, NumpyArray> = {};
  for (const entry of (await readDirectory(source)).values()) {
    // numpy deflates; our reader of checkpoints never inflates, so it is done here.
    const header = new DataView((await source.read(entry.at, 30)).buffer);
    const at = entry.at + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    arrays[entry.name.replace(/\.npy$/, '')] = readNpy(inflateRawSync(await source.read(at, entry.stored)));
  }
  await source.close();
  return arrays;
}

export function maxDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  // NaN must not look like agreement.
  return a.reduce((largest, value, i) => (Math.abs(value - (b[i] ?? NaN)) <= largest ? largest : Math.abs(value - (b[i] ?? NaN))), 0);
}
