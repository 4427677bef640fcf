import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What goes into a file: whole, or one part after the other where that is too much to hold. */
export type Content = Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Makes a new or renamed entry of a folder survive a power cut. Windows has no such call and keeps its entries by itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await withFile(folder, 'r', (handle) => handle.sync());
}

/** Writes a file that must not be there yet, and flushes it unless `durable` is false. */
export async function writeNew(file: string, content: Content, durable = true): Promise<void> {
  await withFile(file, 'wx', async (handle) => {
    const parts = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
    for await (const part of parts) await handle.writeFile(part);
    if (durable) await handle.sync();
  });
}

/**
 * Writes under a temporary name, flushes, and renames: `file` is the old one or the new one, never half of it. With `durable` false a power
 * cut may lose it: only for what is made again by itself.
 */
export async function writeAtomically(file: string, content: Content, { durable = true } = {}): Promise<void> {
  const temporary = temporaryFor(file);
  try {
    await writeNew(temporary, content, durable);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  if (durable) await syncFolder(dirname(file));
}

/** A name beside `file` that nobody else has, also not another process that writes the same file. */
export const temporaryFor = (file: string): string => `${file}.${randomBytes(6).toString('hex')}.tmp`;

/** Flushes what another library has written. */
export const flushFile = (file: string): Promise<void> => withFile(file, 'r+', (handle) => handle.sync());

async function withFile(file: string, flags: string, work: (handle: Awaited<ReturnType<typeof open>>) => Promise<void>): Promise<void> {
  const handle = await open(file, flags);
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}
