import { join } from 'node:path';
import type { ProjectStatus, ScanOutcome } from '../../contract/views';
import type { Id, ImageRecord, Project } from '../../contract/model';
import { fail, ok, type Failure, type Result } from '../../contract/result';
import type { OtherFile } from '../../contract/skip-reason';
import { DISPLAY_RULE } from '../../contract/display-rule';
import { scanFolder } from '../../imaging/scan';
import { reachable } from '../files/exists';
import { scan } from './scanning';

export interface FolderOptions {
  readonly project: () => Project;
  readonly images: () => ReadonlyMap<Id, ImageRecord>;
  /** Journals new and changed records. */
  readonly record: (images: readonly ImageRecord[]) => Promise<unknown>;
  /** What is known of these images beyond their records no longer holds. */
  readonly forget: (images: readonly Id[]) => void;
  /** SHA-256 of a file; null where it cannot be read. Fails where nobody can hash at the moment. */
  readonly hash: (file: string) => Promise<Result<string | null>>;
  /** A look has ended: with what failed, or null. `comparing`: it was the comparison of contents that failed. */
  readonly onLooked: (failure: Failure | null, comparing: boolean) => void;
  /** Files are compared by their contents, which takes time: how far that is. `done` = `total` ends it. */
  readonly onCompare: (done: number, total: number) => void;
  /** Looks up what is stated of new images elsewhere; why that could not be done. */
  readonly fill: () => Promise<Failure | null>;
  readonly onChange: () => void;
  /** The project is being closed. */
  readonly signal: AbortSignal;
}

/** The folder of the open project: what was found at the last look, and which of the known images have no file now. */
export class ProjectFolder {
  readonly #options: FolderOptions;
  #scanning: Promise<Result<ScanOutcome>> | null = null;
  #comparing = new AbortController();
  #missing: ReadonlySet<Id> = new Set();
  #others: OtherFile[] = [];
  #doubtful = new Set<string>();
  status: ProjectStatus['scan'] = { state: 'waiting', found: 0, skipped: 0, missing: 0, metadata: null };

  constructor(options: FolderOptions) {
    this.#options = options;
  }

  /** Images whose file was not there at the last look. */
  get missing(): ReadonlySet<Id> {
    return this.#missing;
  }

  /** What is no image of the folder, and why: the first of them. */
  get others(): readonly OtherFile[] {
    return this.#others;
  }

  /** Whether the image may be another picture than when it was read; until it is read again. */
  isDoubtful(image: ImageRecord): boolean {
    return (image.display ?? 0) < DISPLAY_RULE && this.#doubtful.has(keyOf(image));
  }

