import { fail, type Failure } from '../contract/result';

/** Node's system errors carry a code such as ENOSPC. */
export const systemCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  EROFS: 'it is on a read-only disk',
  ENOENT: 'it is not there',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EEXIST: 'something else has its name',
  EIO: 'the disk reports an error',
  EBUSY: 'another program uses it',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
  EFBIG: 'it is too large for this disk',
  ELOOP: 'its links go round in a circle',
  ETIMEDOUT: 'the drive does not answer',
};

/** A system error in plain words. */
export function reasonOf(error: unknown): string {
  const code = systemCode(error);
  return reasons[code] ?? (code === '' ? String(error) : code);
}

/** Nothing can be written where they come from; with the other errors it is this one file. */
const closed = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST']);

/**
 * The failure for an error met while writing `file` below `folder`: disk-full, folder-not-writable or write-failed. Anything but a system
 * error is a bug and goes on upwards.
 */
export function writeFailure(error: unknown, file: string, folder: string): { ok: false; failure: Failure } {
  const code = systemCode(error);
  if (code === '') throw error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('disk-full', { folder }, String(error));
  if (closed.has(code)) return fail('folder-not-writable', { folder, reason: reasonOf(error) }, String(error));
  return fail('write-failed', { file, reason: reasonOf(error) }, String(error));
}
