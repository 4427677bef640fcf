import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { corrupt, limits, refuse } from './formats/bounds';

/** A file's bytes, read once, and what they are. */
export interface SourceFile {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly size: number;
  readonly mtime: number;
}

/**
 * Reads a regular file of at most `limits.fileBytes`. Throws FailureError: file-missing, file-unreadable, file-changed
 * (size or time differ before and after), file-too-large, image-corrupt (empty).
 */
export async function readSource(file: string): Promise<SourceFile> {
  try {
    // Opening a pipe would wait for its writer: look before, and open without waiting in case it was exchanged.
    if (!(await stat(file)).isFile()) refuse('file-unreadable', { reason: 'it is not a regular file' });
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      return await readHandle(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return refuse('file-missing');
    return refuse('file-unreadable', { reason: error.code === 'EACCES' ? 'permission denied' : String(error.code) });
  }
}

async function readHandle(handle: FileHandle): Promise<SourceFile> {
  const before = await handle.stat();
  if (!before.isFile()) refuse('file-unreadable', { reason: 'it is not a regular file' });
  if (before.size === 0) corrupt('it is empty');
  if (before.size > limits.fileBytes) refuse('file-too-large', { limit: Math.floor(limits.fileBytes / 1e6) });
  const bytes = new Uint8Array(before.size);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  const after = await handle.stat();
  if (length !== bytes.length || after.size !== before.size || after.mtimeMs !== before.mtimeMs) refuse('file-changed');
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), size: before.size, mtime: before.mtimeMs };
}
