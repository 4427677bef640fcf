/** A file that a project knows, from the last scan and the last reading. `path` is any name that is unique in the project. */
export interface KnownFile {
  readonly path: string;
  readonly bytes: number;
  readonly mtime: number;
  /** Of its contents; null where it was never read. */
  readonly sha256: string | null;
}

/** A file that a scan has found. */
export interface SeenFile {
  readonly path: string;
  readonly bytes: number;
  readonly mtime: number;
}

/** Every known file is in one of unchanged, changed and missing; every seen one in one of unchanged, changed and fresh. */
export interface FolderChanges<K extends KnownFile, S extends SeenFile> {
  readonly unchanged: K[];
  /** Another size or time under the same path: to be read again. */
  readonly changed: { readonly before: K; readonly now: S }[];
  readonly missing: K[];
  readonly fresh: S[];
  /** Of the fresh ones those that may be missing ones under a new path. Only these need to be hashed before `relink`. */
  readonly toHash: S[];
}

/** Compares what a project knows with a complete scan, by path, size and time. Reads nothing. */
export function compareFolder<K extends KnownFile, S extends SeenFile>(known: Iterable<K>, seen: Iterable<S>): FolderChanges<K, S> {
  const before = new Map([...known].map((file) => [file.path, file]));
  const unchanged: K[] = [];
  const changed: { before: K; now: S }[] = [];
  const fresh: S[] = [];
  for (const now of seen) {
    const old = before.get(now.path);
    before.delete(now.path);
    if (!old) fresh.push(now);
    else if (old.bytes === now.bytes && old.mtime === now.mtime) unchanged.push(old);
    else changed.push({ before: old, now });
  }
  const missing = [...before.values()];
  const sizes = new Set(missing.flatMap(({ bytes, sha256 }) => (sha256 === null ? [] : [bytes])));
  return { unchanged, changed, missing, fresh, toHash: fresh.filter(({ bytes }) => sizes.has(bytes)) };
}

export interface Relinked<K extends KnownFile, S extends SeenFile> {
  /** The image keeps its id and its labels, and gets the new path. */
  readonly moved: { readonly from: K; readonly to: S }[];
  readonly fresh: S[];
  readonly missing: K[];
}

/**
 * Joins missing and fresh files of the same contents; `hashes` holds the SHA-256 of `toHash` by path. Of several copies each is
 * used once: first where the file name is the same, then where the time is, then in the order given.
 */
export function relink<K extends KnownFile, S extends SeenFile>(
  { missing, fresh }: Pick<FolderChanges<K, S>, 'missing' | 'fresh'>,
  hashes: ReadonlyMap<string, string>,
): Relinked<K, S> {
  const arrived = new Map<string, S[]>();
  for (const file of fresh) {
    const hash = hashes.get(file.path);
    if (hash !== undefined) arrived.set(hash, [...(arrived.get(hash) ?? []), file]);
  }
  const targets = new Map<K, S>();
  const matches: ((from: K, to: S) => boolean)[] = [
    (from, to) => nameOf(from.path) === nameOf(to.path),
    (from, to) => from.mtime === to.mtime,
    () => true,
  ];
  for (const match of matches) {
    for (const from of missing) {
      const candidates = from.sha256 === null || targets.has(from) ? [] : (arrived.get(from.sha256) ?? []);
      const at = candidates.findIndex((to) => match(from, to));
      const [to] = at === -1 ? [] : candidates.splice(at, 1);
      if (to) targets.set(from, to);
    }
  }
  const taken = new Set(targets.values());
  return {
    moved: [...targets].map(([from, to]) => ({ from, to })),
    fresh: fresh.filter((file) => !taken.has(file)),
    missing: missing.filter((file) => !targets.has(file)),
  };
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
