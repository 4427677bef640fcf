import { statSync, type Stats } from 'node:fs';
import type { Raster } from '../formats/raster';
import { readSource, type SourceFile } from '../source';

/** Frames of one file are asked for one after the other; to read and hash hundreds of megabytes for each would take longer than all else. */
const KEPT_MILLISECONDS = 3000;

let kept: { readonly file: string; readonly source: SourceFile; readonly timer: NodeJS.Timeout } | null = null;

/** The file's bytes: those of a moment ago where it has several frames and is still as it was. Throws like `readSource`. */
export function recall(file: string, root?: string): SourceFile {
  if (kept?.file === file) {
    const now = statOf(file);
    if (now?.size === kept.source.size && now.mtimeMs === kept.source.mtime) {
      kept.timer.refresh();
      return kept.source;
    }
  }
  forget();
  return readSource(file, root);
}

function statOf(file: string): Stats | null {
  try {
    return statSync(file);
  } catch {
    return null;
  }
}

/** Keeps the bytes of a file with several frames for a few seconds. One file a thread. */
export function remember(file: string, source: SourceFile, { frames }: Raster): void {
  if (frames.length < 2 || kept?.source === source) return;
  forget();
  kept = { file, source, timer: setTimeout(forget, KEPT_MILLISECONDS).unref() };
}

function forget(): void {
  if (kept) clearTimeout(kept.timer);
  kept = null;
}
