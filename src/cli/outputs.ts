import { lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fail, ok, type Result } from '../contract/result';
import { flushFile, syncFolder, temporaryFor } from '../files/atomic';
import { reasonOf, systemCode, writeFailure } from '../files/failures';

/** Before the work: is there room for these files? Fails: output-exists, folder-not-writable, write-failed. */
export async function checkFiles(files: readonly string[], overwrite: boolean): Promise<Result<void>> {
  const absolute = files.map((file) => resolve(file));
  const twice = absolute.find((file, at) => absolute.indexOf(file) !== at);
  if (twice !== undefined) return fail('wrong-use', { reason: `${twice} is named for two outputs` });
  for (const file of absolute) {
    const found = await lstat(file).catch(() => null);
    if (found && !overwrite) return fail('output-exists', { file });
    // A device, a folder or a link is nothing that a file may take the place of.
    if (found && !found.isFile()) return fail('write-failed', { file, reason: 'it is there already and no ordinary file' });
    const writable = await checkWritable(dirname(file));
    if (!writable.ok) return writable;
  }
  return ok();
}

/** Before the work: may this folder be made, or, with `overwrite`, the files in it be replaced? An empty folder counts as none. */
export async function checkFolder(folder: string, overwrite: boolean): Promise<Result<void>> {
  const found = await lstat(folder).catch(() => null);
  if (found && !found.isDirectory()) return fail('write-failed', { file: folder, reason: 'it is there already and no folder' });
  if (found && !overwrite && (await readdir(folder)).length > 0) return fail('output-exists', { file: folder });
  return checkWritable(dirname(resolve(folder)));
}

async function checkWritable(folder: string): Promise<Result<void>> {
  const found = await stat(folder).catch(() => null);
  if (!found) return fail('folder-not-writable', { folder, reason: 'there is no such folder' });
  if (!found.isDirectory()) return fail('folder-not-writable', { folder, reason: 'it is not a folder' });
  const probe = temporaryFor(join(folder, '.collimate'));
  try {
    await (await open(probe, 'wx')).close();
    await rm(probe);
    return ok();
  } catch (error) {
    if (systemCode(error) === 'ENOSPC') return fail('disk-full', { folder });
    return fail('folder-not-writable', { folder, reason: reasonOf(error) });
  }
}

/**
 * Lets `fill` make a folder under a temporary name beside its place and renames it. Where the folder is there already
 * (checkFolder has allowed it), the files are moved into it one by one and nothing else in it is touched.
 */
export async function writeFolder<T>(folder: string, fill: (temporary: string) => Promise<Result<T>>): Promise<Result<T>> {
  const place = resolve(folder);
  const temporary = temporaryFor(place);
  try {
    const filled = await fill(temporary);
    if (!filled.ok) {
      await rm(temporary, { recursive: true, force: true });
      return filled;
    }
    await flushAll(temporary);
    if (await stat(place).catch(() => null)) {
      await moveInto(temporary, place);
      await rm(temporary, { recursive: true, force: true });
    } else await rename(temporary, place);
    await syncFolder(dirname(place));
    return filled;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    return writeFailure(error, place, dirname(place));
  }
}

async function flushAll(folder: string) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? flushAll(path) : flushFile(path));
  }
  await syncFolder(folder);
}

async function moveInto(from: string, to: string) {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isDirectory()) await moveInto(join(from, entry.name), join(to, entry.name));
    else await rename(join(from, entry.name), join(to, entry.name));
  }
}
