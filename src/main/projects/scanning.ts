import { basename, join } from 'node:path';
import { compareFolder, relink, type FolderChanges, type KnownFile, type SeenFile } from '../../imaging/relink';
import { scanFolder, type ScanEntry } from '../../imaging/scan';
import { DISPLAY_RULE, mayBeRedrawn } from '../../contract/display-rule';
import { compareImages } from '../../contract/order';
import type { ImageRecord, Project, Root } from '../../contract/model';
import { ok, type Result } from '../../contract/result';
import type { OtherFile, SkipReason } from '../../contract/skip-reason';
import { newId } from '../ids';

/** What a scan says of one batch of files: records to be written, and all keys (root/path) that were seen. */
export interface ScanBatch {
  readonly records: readonly ImageRecord[];
  readonly seen: readonly string[];
  readonly skipped: readonly OtherFile[];
  /** Of those seen, files that may be other pictures than when they were read: by a later display rule. */
  readonly doubtful: readonly string[];
}

export interface ScanOptions {
  readonly signal: AbortSignal;
  /**
   * SHA-256 of a file, null where it cannot be read. Asked only for files that may be known ones under a new name. Where nobody can hash at the
   * moment the scan fails: files that were not compared would become new images, and the labels stay behind.
   */
  readonly hash: (file: string) => Promise<Result<string | null>>;
  /** Ends the hashing; what was not hashed by then is left for the next scan. */
  readonly comparing?: AbortSignal;
  /** How many of the likely files were hashed. `done` = `total` at the end. */
  readonly onCompare?: (done: number, total: number) => void;
  readonly onBatch: (batch: ScanBatch) => Promise<void>;
}

/** `uncompared`: new files that may be missing ones under a new name, and were left out because the comparison was stopped. */
export interface ScanEnd {
  readonly uncompared: number;
}

type FoundFile = Extract<ScanEntry, { kind: 'file' }>;

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
export async function scan(project: Project, known: Iterable<ImageRecord>, options: ScanOptions): Promise<Result<ScanEnd>> {
  let uncompared = 0;
  const all = [...known];
  for (const root of project.roots) {
    const own = all.filter((image) => image.root === root.id);
    const result = own.length === 0 ? await firstScan(root, options) : await scanAgain(root, own, options);
    if (!result.ok) return result;
    uncompared += result.value.uncompared;
  }
  return ok({ uncompared });
}

async function firstScan(root: Root, { signal, onBatch }: ScanOptions): Promise<Result<ScanEnd>> {
  for await (const found of scanFolder(root.path, { signal })) {
    if (!found.ok) return found;
    const files = found.value.flatMap((entry) => (entry.kind === 'file' ? [entry] : []));
    await onBatch({
      records: files.map((file) => newRecord(root, file)),
      seen: files.map(({ path }) => keyOf(root, path)),
      skipped: skippedOf(found.value),
      doubtful: [],
    });
  }
  return ok({ uncompared: 0 });
}

