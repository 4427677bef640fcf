import { mkdir, open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { fail, ok, type Result } from '../../contract/result';
import { syncFolder } from '../../files/atomic';
import { writeFailure } from '../../files/failures';
import { decodeRow, encodeRow, header, readRows, record, rowBytes, type Made, type RowFormat, type StoredRow } from './segment';

interface Place extends StoredRow {
  readonly segment: string;
  readonly made: Made;
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
  readonly format: RowFormat;

  private constructor(folder: string, format: RowFormat) {
    this.folder = folder;
    this.format = format;
  }

  /** Opens or begins a store. Torn or foreign segments are left alone. Failures: folder-not-writable, disk-full, file-unreadable. */
  static async open(folder: string, format: RowFormat): Promise<Result<EmbeddingStore>> {
    const store = new EmbeddingStore(folder, format);
    try {
      await mkdir(folder, { recursive: true });
    } catch (error) {
      return writeFailure(error, folder, folder);
    }
    try {
      const files = new Set(await readdir(folder));
      const segments = [...files].filter((file) => file.endsWith('.names')).map((file) => file.slice(0, -'.names'.length));
      for (const segment of segments.sort()) {
        if (!files.has(`${segment}.vectors`)) continue;
        const found = await readRows(store.path(segment, 'names'), store.path(segment, 'vectors'), format);
        if (!found) continue;
        const { made, rows } = found;
        for (const row of rows) if (store.isNews(row.name, made)) store.places.set(row.name, { ...row, segment, made });
      }
    } catch (error) {
      return fail('file-unreadable', { file: folder, reason: (error as NodeJS.ErrnoException).code ?? 'unknown' }, String(error));
    }
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

  /** Rows in the order of `names`, float32 [names.length, d]. Failures: embedding-missing, embedding-corrupt. */
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
    for (const [segment, rows] of wanted) {
      const read = await this.readSegment(segment, rows, take);
      if (!read.ok) return read;
    }
    return ok();
  }

  /** Flushes and lets go of the files. */
  async close(): Promise<Result<void>> {
    const flushed = await this.flush();
    await this.abandonWriter();
    return flushed;
  }

  private async readSegment(segment: string, rows: { place: Place; row: number }[], take: Take): Promise<Result<void>> {
    const width = rowBytes(this.format);
    const file = this.path(segment, 'vectors');
    const sorted = rows.sort((a, b) => a.place.index - b.place.index);
    let handle: FileHandle | null = null;
    try {
      handle = await open(file, 'r');
      for (let from = 0; from < sorted.length;) {
        // Neighbours are read in one go.
        const first = sorted[from]?.place.index ?? 0;
        let to = from + 1;
        while (to < sorted.length && ((sorted[to]?.place.index ?? 0) - first + 1) * width <= MAX_READ && gap(sorted, to) <= 1) to++;
        const span = (sorted[to - 1]?.place.index ?? 0) - first + 1;
        const bytes = new Uint8Array(span * width);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, first * width);
        for (const { place, row } of sorted.slice(from, to)) {
          const start = (place.index - first) * width;
          const one = bytes.subarray(start, start + width);
          if (start + width > bytesRead || crc32(one) !== place.crc) {
            // Forgotten, so that it is embedded again.
            this.places.delete(place.name);
            return fail('embedding-corrupt', { file, reason: `row ${String(place.index)} does not match its checksum` });
          }
          take(one, row);
        }
        from = to;
      }
      return ok();
    } catch (error) {
      return fail('embedding-corrupt', { file, reason: (error as NodeJS.ErrnoException).code ?? 'it cannot be read' }, String(error));
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
      return writeFailure(error, this.folder, this.folder);
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
        await syncFolder(this.folder);
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

  private path(segment: string, kind: 'names' | 'vectors'): string {
    return join(this.folder, `${segment}.${kind}`);
  }
}

const alike = (a: Made, b: Made): boolean => a.batch === b.batch && a.provider === b.provider && a.display === b.display;
const gap = (rows: readonly { place: Place }[], at: number): number => (rows[at]?.place.index ?? 0) - (rows[at - 1]?.place.index ?? 0);
