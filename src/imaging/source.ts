import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { reasonOf, systemCode } from '../files/failures';
import { liesIn } from '../files/inside';
import { sha256 } from '../files/hash';
import { corrupt, limits, refuse } from './formats/bounds';

/** A file's bytes, read once, and what they are. */
export interface SourceFile {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly size: number;
  readonly mtime: number;
}

/**
 * Reads a regular file of at most `limits.fileBytes` that lies in `root`, links resolved (not looked at where there is none). For worker
 * threads: it waits for the drive itself, since calls that a dead drive leaves unanswered would take the file threads of the whole
 * process. Throws FailureError: file-missing, file-unreadable, file-changed (size or time differ before and after), file-too-large,
 * image-corrupt (empty).
 */
export function readSource(file: string, root?: string): SourceFile {
  try {
    confine(file, root);
    const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      return readDescriptor(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === '') throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR') return refuse('file-missing');
    return refuse('file-unreadable', { reason: reasonOf(error) });
  }
}

/**
 * A scan follows no link, so an image that lies elsewhere became a link later. Opening a pipe would wait for its writer: it is looked at
 * before, and opened without waiting in case it was exchanged.
 */
function confine(file: string, root?: string): void {
  if (root !== undefined) {
    const leadsOut = !liesIn(realpathSync.native(root), realpathSync.native(file));
    if (leadsOut) refuse('file-unreadable', { reason: 'it is a link that leads out of the folder' });
  }
  if (!statSync(file).isFile()) refuse('file-unreadable', { reason: 'it is not a regular file' });
}

function readDescriptor(descriptor: number): SourceFile {
  const before = fstatSync(descriptor);
  if (!before.isFile()) refuse('file-unreadable', { reason: 'it is not a regular file' });
  if (before.size === 0) corrupt('it is empty');
  if (before.size > limits.fileBytes) refuse('file-too-large', { limit: Math.floor(limits.fileBytes / 1e6) });
  const bytes = new Uint8Array(before.size);
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, length);
    if (read === 0) break;
    length += read;
  }
  const after = fstatSync(descriptor);
  if (length !== bytes.length || after.size !== before.size || after.mtimeMs !== before.mtimeMs) refuse('file-changed');
  return { bytes, sha256: sha256(bytes), size: before.size, mtime: before.mtimeMs };
}
