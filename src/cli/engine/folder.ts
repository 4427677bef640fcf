import { resolve } from 'node:path';
import { fail, ok, type Result } from '../../contract/result';
import { isLoss, skipSentence, type SkipReason } from '../../contract/skip-reason';
import { scanFolder } from '../../project/folder/scan';

/** An image file that can be tried. */
export interface FoundImage {
  readonly path: string;
  readonly file: string;
  /** From 0; null: the file as one image, its first frame. */
  readonly frame: number | null;
}

/** Something that looked like an image or could not be looked at, and is not tried. */
export interface LeftOut {
  readonly path: string;
  /** Failed: the person would expect it to work. */
  readonly failed: boolean;
  readonly message: string;
}

export interface Folder {
  /** By path bytes. */
  readonly images: readonly FoundImage[];
  readonly leftOut: readonly LeftOut[];
  /** What is no image and does not look like one: counted, and listed on request. */
  readonly others: readonly LeftOut[];
}

/** Not worth a row of the index each. */
const unremarkable: ReadonlySet<SkipReason> = new Set(['hidden', 'not-an-image']);

/** Fails: folder-missing, folder-unreadable, folder-empty, stopped. */
export async function listFolder(folder: string, signal: AbortSignal): Promise<Result<Folder>> {
  const images: FoundImage[] = [];
  const leftOut: LeftOut[] = [];
  const others: LeftOut[] = [];
  for await (const batch of scanFolder(folder, { signal })) {
    if (!batch.ok) return batch;
    for (const entry of batch.value) {
      if (entry.kind === 'file') images.push({ path: entry.path, file: resolve(folder, entry.path), frame: null });
      else {
        // In a table the sentence stands alone: it names the file.
        const message = skipSentence(entry).replace(/^It /, `${entry.path} `);
        (unremarkable.has(entry.reason) ? others : leftOut).push({ path: entry.path, failed: isLoss(entry), message });
      }
    }
  }
  return images.length === 0 && !leftOut.some(({ failed }) => failed) ? fail('folder-empty', { folder }) : ok({ images, leftOut, others });
}