async function scanAgain(root: Root, own: readonly ImageRecord[], options: ScanOptions): Promise<Result<ScanEnd>> {
  const { signal, onBatch } = options;
  const seen: FoundFile[] = [];
  const closed: string[] = [];
  const byPath = filesOf(own);
  const ruleOf = (path: string) =>
    Math.min(DISPLAY_RULE, ...(byPath.get(path) ?? []).flatMap(({ sha256, display = 0 }) => (sha256 === null ? [] : [display])));
  const known = (path: string, bytes: number, mtime: number) => {
    const image = byPath.get(path)?.[0];
    if (!image) return null;
    return image.bytes === bytes && image.mtime === mtime && ruleOf(path) === DISPLAY_RULE ? 'settled' : 'known';
  };
  for await (const found of scanFolder(root.path, { signal, known })) {
    if (!found.ok) return found;
    const files = found.value.flatMap((entry) => (entry.kind === 'file' ? [entry] : []));
    const skipped = skippedOf(found.value);
    for (const { path, reason } of skipped) if (blocked.has(reason)) closed.push(path);
    seen.push(...files);
    const doubtful = files.filter(({ path, format }) => format !== null && mayBeRedrawn(ruleOf(path), format));
    const keys = (some: readonly SeenFile[]) => some.map(({ path }) => keyOf(root, path));
    await onBatch({ records: [], seen: keys(files), skipped, doubtful: keys(doubtful) });
  }
  // What lies where nobody may look today is not gone.
  const hidden = new Set(own.filter(({ path }) => closed.some((place) => path === place || path.startsWith(`${place}/`))));
  if (hidden.size > 0) await onBatch({ records: [], seen: [...hidden].map(({ path }) => keyOf(root, path)), skipped: [], doubtful: [] });
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
  const hashed = await hashLikely(root, changes, options);
  if (!hashed.ok) return hashed;
  const hashes = hashed.value;
  if (signal.aborted) return ok({ uncompared: 0 });
  // A file that was not compared would become a new image, and the missing one would never find it again.
  const uncompared = new Set(options.comparing?.aborted === true ? changes.toHash.filter(({ path }) => !hashes.has(path)) : []);
  const { moved, fresh } = relink(changes, hashes);
  const records = [
    ...changes.changed.flatMap(({ before, now }) => framesOf(before).map(({ id, frame }) => ({ ...newRecord(root, now), id, frame }))),
    ...moved.flatMap(({ from, to: { path, bytes, mtime } }) => framesOf(from).map((image) => ({ ...image, path, bytes, mtime }))),
    ...fresh.filter((file) => !uncompared.has(file)).map((file) => newRecord(root, file)),
  ];
  const doubtful = moved
    .filter(({ from, to: { format } }) => format !== null && mayBeRedrawn(ruleOf(from.path), format))
    .map(({ to }) => keyOf(root, to.path));
  for (let start = 0; start < records.length; start += BATCH)
    await onBatch({ records: records.slice(start, start + BATCH), seen: [], skipped: [], doubtful: start === 0 ? doubtful : [] });
  return ok({ uncompared: uncompared.size });
}

/**
 * SHA-256 of the new files that may be missing ones, by path; those with a missing one's name first. Ends when every missing file was
 * found, or on request. A file that cannot be read has an empty hash.
 */
async function hashLikely(
  root: Root,
  { toHash, missing }: FolderChanges<KnownFile, SeenFile>,
  { signal, hash, comparing, onCompare }: ScanOptions,
): Promise<Result<Map<string, string>>> {
  const hashes = new Map<string, string>();
  const wanted = new Map<string, number>();
  for (const { sha256 } of missing) if (sha256 !== null) wanted.set(sha256, (wanted.get(sha256) ?? 0) + 1);
  const names = new Set(missing.map(({ path }) => basename(path)));
  const likely = [...toHash].sort((a, b) => Number(names.has(basename(b.path))) - Number(names.has(basename(a.path))));
  for (let start = 0; start < likely.length && wanted.size > 0; start += AT_ONCE) {
    if (signal.aborted || comparing?.aborted === true) break;
    onCompare?.(start, likely.length);
    const group = likely.slice(start, start + AT_ONCE);
    const sums = await Promise.all(group.map(({ path }) => hash(join(root.path, path))));
    for (const [i, { path }] of group.entries()) {
      const known = sums[i];
      if (known?.ok === false) return known;
      const sum = known?.value ?? '';
      hashes.set(path, sum);
      const left = (wanted.get(sum) ?? 0) - 1;
      if (left > 0) wanted.set(sum, left);
      else wanted.delete(sum);
    }
  }
  onCompare?.(likely.length, likely.length);
  return ok(hashes);
}

const skippedOf = (entries: readonly ScanEntry[]): OtherFile[] =>
  entries.flatMap((entry) => {
    if (entry.kind === 'file') return [];
    const { kind: _, ...other } = entry;
    return [other];
  });

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
  id: newId(),
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
