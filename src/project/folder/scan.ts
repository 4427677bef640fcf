import { isAbsolute, join, resolve } from 'node:path';
import { fail, ok, type Result } from '../../contract/result';
import { AT_ONCE, localDrive, patient, Unanswered, type Drive } from '../../files/drive';
import { reasonOf, systemCode } from '../../files/failures';
import { signature } from '../../files/signature';

/** `path` is relative to the folder, '/' everywhere. */
export type ScanEntry =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number; readonly mtime: number }
  | { readonly kind: 'skipped'; readonly path: string; readonly reason: SkipReason; readonly detail?: string };

export type SkipReason =
  /** Hidden, or left by an operating system or an unfinished download. */
  | 'hidden'
  | 'not-an-image'
  /** Known as an image, but of a format that is not read. */
  | 'format-unsupported'
  /** Followed nowhere: inside the folder its target is found anyway, outside it was not chosen. */
  | 'symbolic-link'
  /** Pipe, socket or device. */
  | 'not-a-file'
  /** The name cannot be written as UTF-8. */
  | 'name-unreadable'
  | 'unreadable'
  | 'folder-unreadable';

const images = new Set(['png', 'jpg', 'jpeg', 'jpe', 'jfif', 'webp', 'tif', 'tiff', 'dcm', 'dicom', 'dic', 'ima']);
const unread = new Set(['gif', 'bmp', 'jp2', 'j2k', 'jxl', 'heic', 'heif', 'avif', 'pgm', 'ppm', 'pnm', 'nii', 'nrrd', 'mha']);
const system = new Set(['Thumbs.db', 'desktop.ini', 'DICOMDIR']);
/** The first images are wanted at once, the others in few pieces: each is a line of the journal and a flush. */
const FIRST_BATCH = 32;
const LARGEST_BATCH = 1024;
const PATIENCE_SECONDS = 15;

export interface ScanOptions {
  readonly signal?: AbortSignal;
  /** How long one call to the file system may take. Default 15. */
  readonly seconds?: number;
  readonly drive?: Drive;
}

/**
 * The image files below `folder`, in batches, sorted by the bytes of their path. Reads no more than a few hundred bytes of
 * files whose name has no telling extension, and nothing of the others. Fails with folder-missing, folder-unreadable (the
 * folder itself, or a drive that stops answering) or stopped; a folder further down that cannot be read is an entry.
 */
export async function* scanFolder(folder: string, options: ScanOptions = {}): AsyncGenerator<Result<ScanEntry[]>> {
  const { signal, seconds = PATIENCE_SECONDS } = options;
  const drive = patient(options.drive ?? localDrive, seconds);
  let batch: ScanEntry[] = [];
  let told = 0;
  try {
    const root = await drive.realpath(isAbsolute(folder) ? folder : resolve(folder));
    if (!(await drive.isFolder(root))) return yield fail('folder-unreadable', { folder, reason: 'it is not a folder' });
    await drive.list(root);
    for await (const entry of walk(drive, root, '')) {
      if (signal?.aborted === true) return yield fail('stopped');
      batch.push(entry);
      if (batch.length >= Math.min(LARGEST_BATCH, Math.max(FIRST_BATCH, told))) {
        told += batch.length;
        yield ok(batch);
        batch = [];
      }
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return yield fail('folder-missing', { folder });
    return yield fail('folder-unreadable', { folder, reason: reasonOf(error) });
  }
  if (batch.length > 0) yield ok(batch);
}

interface Child {
  readonly name: string;
  readonly folder: boolean;
  /** A folder sorts as if its name ended in '/': then walking in this order gives the order of the whole paths. */
  readonly key: Buffer;
}

async function* walk(drive: Drive, root: string, prefix: string): AsyncGenerator<ScanEntry> {
  let children: Child[];
  try {
    children = (await drive.list(join(root, prefix))).map(({ name, folder }) => ({
      name,
      folder,
      key: Buffer.from(folder ? `${name}/` : name),
    }));
  } catch (error) {
    if (error instanceof Unanswered) throw error;
    yield { kind: 'skipped', path: prefix, reason: 'folder-unreadable', detail: reasonOf(error) };
    return;
  }
  children.sort((a, b) => Buffer.compare(a.key, b.key));
  let start = 0;
  while (start < children.length) {
    const child = children[start] as Child;
    if (child.folder) {
      start += 1;
      const path = prefix + child.name;
      if (child.name.startsWith('.')) yield { kind: 'skipped', path, reason: 'hidden' };
      else yield* walk(drive, root, `${path}/`);
      continue;
    }
    const files: Child[] = [];
    while (start < children.length && files.length < AT_ONCE && !(children[start] as Child).folder) files.push(children[start++] as Child);
    yield* await Promise.all(files.map((file) => examine(drive, root, prefix + file.name, file.name)));
  }
}

async function examine(drive: Drive, root: string, path: string, name: string): Promise<ScanEntry> {
  const skipped = (reason: SkipReason, detail?: string): ScanEntry =>
    detail === undefined ? { kind: 'skipped', path, reason } : { kind: 'skipped', path, reason, detail };
  const extension = extensionOf(name);
  // A name that is nothing but an extension (".jpg") is odd, not hidden.
  const bare = extension !== null && images.has(extension) && /^\.+[^.]+$/.test(name);
  if ((name.startsWith('.') && !bare) || system.has(name)) return skipped('hidden');
  if (extension !== null && unread.has(extension)) return skipped('format-unsupported', extension);
  if (extension !== null && !images.has(extension)) return skipped('not-an-image');
  const file = join(root, path);
  try {
    const facts = await drive.examine(file);
    if (facts.isSymbolicLink()) return skipped('symbolic-link');
    if (!facts.isFile()) return skipped('not-a-file');
    if (extension === null && signature(await drive.beginning(file))?.kind !== 'image') return skipped('not-an-image');
    return { kind: 'file', path, bytes: Number(facts.size), mtime: Number(facts.mtimeMs) };
  } catch (error) {
    if (error instanceof Unanswered) throw error;
    if (name.includes('\ufffd')) return skipped('name-unreadable');
    return skipped('unreadable', reasonOf(error));
  }
}

/** Null for names without a telling extension: none at all, or a number as at the end of a DICOM UID. */
function extensionOf(name: string): string | null {
  const dot = name.lastIndexOf('.');
  if (dot === -1) return null;
  const extension = name.slice(dot + 1).toLowerCase();
  return extension === '' || /^\d+$/.test(extension) ? null : extension;
}