  /** Looks at the folder again. One look at a time: who asks during one gets its outcome. */
  look(): Promise<Result<ScanOutcome>> {
    this.#scanning ??= this.#look().finally(() => {
      this.#scanning = null;
    });
    return this.#scanning;
  }

  /** When nobody is looking. */
  async idle(): Promise<void> {
    await this.#scanning;
  }

  /** Ends the comparison of contents that is under way: what was found by then stays. */
  stopComparing(): void {
    this.#comparing.abort();
  }

  /** Whether at least one of the images is in `folder`: under its path, else by its contents. Fails with folder-foreign or stopped. */
  async recognise(folder: string, images: readonly ImageRecord[]): Promise<Result<void>> {
    const [example] = images;
    if (!example) return ok();
    for (const { path } of images.slice(0, LOOKED_FOR)) if (await reachable(join(folder, path))) return ok();
    const stop = (this.#comparing = new AbortController());
    const sizes = new Set(images.flatMap(({ bytes, sha256 }) => (sha256 === null ? [] : [bytes])));
    const contents = new Set(images.flatMap(({ sha256 }) => sha256 ?? []));
    const report = this.#reporter(LOOKED_FOR);
    let compared = 0;
    try {
      for await (const found of scanFolder(folder, { signal: AbortSignal.any([this.#options.signal, stop.signal]) })) {
        if (!found.ok) return found;
        for (const entry of found.value) {
          if (entry.kind !== 'file' || !sizes.has(entry.bytes)) continue;
          if (stop.signal.aborted) return fail('stopped');
          const hash = await this.#options.hash(join(folder, entry.path));
          if (!hash.ok) return hash;
          if (hash.value !== null && contents.has(hash.value)) return ok();
          report(++compared);
          if (compared >= LOOKED_FOR) return fail('folder-foreign', { folder, example: example.path });
        }
      }
      return fail('folder-foreign', { folder, example: example.path });
    } finally {
      report(LOOKED_FOR);
    }
  }

  async #look(): Promise<Result<ScanOutcome>> {
    const { project, images, record, forget, hash, signal } = this.#options;
    this.#become({ state: 'running', found: 0, skipped: 0, metadata: null });
    const known = new Map([...images().values()].map((image) => [image.id, image]));
    const gone = byFile(known.values());
    const counts = { added: 0, changed: 0, moved: 0 };
    this.#others = [];
    this.#doubtful = new Set();
    this.#comparing = new AbortController();
    let unhashed: Failure | null = null;
    const result = await scan(project(), known.values(), {
      signal,
      hash: async (file) => {
        const hashed = await hash(file);
        if (!hashed.ok) unhashed ??= hashed.failure;
        return hashed;
      },
      comparing: this.#comparing.signal,
      onCompare: this.#reporter(),
      onBatch: async ({ records, seen, skipped, doubtful }) => {
        for (const key of seen) gone.delete(key);
        for (const key of doubtful) this.#doubtful.add(key);
        this.#others.push(...skipped.slice(0, LISTED - this.#others.length));
        for (const image of records) {
          const before = known.get(image.id);
          counts[!before ? 'added' : before.path === image.path ? 'changed' : 'moved'] += 1;
          if (before) gone.delete(keyOf(before));
        }
        forget(records.flatMap(({ id, sha256 }) => (sha256 === null ? [id] : [])));
        if (records.length > 0) await record(records);
        this.#become({ found: this.status.found + seen.length, skipped: this.status.skipped + skipped.length });
      },
    });
    if (signal.aborted) return fail('stopped');
    if (!result.ok) {
      this.#become({ state: 'failed' });
      this.#options.onLooked(result.failure, unhashed !== null);
      return result;
    }
    const missing = new Set([...gone.values()].flat());
    const outcome = { ...counts, missing: [...missing].filter((id) => !this.#missing.has(id)).length, uncompared: result.value.uncompared };
    this.#missing = missing;
    forget([...missing]);
    const empty = images().size === missing.size;
    const failure = empty ? fail('folder-empty', { folder: project().roots[0]?.path ?? '' }).failure : null;
    const metadata = await this.#options.fill();
    this.#become({ state: empty ? 'failed' : 'done', missing: missing.size, metadata });
    this.#options.onLooked(failure, false);
    return ok(outcome);
  }

  #become(change: Partial<ProjectStatus['scan']>): void {
    this.status = { ...this.status, ...change };
    this.#options.onChange();
  }

  /** Tells of a comparison that takes long enough to be noticed, a few times a second. */
  #reporter(limit?: number): (done: number, total?: number) => void {
    let next = Date.now() + NOTICED_MS;
    let told = false;
    return (done, total = limit ?? done) => {
      const ends = done >= total;
      if (ends ? !told : Date.now() < next) return;
      told = !ends;
      next = Date.now() + REPORT_MS;
      this.#options.onCompare(done, total);
    };
  }
}

/** Files that are no images, and that are listed: one folder may hold millions. */
const LISTED = 1000;
/** How many of the known images are looked for, and files compared, before a folder counts as another one. */
const LOOKED_FOR = 500;
const NOTICED_MS = 500;
const REPORT_MS = 200;

/** Ids of the images in each file. */
function byFile(images: Iterable<ImageRecord>): Map<string, Id[]> {
  const files = new Map<string, Id[]>();
  for (const image of images) {
    const key = keyOf(image);
    const known = files.get(key);
    if (known) known.push(image.id);
    else files.set(key, [image.id]);
  }
  return files;
}

export const keyOf = (image: ImageRecord) => `${image.root}/${image.path}`;
