import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fail, FailureError, ok, type Result } from '../contract/result';
import { syncFolder, temporaryFor, writeNew, type Content } from './atomic';
import { writeFailure } from './failures';
import { exists } from './look';

export interface NewFile {
  readonly file: string;
  /** A function is called when its turn comes, after the checks of the files before it. A FailureError while parts are made fails the writing. */
  readonly content: Content | (() => Content);
  /** Sees the file under its temporary name; when it fails, nothing of all the files stays. */
  readonly check?: (temporary: string) => Promise<Result<void>>;
}

/**
 * Writes all files under temporary names, flushes them, and renames them at the end in the given order, so that the one that says that all
 * is complete comes last: all or none, whatever goes wrong before. What is there is replaced.
 * Fails: folder-not-writable, disk-full, write-failed, stopped, and as the checks do.
 */
export async function writeFiles(files: readonly NewFile[], signal?: AbortSignal): Promise<Result<void>> {
  const staged: { file: string; temporary: string }[] = [];
  let current = files[0]?.file ?? '';
  try {
    for (const { file, content, check } of files) {
      current = file;
      const temporary = temporaryFor(file);
      staged.push({ file, temporary });
      const made = typeof content === 'function' ? content() : content;
      await writeNew(temporary, signal ? stoppable(made, signal) : made);
      const checked = await check?.(temporary);
      if (checked?.ok === false) return checked;
    }
    for (let next = staged[0]; next; next = staged[0]) {
      current = next.file;
      await rename(next.temporary, next.file);
      staged.shift();
    }
    for (const folder of new Set(files.map(({ file }) => dirname(resolve(file))))) await syncFolder(folder);
    return ok();
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    return writeFailure(error, current, dirname(resolve(current)));
  } finally {
    for (const { temporary } of staged) await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function* stoppable(content: Content, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const parts = typeof content === 'string' ? [Buffer.from(content)] : content instanceof Uint8Array ? [content] : content;
  for await (const part of parts) {
    if (signal.aborted) throw new FailureError(fail('stopped').failure);
    yield part;
  }
}

/**
 * The same for files of one folder, which is made where it is not there and removed again where nothing comes of it; returns their paths.
 * Existing files are refused unless `overwrite`: output-exists.
 */
export async function publish(
  folder: string,
  files: readonly (Omit<NewFile, 'file'> & { readonly name: string })[],
  overwrite: boolean,
): Promise<Result<string[]>> {
  const placed = files.map(({ name, ...rest }) => ({ ...rest, file: join(folder, name) }));
  for (const { file } of overwrite ? [] : placed)
    if (await exists(file)) return fail('output-exists', { file: join(basename(folder), basename(file)) });
  const made = !(await exists(folder));
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    return writeFailure(error, folder, folder);
  }
  const written = await writeFiles(placed);
  if (written.ok) return ok(placed.map(({ file }) => file));
  if (made) await removeEmpty(folder);
  return written;
}

async function removeEmpty(folder: string): Promise<void> {
  const left = await readdir(folder).catch(() => ['unknown']);
  if (left.length === 0) await rmdir(folder).catch(() => undefined);
}
