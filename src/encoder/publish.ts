import { randomBytes } from 'node:crypto';
import { access, mkdir, open, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fail, ok, type Failure, type Result } from '../contract/result';

export interface NewFile {
  readonly name: string;
  /** A function is called when its turn comes, after the checks of the files before it. What is large comes in parts. */
  readonly bytes: Uint8Array | (() => Uint8Array | Iterable<Uint8Array>);
  /** Sees the file under its temporary name; when it fails, nothing of all the files stays. */
  readonly check?: (path: string) => Promise<Result<void>>;
}

/**
 * Writes files into a folder so that each is whole or not there: temporary name, flush, rename, in the given order (the one that says
 * that all is complete comes last). Existing files are refused unless `overwrite`.
 * Failures: output-exists, folder-not-writable, disk-full, write-failed, and those of the checks.
 */
export async function publish(folder: string, files: readonly NewFile[], overwrite: boolean): Promise<Result<string[]>> {
  if (!overwrite) {
    for (const { name } of files) {
      if (await exists(join(folder, name))) return fail('output-exists', { file: join(basename(folder), name) });
    }
  }
  const made = !(await exists(folder));
  const temporary = new Map<string, string>();
  const suffix = `.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(folder, { recursive: true });
    for (const { name, bytes, check } of files) {
      const path = join(folder, `.${name}${suffix}`);
      temporary.set(name, path);
      await writeFlushed(path, typeof bytes === 'function' ? bytes() : bytes);
      const checked = await check?.(path);
      if (checked?.ok === false) return checked;
    }
    for (const { name } of files) {
      await rename(temporary.get(name) ?? '', join(folder, name));
      temporary.delete(name);
    }
    await flushFolder(folder);
    return ok(files.map(({ name }) => join(folder, name)));
  } catch (error) {
    return writeFailure(folder, error);
  } finally {
    const unfinished = temporary.size > 0;
    for (const path of temporary.values()) await unlink(path).catch(() => undefined);
    if (made && unfinished) await removeEmpty(folder);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function writeFlushed(path: string, bytes: Uint8Array | Iterable<Uint8Array>): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    for (const part of bytes instanceof Uint8Array ? [bytes] : bytes) await handle.writeFile(part);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the new names durable. Windows has no such call and needs none. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeEmpty(folder: string): Promise<void> {
  const left = await readdir(folder).catch(() => ['unknown']);
  if (left.length === 0) await rmdir(folder).catch(() => undefined);
}

/** An error of the file system as the failure that a person can act on. */
export function writeFailure(folder: string, error: unknown): { ok: false; failure: Failure } {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('disk-full', { folder }, message);
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code))
    return fail('folder-not-writable', { folder, reason: code }, message);
  return fail('write-failed', { file: folder, reason: code }, message);
}
