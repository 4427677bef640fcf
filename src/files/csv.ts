import { CsvError, parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import { createReadStream, type ReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { fail, FailureError, ok, type Result } from '../contract/result';
import { reasonOf, systemCode } from './failures';

/** One row by column name. `row` counts from 1 with the header, as a spreadsheet does. */
export interface Row {
  readonly row: number;
  readonly values: ReadonlyMap<string, string>;
}

export interface Table {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

const MAX_RECORD = 1024 * 1024;
const MAX_COLUMNS = 1000;
const MAX_SHOWN = 80;
const LISTED = 8;
const NOT_UTF8 = 'it is not UTF-8 text; save it as "CSV UTF-8"';

export interface ReadOptions {
  /** Columns that are kept of the rows; all, unless given. */
  readonly keep?: (columns: readonly string[]) => readonly string[];
  readonly maxBytes?: number;
  readonly maxRows?: number;
  /** Semicolons or tabs between the columns, as spreadsheets of many countries write them, are found by the header. */
  readonly anyDelimiter?: boolean;
}

/** What is done with a table as it is read; a failure ends the reading. */
export interface Visitor {
  /** Gives the columns that are kept of the rows. */
  readonly header: (columns: readonly string[]) => Result<readonly string[]>;
  readonly row: (row: Row) => Result<void>;
}

/** Reads UTF-8, RFC 4180, with a header of unique names, into memory. Fails: file-unreadable, table-invalid with file and row. */
export async function readCsv(file: string, options: ReadOptions = {}): Promise<Result<Table>> {
  const rows: Row[] = [];
  let columns: readonly string[] = [];
  const read = await eachRow(file, options, {
    header: (found) => {
      columns = found;
      return ok(options.keep?.(found) ?? found);
    },
    row: (row) => {
      rows.push(row);
      return ok();
    },
  });
  return read.ok ? ok({ file, columns, rows }) : read;
}

/** The same, a row at a time: a table of a million rows is as large in memory as one of ten. */
export async function eachRow(file: string, options: Omit<ReadOptions, 'keep'>, visitor: Visitor): Promise<Result<void>> {
  const { maxBytes = Infinity, maxRows = Infinity, anyDelimiter = false } = options;
  const bad = (row: number, reason: string) => fail('table-invalid', { file, row, reason });
  let columns: readonly string[] | null = null;
  let kept: readonly string[] = [];
  let places: readonly number[] = [];
  let rows = 0;
  let opened: ReadStream | null = null;
  try {
    const found = await stat(file);
    if (!found.isFile()) return fail('file-unreadable', { file, reason: 'it is not a file' });
    if (found.size > maxBytes) return bad(1, `the file has more than ${String(Math.floor(maxBytes / 1e6))} MB`);
    const delimiter = anyDelimiter ? await delimiterOf(file) : ',';
    const parser = parse({ bom: true, max_record_size: MAX_RECORD, skip_empty_lines: true, delimiter });
    // What is appended meanwhile is not read.
    const source = createReadStream(file, { end: Math.max(0, found.size - 1) });
    opened = source;
    const feeding = feed(source, parser);
    for await (const record of parser as AsyncIterable<string[]>) {
      if (columns === null) {
        const twice = record.find((name, at) => record.indexOf(name) !== at);
        if (twice !== undefined) return bad(1, `the column "${clipped(twice)}" is there twice`);
        if (record.length > MAX_COLUMNS) return bad(1, `there are more than ${String(MAX_COLUMNS)} columns`);
        columns = record;
        const chosen = visitor.header(record);
        if (!chosen.ok) return chosen;
        kept = chosen.value;
        places = kept.map((name) => record.indexOf(name));
      } else if (rows >= maxRows) return bad(rows + 2, `there are more than ${String(maxRows)} rows`);
      else {
        const values = new Map(kept.map((name, at) => [name, record[places[at] ?? -1] ?? '']));
        rows += 1;
        const taken = visitor.row({ row: rows + 1, values });
        if (!taken.ok) return taken;
      }
    }
    await feeding;
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    if (error instanceof CsvError) return bad(rows + (columns ? 2 : 1), csvReason(error));
    if (error instanceof TypeError) return bad(rows + (columns ? 2 : 1), NOT_UTF8);
    if (systemCode(error) === '') throw error;
    return fail('file-unreadable', { file, reason: reasonOf(error) });
  } finally {
    // Whoever stops in the middle leaves it open otherwise.
    opened?.destroy();
  }
  return columns ? ok() : bad(1, 'the table is empty');
}

/** Text of a table in a message: a cell may hold a megabyte. */
export const clipped = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

/** Column names in a message. */
export const listed = (columns: readonly string[]): string =>
  `${columns.slice(0, LISTED).map(clipped).join(', ')}${columns.length > LISTED ? ` and ${String(columns.length - LISTED)} more` : ''}`;

/** The one of comma, semicolon and tab that the first line holds most of, outside quotation marks. */
async function delimiterOf(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
    const line = (buffer.toString('utf8', 0, bytesRead).split(/[\r\n]/, 1)[0] ?? '').replaceAll(/"[^"]*"/g, '');
    const counted = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: line.split(delimiter).length }));
    return counted.reduce((best, each) => (each.count > best.count ? each : best)).delimiter;
  } finally {
    await handle.close();
  }
}

/** Decodes strictly: a parser would put a question mark where bytes are wrong, and a path would name no file. */
async function feed(source: AsyncIterable<Buffer>, parser: ReturnType<typeof parse>): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of source) {
      const text = decoder.decode(chunk, { stream: true });
      // UTF-16 without a mark, and files that are no text.
      if (text.includes('\0')) throw new TypeError('a null');
      if (!parser.write(text)) await new Promise((resolve) => parser.once('drain', resolve));
    }
    parser.end(decoder.decode());
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

const csvReasons: Partial<Record<CsvError['code'], string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'it has another number of columns than the header',
  CSV_QUOTE_NOT_CLOSED: 'a quotation mark is not closed',
  CSV_MAX_RECORD_SIZE: 'it is longer than 1 MB',
};
const csvReason = ({ code }: CsvError) => csvReasons[code] ?? 'it is not written as RFC 4180 asks (quotation marks)';

/** RFC 4180 with LF. A lone carriage return is quoted as well: readers take it for the end of a row. */
export const csvText = (rows: readonly (readonly string[])[]): string => stringify(rows as string[][], { quoted_match: /[\r\n]/ });

/** A frame number or null; undefined where the text is neither. */
export function parseFrame(text: string | undefined): number | null | undefined {
  if (text === undefined || text === '') return null;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The columns that must be there. */
export function requireColumns({ file, columns }: Table, names: readonly string[]): Result<void> {
  const missing = names.find((name) => !columns.includes(name));
  return missing === undefined ? ok() : fail('table-invalid', { file, row: 1, reason: `the column "${missing}" is missing` });
}
