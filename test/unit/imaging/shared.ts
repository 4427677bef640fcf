import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Real data beside the repository. Tests that need it skip with a message where it is missing. */
export const shared = resolve(import.meta.dirname, '../../../../shared');

export function missing(folder: string): boolean {
  const absent = !existsSync(join(shared, folder));
  if (absent) console.warn(`skipped: ../shared/${folder} is missing`);
  return absent;
}

/** A .npy file of uint8: NumPy format 1.0, C order. */
export function readNpy(file: string): { shape: number[]; data: Uint8Array } {
  const bytes = readFileSync(file);
  const length = bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, 10 + length);
  if (!header.includes("'|u1'") || header.includes("'fortran_order': True")) throw new Error(`${file}: ${header}`);
  const shape = (/\(([^)]*)\)/.exec(header)?.[1] ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  return { shape, data: new Uint8Array(bytes.subarray(10 + length)) };
}
