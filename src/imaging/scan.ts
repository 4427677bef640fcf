import { open, lstat, readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { fail, ok, type Result } from '../contract/result';
import { SIGNATURE_LENGTH, signature } from './formats/signature';

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
const BATCH = 256;
const PARALLEL = 32;

/**
 * The image files below `folder`, in batches, sorted by the bytes of their path. Reads no more than a few hundred bytes of
 * files whose name has no telling extension, and nothing of the others. Fails with folder-missing, folder-unreadable (the
 * folder itself) or stopped; a folder further down that cannot be read is an entry.
 */
export async function* scanFolder(folder: string, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<Result<ScanEntry[]>> {
  let root: string;
  try {
    root = await realpath(isAbsolute(folder) ? folder : resolve(folder));
    if (!(await stat(root)).isDirectory()) return yield fail('folder-unreadable', { folder, reason: 'it is not a folder' });
    await readdir(root);
  } catch (error) {
    const code = codeOf(error);
    return yield code === 'ENOENT' ? fail('folder-missing', { folder }) : fail('folder-unreadable', { folder, reason: reasonOf(code) });
  }
  let batch: ScanEntry[] = [];
  for await (const entry of walk(root, '')) {
    if (signal?.aborted === true) return yield fail('stopped');
    batch.push(entry);
    if (batch.length >= BATCH) {
      yield ok(batch);
      batch = [];
    }
  }
  if (batch.length > 0) yield ok(batch);
}

interface Child {
  readonly name: string;
  readonly folder: boolean;
  /** A folder sorts as if its name ended in '/': then walking in this order gives the order of the whole paths. */
  readonly key: Buffer;
}

async function* walk(root: string, prefix: string): AsyncGenerator<ScanEntry> {
  let children: Child[];
  try {
    children = (await readdir(join(root, prefix), { withFileTypes: true })).map((child) => ({
      name: child.name,
      folder: child.isDirectory(),
      key: Buffer.from(child.isDirectory() ? `${child.name}/` : child.name),
    }));
  } catch (error) {
    yield { kind: 'skipped', path: prefix, reason: 'folder-unreadable', detail: reasonOf(codeOf(error)) };
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
      else yield* walk(root, `${path}/`);
      continue;
    }
    const files: Child[] = [];
    while (start < children.length && files.length < PARALLEL && !(children[start] as Child).folder) files.push(children[start++] as Child);
    yield* await Promise.all(files.map((file) => examine(root, prefix + file.name, file.name)));
  }
}

async function examine(root: string, path: string, name: string): Promise<ScanEntry> {
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
    const facts = await lstat(file);
    if (facts.isSymbolicLink()) return skipped('symbolic-link');
    if (!facts.isFile()) return skipped('not-a-file');
    if (extension === null && !(await looksLikeImage(file))) return skipped('not-an-image');
    return { kind: 'file', path, bytes: facts.size, mtime: facts.mtimeMs };
  } catch (error) {
    if (name.includes('\ufffd')) return skipped('name-unreadable');
    return skipped('unreadable', reasonOf(codeOf(error)));
  }
}

/** Null for names without a telling extension: none at all, or a number as at the end of a DICOM UID. */
function extensionOf(name: string): string | null {
  const dot = name.lastIndexOf('.');
  if (dot === -1) return null;
  const extension = name.slice(dot + 1).toLowerCase();
  return extension === '' || /^\d+$/.test(extension) ? null : extension;
}

async function looksLikeImage(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SIGNATURE_LENGTH), 0, SIGNATURE_LENGTH, 0);
    return signature(buffer.subarray(0, bytesRead))?.kind === 'image';
  } finally {
    await handle.close();
  }
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error));

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'it is gone',
  ENOTDIR: 'it is not a folder',
  EIO: 'the drive reports an error',
  EMFILE: 'too many files are open',
  ELOOP: 'too many links',
};
const reasonOf = (code: string) => reasons[code] ?? code;
