import { isAbsolute, join, resolve } from 'node:path';
import { fail, ok, type Result } from '../../contract/result';
import type { OtherFile, SkipReason } from '../../contract/skip-reason';
import { AT_ONCE, localDrive, patient, Unanswered, type Drive } from '../../files/drive';
import { reasonOf, systemCode } from '../../files/failures';
import { plainName, signature, type Format } from '../../files/signature';

/** `path` is relative to the folder, '/' everywhere. `format`: null where the file was known and is not one of ours (any more), or was not looked at. */
export type ScanEntry =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number; readonly mtime: number; readonly format: Format | null }
  | ({ readonly kind: 'skipped' } & Readonly<OtherFile>);

/** What a person calls an image. It decides nothing: what is named so and is none is worth a louder word. */
const imageEndings = new Set(['png', 'jpg', 'jpeg', 'jpe', 'jfif', 'webp', 'tif', 'tiff', 'dcm', 'dicom', 'dic', 'ima']);
const system = new Set(['Thumbs.db', 'desktop.ini', 'DICOMDIR']);
/** Unfinished downloads, and what editors keep beside a file: their bytes may be an image's, but nobody means them. */
const leftover = /~$|\.(?:part|partial|crdownload|download)$/i;
/** The first images are wanted at once, the others in few pieces: each is a line of the journal and a flush. */
const FIRST_BATCH = 32;
const LARGEST_BATCH = 1024;
const PATIENCE_SECONDS = 15;

export interface ScanOptions {
  readonly signal?: AbortSignal;
  /** How long one call to the file system may take. Default 15. */
  readonly seconds?: number;
  readonly drive?: Drive;
  /**
   * Whether a file is known as an image: then it is one whatever its bytes are now, since labels may hang on it. `settled`: the same file as it
   * was, so that it need not be opened.
   */
  readonly known?: (path: string, bytes: number, mtime: number) => 'settled' | 'known' | null;
}

/**
 * The image files below `folder`, in batches, sorted by the bytes of their path. What an image is its first bytes tell, never its name: DICOM
 * comes under any ending and under none. Reads no more of a file than those few hundred bytes. Fails with folder-missing, folder-unreadable (the
 * folder itself, or a drive that stops answering) or stopped; a folder further down that cannot be read is an entry.
 */
export async function* scanFolder(folder: string, options: ScanOptions = {}): AsyncGenerator<Result<ScanEntry[]>> {
  const { signal, seconds = PATIENCE_SECONDS, known = () => null } = options;
  const drive = patient(options.drive ?? localDrive, seconds);
  let batch: ScanEntry[] = [];
  let told = 0;
  try {
    const root = await drive.realpath(isAbsolute(folder) ? folder : resolve(folder));
    if (!(await drive.isFolder(root))) return yield fail('folder-unreadable', { folder, reason: 'it is not a folder' });
    await drive.list(root);
    for await (const entry of walk({ drive, root, known }, '')) {
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

interface Walk {
  readonly drive: Drive;
  readonly root: string;
  readonly known: NonNullable<ScanOptions['known']>;
}

async function* walk(tree: Walk, prefix: string): AsyncGenerator<ScanEntry> {
  const { drive, root } = tree;
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
      else yield* walk(tree, `${path}/`);
      continue;
    }
    const files: Child[] = [];
    while (start < children.length && files.length < AT_ONCE && !(children[start] as Child).folder) files.push(children[start++] as Child);
    yield* await Promise.all(files.map((file) => examine(tree, prefix + file.name, file.name)));
  }
}

async function examine({ drive, root, known }: Walk, path: string, name: string): Promise<ScanEntry> {
  const skipped = (reason: SkipReason, detail?: string): ScanEntry =>
    detail === undefined ? { kind: 'skipped', path, reason } : { kind: 'skipped', path, reason, detail };
  // A name that is nothing but an ending (".jpg") is odd, not hidden.
  const bare = hasImageEnding(name) && /^\.+[^.]+$/.test(name);
  if ((name.startsWith('.') && !bare) || system.has(name) || leftover.test(name)) return skipped('hidden');
  const file = join(root, path);
  try {
    const facts = await drive.examine(file);
    if (facts.isSymbolicLink()) return skipped('symbolic-link');
    if (!facts.isFile()) return skipped('not-a-file');
    const [bytes, mtime] = [Number(facts.size), Number(facts.mtimeMs)];
    const knowledge = known(path, bytes, mtime);
    const found = knowledge === 'settled' || bytes === 0 ? null : signature(await drive.beginning(file));
    if (found?.kind === 'image') return { kind: 'file', path, bytes, mtime, format: found.format };
    if (knowledge !== null) return { kind: 'file', path, bytes, mtime, format: null };
    if (found) return skipped('format-unsupported', plainName(found.name));
    return skipped(hasImageEnding(name) ? 'misnamed' : 'not-an-image');
  } catch (error) {
    if (error instanceof Unanswered) throw error;
    if (name.includes('\ufffd')) return skipped('name-unreadable');
    return skipped('unreadable', reasonOf(error));
  }
}

const hasImageEnding = (name: string) => name.includes('.') && imageEndings.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase());
