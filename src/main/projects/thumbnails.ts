import type { Dirent } from 'node:fs';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { unseal } from '../../files/sealed';
import type { Id, ImageRecord } from '../../contract/model';

/** Longest side in pixels: sharp at the largest grid size on a screen of double density. */
export const THUMBNAIL_SIZE = 384;

/** A thumbnail of a radiograph takes 8 to 15 kB: this is room for 150,000 and more, and a small part of a disk that holds their images. */
export const CACHE_BYTES = 2e9;
/** Trimming goes somewhat below the limit, so that it is not needed again for the next few pictures. */
const TRIMMED_TO = 0.9;
/** Use is noted in the file's time, and no more often than this: every look at the grid would write otherwise. */
const NOTED_EVERY_MS = 3600_000;
/** A process has four threads for all its files: the journal must not wait behind this. */
const AT_ONCE = 2;

/** The name carries size and time of the file, so that a changed image gets a new thumbnail. */
export const thumbnailFile = (profile: string, project: Id, image: ImageRecord) =>
  join(profile, 'thumbnails', project, `${image.id}-${image.bytes.toString(36)}-${Math.round(image.mtime).toString(36)}.webp`);

/** The thumbnail where there is a whole one; reading it counts as use. A damaged one is as good as none: it is made again. */
export async function readThumbnail(file: string, now = Date.now()): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const kept = await readFile(file);
    const bytes = unseal(kept) ?? (isUnsealed(kept) ? kept : null);
    if (bytes === null) return null;
    const { mtimeMs } = await stat(file);
    if (now - mtimeMs > NOTED_EVERY_MS) await utimes(file, new Date(now), new Date(now));
    return bytes;
  } catch {
    // Not there, or trimmed away just now: it is made again.
    return null;
  }
}

/** Version 0.1 wrote them without a seal: a WebP file (RIFF) states its length. */
const isUnsealed = (bytes: Buffer) =>
  bytes.length > 12 && bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.readUInt32LE(4) + 8 === bytes.length;

/**
 * Takes the thumbnails that were not used for longest, of whatever project, until all together are below the limit; half-written
 * files of a crash go in any case. Whoever misses one makes it again, so it may run beside everything else.
 */
export async function trimThumbnails(profile: string, limit = CACHE_BYTES, now = Date.now()): Promise<{ kept: number; removed: number }> {
  const folder = join(profile, 'thumbnails');
  const all: { file: string; bytes: number; used: number }[] = [];
  for (const project of await list(folder)) {
    if (!project.isDirectory()) continue;
    const names = (await list(join(folder, project.name))).filter((entry) => entry.isFile()).map(({ name }) => name);
    for (let start = 0; start < names.length; start += AT_ONCE) {
      const group = names.slice(start, start + AT_ONCE).map((name) => join(folder, project.name, name));
      const facts = await Promise.all(group.map((file) => stat(file).catch(() => null)));
      group.forEach((file, i) => {
        const fact = facts[i];
        if (fact) all.push({ file, bytes: fact.size, used: fact.mtimeMs });
      });
    }
  }
  const broken = all.filter(({ file, used }) => file.endsWith('.tmp') && now - used > NOTED_EVERY_MS);
  const whole = all.filter(({ file }) => !file.endsWith('.tmp')).sort((a, b) => a.used - b.used);
  let bytes = whole.reduce((sum, each) => sum + each.bytes, 0);
  const leaving = [...broken];
  if (bytes > limit) {
    for (const each of whole) {
      if (bytes <= limit * TRIMMED_TO) break;
      leaving.push(each);
      bytes -= each.bytes;
    }
  }
  for (const { file } of leaving) await rm(file, { force: true }).catch(() => undefined);
  return { kept: bytes, removed: leaving.length };
}

const list = (folder: string): Promise<Dirent[]> => readdir(folder, { withFileTypes: true }).catch(() => []);
