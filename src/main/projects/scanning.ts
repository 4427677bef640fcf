import { join } from 'node:path';
import { ulid } from 'ulid';
import { compareFolder, relink, type SeenFile } from '../../imaging/relink';
import { scanFolder, type SkipReason } from '../../imaging/scan';
import { compareImages } from '../../contract/order';
import type { ImageRecord, Project, Root } from '../../contract/model';
import { ok, type Result } from '../../contract/result';

/** What a scan says of one batch of files: records to be written, and all keys (root/path) that were seen. */
export interface ScanBatch {
  readonly records: readonly ImageRecord[];
  readonly seen: readonly string[];
  readonly skipped: number;
}

export interface ScanOptions {
  readonly signal: AbortSignal;
  /** SHA-256 of a file, null where it cannot be read. Asked only for files that may be known ones under a new name. */
  readonly hash: (file: string) => Promise<string | null>;
  readonly onBatch: (batch: ScanBatch) => Promise<void>;
}

const BATCH = 500;
/** Why a scan cannot say whether files are still there. */
const blocked: ReadonlySet<SkipReason> = new Set(['folder-unreadable', 'unreadable']);
/** Files that are hashed side by side. */
const AT_ONCE = 16;

/**
 * Compares the project's folder with the images it knows. An image whose size or time changed keeps its id and its
 * labels; its hash is forgotten, so that it is read again. One that lies under another name now, with the same contents,
 * keeps everything. A folder seen for the first time is told batch by batch, so that its first images show at once.
 */
export async function scan(project: Project, known: Iterable<ImageRecord>, options: ScanOptions): Promise<Result<void>> {
  const all = [...known];
  for (const root of project.roots) {
    const own = all.filter((image) => image.root === root.id);
    const result = own.length === 0 ? await firstScan(root, options) : await scanAgain(root, own, options);
    if (!result.ok) return result;
  }
  return ok();
}

async function firstScan(root: Root, { signal, onBatch }: ScanOptions): Promise<Result<void>> {
  for await (const found of scanFolder(root.path, { signal })) {
    if (!found.ok) return found;
    const files = found.value.flatMap((entry) => (entry.kind === 'file' ? [entry] : []));
    await onBatch({
      records: files.map((file) => newRecord(root, file)),
      seen: files.map(({ path }) => keyOf(root, path)),
      skipped: found.value.length - files.length,
    });
  }
  return ok();
}

async function scanAgain(root: Root, own: readonly ImageRecord[], { signal, hash, onBatch }: ScanOptions): Promise<Result<void>> {
  const seen: SeenFile[] = [];
  const closed: string[] = [];
  for await (const found of scanFolder(root.path, { signal })) {
    if (!found.ok) return found;
    const files = found.value.flatMap((entry) => (entry.kind === 'file' ? [entry] : []));
    for (const entry of found.value) if (entry.kind === 'skipped' && blocked.has(entry.reason)) closed.push(entry.path);
    seen.push(...files);
    await onBatch({ records: [], seen: files.map(({ path }) => keyOf(root, path)), skipped: found.value.length - files.length });
  }
  // What lies where nobody may look today is not gone.
  const hidden = new Set(own.filter(({ path }) => closed.some((place) => path === place || path.startsWith(`${place}/`))));
  if (hidden.size > 0) await onBatch({ records: [], seen: [...hidden].map(({ path }) => keyOf(root, path)), skipped: 0 });
  const files = filesOf(own.filter((image) => !hidden.has(image)));
  const changes = compareFolder(
    [...files].map(([path, [first, ...others]]) => ({
      ...first,
      path,
      sha256: first.sha256 ?? others.find(({ sha256 }) => sha256)?.sha256 ?? null,
    })),
    seen,
  );
  const framesOf = ({ path }: { readonly path: string }): readonly ImageRecord[] => files.get(path) ?? [];
  const hashes = new Map<string, string>();
  for (let start = 0; start < changes.toHash.length; start += AT_ONCE) {
    const group = changes.toHash.slice(start, start + AT_ONCE);
    const sums = await Promise.all(group.map(({ path }) => hash(join(root.path, path))));
    group.forEach(({ path }, i) => hashes.set(path, sums[i] ?? ''));
    if (signal.aborted) return ok();
  }
  const { moved, fresh } = relink(changes, hashes);
  const records = [
    ...changes.changed.flatMap(({ before, now }) => framesOf(before).map(({ id, frame }) => ({ ...newRecord(root, now), id, frame }))),
    ...moved.flatMap(({ from, to: { path, bytes, mtime } }) => framesOf(from).map((image) => ({ ...image, path, bytes, mtime }))),
    ...fresh.map((file) => newRecord(root, file)),
  ];
  for (let start = 0; start < records.length; start += BATCH)
    await onBatch({ records: records.slice(start, start + BATCH), seen: [], skipped: 0 });
  return ok();
}

/** Frames of one file stay and go together. */
function filesOf(images: readonly ImageRecord[]): Map<string, [ImageRecord, ...ImageRecord[]]> {
  const files = new Map<string, [ImageRecord, ...ImageRecord[]]>();
  for (const image of images) {
    const known = files.get(image.path);
    if (known) known.push(image);
    else files.set(image.path, [image]);
  }
  return files;
}

const newRecord = (root: Root, { path, bytes, mtime }: SeenFile): ImageRecord => ({
  id: ulid(),
  root: root.id,
  path,
  frame: null,
  bytes,
  mtime,
  sha256: null,
  width: null,
  height: null,
  patient: null,
  study: null,
  view: null,
});

const keyOf = (root: Root, path: string) => `${root.id}/${path}`;

/** Images in canonical order. */
export const inOrder = (images: Iterable<ImageRecord>): ImageRecord[] => [...images].sort(compareImages);
