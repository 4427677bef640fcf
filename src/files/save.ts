import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ok, type Result } from '../contract/result';
import { writeAtomically } from './atomic';
import { writeFailure } from './failures';

/** Writes a whole file atomically, with the folders above it. */
export async function saveFile(file: string, content: string | Uint8Array): Promise<Result<void>> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeAtomically(file, content);
    return ok();
  } catch (error) {
    return writeFailure(error, file, dirname(file));
  }
}
