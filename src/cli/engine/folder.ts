import { resolve } from 'node:path';
import { fail, ok, type Result } from '../../contract/result';
import { scanFolder, type ScanEntry, type SkipReason } from '../../project/folder/scan';

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
}

type Detail = string | undefined;

/** Null: no image, so not worth a word. */
const skipMessages: Record<SkipReason, ((detail: Detail) => { failed: boolean; message: string }) | null> = {
  hidden: null,
  'not-an-image': null,
  'format-unsupported': (detail) => ({ failed: false, message: `Files of the format ${detail ?? 'of its name'} are not read.` }),
  'symbolic-link': () => ({ failed: false, message: 'Symbolic links are not followed.' }),
  'not-a-file': () => ({ failed: false, message: 'It is no ordinary file.' }),
  'name-unreadable': () => ({ failed: true, message: 'Its name is not UTF-8 text.' }),
  unreadable: (detail) => ({ failed: true, message: `It could not be read: ${detail ?? 'unknown reason'}.` }),
  'folder-unreadable': (detail) => ({ failed: true, message: `The folder could not be opened: ${detail ?? 'unknown reason'}.` }),
};

/** Fails: folder-missing, folder-unreadable, folder-empty, stopped. */
export async function listFolder(folder: string, signal: AbortSignal): Promise<Result<Folder>> {
  const images: FoundImage[] = [];
  const leftOut: LeftOut[] = [];
  for await (const batch of scanFolder(folder, { signal })) {
    if (!batch.ok) return batch;
    for (const entry of batch.value) {
      if (entry.kind === 'file') images.push({ path: entry.path, file: resolve(folder, entry.path), frame: null });
      else leftOut.push(...described(entry));
    }
  }
  return images.length === 0 && !leftOut.some(({ failed }) => failed) ? fail('folder-empty', { folder }) : ok({ images, leftOut });
}

function described({ path, reason, detail }: Extract<ScanEntry, { kind: 'skipped' }>): LeftOut[] {
  const message = skipMessages[reason]?.(detail);
  return message ? [{ path, ...message }] : [];
}
