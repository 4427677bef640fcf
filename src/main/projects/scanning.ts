import { ulid } from 'ulid';
import { scanFolder } from '../../imaging/scan';
import { compareImages } from '../../contract/order';
import type { ImageRecord, Project } from '../../contract/model';
import { ok, type Result } from '../../contract/result';

/** What a scan says of one batch of files: records that are new or whose file changed, and all that were seen. */
export interface ScanBatch {
  readonly records: ImageRecord[];
  readonly seen: string[];
  readonly skipped: number;
}

const BATCH = 500;

/**
 * Compares the project's folder with the images it knows. An image whose size or time changed keeps its id and its
 * labels; its hash is forgotten, so that it is read again.
 */
export async function scan(
  project: Project,
  known: ReadonlyMap<string, ImageRecord>,
  signal: AbortSignal,
  onBatch: (batch: ScanBatch) => Promise<void>,
): Promise<Result<void>> {
  for (const root of project.roots) {
    let records: ImageRecord[] = [];
    let seen: string[] = [];
    let skipped = 0;
    const flush = async () => {
      if (records.length + seen.length + skipped > 0) await onBatch({ records, seen, skipped });
      records = [];
      seen = [];
      skipped = 0;
    };
    for await (const found of scanFolder(root.path, { signal })) {
      if (!found.ok) return found;
      for (const entry of found.value) {
        if (entry.kind === 'skipped') {
          skipped += 1;
          continue;
        }
        const before = known.get(`${root.id}/${entry.path}`);
        seen.push(`${root.id}/${entry.path}`);
        if (before && before.bytes === entry.bytes && before.mtime === entry.mtime) continue;
        records.push({
          id: before?.id ?? ulid(),
          root: root.id,
          path: entry.path,
          frame: null,
          bytes: entry.bytes,
          mtime: entry.mtime,
          sha256: null,
          width: null,
          height: null,
          patient: null,
          study: null,
          view: null,
        });
        if (records.length >= BATCH) await flush();
      }
      await flush();
    }
  }
  return ok();
}

/** Images in canonical order. */
export const inOrder = (images: Iterable<ImageRecord>): ImageRecord[] => [...images].sort(compareImages);
