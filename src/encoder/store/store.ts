import { mkdir, open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { fail, ok, type Result } from '../../contract/result';
import { flushFolder, writeFailure } from '../publish';
import { addDead, readDead } from './dead';
import { decodeRow, encodeRow, header, readRows, record, rowBytes, type Made, type RowFormat, type StoredRow } from './segment';

interface Place extends StoredRow {
  readonly segment: string;
  readonly made: Made;
}

/** So many rows do not hold what was written; `names`: of those whose names are known. They no longer count. */
export interface Damage {
  readonly count: number;
  readonly names: readonly string[];
}

/** What to do with the bytes of a row, and at which place among those that were asked for. */
type Take = (bytes: Uint8Array, row: number) => void;

/** Rows of a segment before the next is begun: 500 MB of the built-in encoder's. */
const MAX_ROWS = 65_536;
const MAX_READ = 8 * 2 ** 20;
const stem = (number: number) => String(number).padStart(6, '0');

/** The embeddings of one encoder. See README.md for the files. One object a process; several processes may use one folder. */
export class EmbeddingStore {
  private readonly places = new Map<string, Place>();
  /** Appended but not yet on disk. */
  private readonly pending = new Map<string, { readonly vector: Uint8Array; readonly made: Made }>();
  private writer: { segment: string; made: Made; names: FileHandle; vectors: FileHandle; rows: number } | null = null;
  private writing: Promise<unknown> = Promise.resolve();
  private readonly folder: string;
  private readonly onDamage: (damage: Damage) => void;
  readonly format: RowFormat;

  private constructor(folder: string, format: RowFormat, onDamage: (damage: Damage) => void) {
    this.folder = folder;
    this.format = format;
    this.onDamage = onDamage;
  }

  /**
   * Opens or begins a store. Torn or foreign segments are left alone. Of two rows of one name the newer counts. `onDamage` hears of rows that are
   * damaged, here and whenever they are read, of each once. Failures: folder-not-writable, disk-full, file-unreadable.
   */
  static async open(
    folder: string,
    format: RowFormat,
    onDamage: (damage: Damage) => void = () => undefined,
  ): Promise<Result<EmbeddingStore>> {
    const store = new EmbeddingStore(folder, format, onDamage);
    let damaged = 0;
    try {
      await mkdir(folder, { recursive: true });
    } catch (error) {
      return writeFailure(folder, error);
    }
    try {
      const files = new Set(await readdir(folder));
      const segments = [...files].filter((file) => file.endsWith('.names')).map((file) => file.slice(0, -'.names'.length));
      for (const segment of segments.sort()) {
        if (!files.has(`${segment}.vectors`)) continue;
        const dead = files.has(`${segment}.dead`) ? await readDead(store.path(segment, 'dead')) : new Set<number>();
        const found = await readRows(store.path(segment, 'names'), store.path(segment, 'vectors'), format, dead);
        if (!found) continue;
        const { made, rows } = found;
        // Of two rows of one name the newer counts, unless the older is of a later display rule.
        for (const row of rows) {
          const known = store.places.get(row.name);
          if (!known || known.made.display <= made.display) store.places.set(row.name, { ...row, segment, made });
        }
        await addDead(store.path(segment, 'dead'), found.damaged);
        damaged += found.damaged.length;
      }
    } catch (error) {
      return fail('file-unreadable', { file: folder, reason: (error as NodeJS.ErrnoException).code ?? 'unknown' }, String(error));
    }
    if (damaged > 0) onDamage({ count: damaged, names: [] });
    return ok(store);
  }

  get size(): number {
    return this.places.size + this.pending.size;
  }

  has(name: string): boolean {
    return this.places.has(name) || this.pending.has(name);
  }

  /** Takes a row; it is on disk after the next `flush`. A name that is there already keeps its row, unless that is of an earlier display rule. */
  append(name: string, values: Float32Array, made: Made): void {
    if (this.isNews(name, made)) this.pending.set(name, { vector: encodeRow(values, this.format), made });
  }

  private isNews(name: string, { display }: Made): boolean {
    const known = this.madeBy(name);
    return known === null || known.display < display;
  }

  /** What a row was made by; null where there is none of that name. */
  madeBy(name: string): Made | null {
    return (this.pending.get(name) ?? this.places.get(name))?.made ?? null;
  }

  /** Writes what was appended, vectors before names, both flushed. After a failure the rows stay pending. */
  async flush(): Promise<Result<void>> {
    const run = this.writing.then(() => this.write());
    this.writing = run.catch(() => undefined);
    return run;
  }

  /**
   * Rows in the order of `names`, float32 [names.length, d]. Failures: embedding-missing; embedding-corrupt, after which the store no longer has those
   * that are damaged; file-unreadable, which says nothing of the rows.
   */
  async fetch(names: readonly string[]): Promise<Result<Float32Array<ArrayBuffer>>> {
    const { d } = this.format;
    const out = new Float32Array(names.length * d);
    const read = await this.readRows(names, (bytes, row) => decodeRow(bytes, this.format, out.subarray(row * d, (row + 1) * d)));
    return read.ok ? ok(out) : read;
  }

  /** The same rows as they are stored, one after the other: little-endian numbers of the store's type. */
  async fetchBytes(names: readonly string[]): Promise<Result<Uint8Array<ArrayBuffer>>> {
    const width = rowBytes(this.format);
    const out = new Uint8Array(names.length * width);
    const read = await this.readRows(names, (bytes, row) => out.set(bytes, row * width));
    return read.ok ? ok(out) : read;
  }

  private async readRows(names: readonly string[], take: Take): Promise<Result<void>> {
    const wanted = new Map<string, { place: Place; row: number }[]>();
    let missing = 0;
    names.forEach((name, row) => {
      const pending = this.pending.get(name);
      const place = this.places.get(name);
      if (pending) take(pending.vector, row);
      else if (place) {
        const rows = wanted.get(place.segment);
        if (rows) rows.push({ place, row });
        else wanted.set(place.segment, [{ place, row }]);
      } else missing++;
    });
    if (missing > 0) return fail('embedding-missing', { count: missing });
    const damaged: Place[] = [];
    for (const [segment, rows] of wanted) {
      const read = await this.readSegment(segment, rows, take);
      if (!read.ok) return read;
      damaged.push(...read.value);
    }
    return damaged.length === 0 ? ok() : this.bury(damaged);
  }

  /** They no longer count, here and for whoever opens the store later, so that they are embedded again. */
  private async bury(damaged: readonly Place[]): Promise<Result<never>> {
    const segments = new Map<string, number[]>();
    // One may have been asked for twice, or be replaced already.
    const fresh = [...new Set(damaged)].filter((place) => this.places.get(place.name) === place);
    for (const { name, segment, index } of fresh) {
      this.places.delete(name);
      segments.set(segment, [...(segments.get(segment) ?? []), index]);
    }
    for (const [segment, rows] of segments) await addDead(this.path(segment, 'dead'), rows);
    if (fresh.length > 0) this.onDamage({ count: fresh.length, names: fresh.map(({ name }) => name) });
    const [first] = damaged;
    const file = this.path(first?.segment ?? '', 'vectors');
    const count = new Set(damaged).size;
    return fail('embedding-corrupt', { file, reason: `${String(count)} ${count === 1 ? 'row does' : 'rows do'} not match the checksum` });
  }

  /** Flushes and lets go of the files. */
  async close(): Promise<Result<void>> {
    const flushed = await this.flush();
    await this.abandonWriter();
    return flushed;
  }

  /** Hands on the rows that are whole, and answers those that are not. */
  private async readSegment(segment: string, rows: { place: Place; row: number }[], take: Take): Promise<Result<Place[]>> {
    const width = rowBytes(this.format);
    const file = this.path(segment, 'vectors');
    const sorted = rows.sort((a, b) => a.place.index - b.place.index);
    const damaged: Place[] = [];
    let handle: FileHandle | null = null;
    try {
      handle = await open(file, 'r');
      for (let from = 0; from < sorted.length;) {
        // Neighbours are read in one go.
        const first = sorted[from]?.place.index ?? 0;
        let to = from + 1;
        while (to < sorted.length && ((sorted[to]?.place.index ?? 0) - first + 1) * width <= MAX_READ && gap(sorted, to) <= 1) to++;
        const part = sorted.slice(from, to);
        for (const { place, row, bytes } of await readPart(handle, part, width)) {
          if (bytes === null || crc32(bytes) !== place.crc) damaged.push(place);
          else take(bytes, row);
        }
        from = to;
      }
      return ok(damaged);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'it cannot be read';
      // The file is gone: so are its rows.
      if (code === 'ENOENT') return ok(sorted.map(({ place }) => place));
      return fail('file-unreadable', { file, reason: code }, String(error));
    } finally {
      await handle?.close();
    }
  }

  private async write(): Promise<Result<void>> {
    // Rows of one segment were made alike, so those made otherwise begin another one.
    for (let [first] = this.pending.values(); first; [first] = this.pending.values()) {
      const { made } = first;
      const written = await this.writeRows(
        made,
        [...this.pending].filter(([, row]) => alike(row.made, made)),
      );
      if (!written.ok) return written;
    }
    return ok();
  }

  private async writeRows(made: Made, rows: readonly (readonly [name: string, { readonly vector: Uint8Array }])[]): Promise<Result<void>> {
    try {
      const { writer: last } = this;
      const fits = last && alike(last.made, made) && last.rows + rows.length <= MAX_ROWS;
      if (!fits) await this.abandonWriter();
      const writer = (this.writer ??= await this.begin(made));
      const records = rows.map(([name, { vector }]) => record(name, vector));
      await writer.vectors.appendFile(Buffer.concat(rows.map(([, { vector }]) => vector)));
      await writer.vectors.datasync();
      await writer.names.appendFile(Buffer.concat(records));
      await writer.names.datasync();
      rows.forEach(([name, { vector }], i) => {
        this.places.set(name, { name, segment: writer.segment, made, index: writer.rows + i, crc: crc32(vector) });
        this.pending.delete(name);
      });
      writer.rows += rows.length;
      return ok();
    } catch (error) {
      // Something may be half written: nothing is ever appended behind it.
      await this.abandonWriter();
      return writeFailure(this.folder, error);
    }
  }

  /** A segment that no other process has: creating its file is what reserves the number. */
  private async begin(made: Made) {
    const taken = (await readdir(this.folder)).map((file) => Number.parseInt(file, 10)).filter(Number.isInteger);
    for (let number = Math.max(-1, ...taken) + 1; ; number++) {
      const segment = stem(number);
      let names: FileHandle | null = null;
      try {
        names = await open(this.path(segment, 'names'), 'ax');
        const vectors = await open(this.path(segment, 'vectors'), 'ax');
        await names.appendFile(header(this.format, made));
        await flushFolder(this.folder);
        return { segment, made, names, vectors, rows: 0 };
      } catch (error) {
        await names?.close().catch(() => undefined);
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  private async abandonWriter(): Promise<void> {
    const writer = this.writer;
    this.writer = null;
    await writer?.names.close().catch(() => undefined);
    await writer?.vectors.close().catch(() => undefined);
  }

  private path(segment: string, kind: 'names' | 'vectors' | 'dead'): string {
    return join(this.folder, `${segment}.${kind}`);
  }
}

const alike = (a: Made, b: Made): boolean => a.batch === b.batch && a.provider === b.provider && a.display === b.display;
type Asked = { readonly place: Place; readonly row: number };

/** The bytes of neighbours; null for those that the disk does not give. */
async function readPart(handle: FileHandle, part: readonly Asked[], width: number): Promise<(Asked & { bytes: Uint8Array | null })[]> {
  const first = part[0]?.place.index ?? 0;
  const bytes = new Uint8Array(((part.at(-1)?.place.index ?? 0) - first + 1) * width);
  try {
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, first * width);
    return part.map((asked) => {
      const start = (asked.place.index - first) * width;
      return { ...asked, bytes: start + width > bytesRead ? null : bytes.subarray(start, start + width) };
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error;
    // A bad sector: one by one it costs only the rows that lie on it.
    if (part.length === 1) return part.map((asked) => ({ ...asked, bytes: null }));
    const rows = [];
    for (const asked of part) rows.push(...(await readPart(handle, [asked], width)));
    return rows;
  }
}

const gap = (rows: readonly { place: Place }[], at: number): number => (rows[at]?.place.index ?? 0) - (rows[at - 1]?.place.index ?? 0);
