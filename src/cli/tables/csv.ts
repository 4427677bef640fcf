import { CsvError, parse } from 'csv-parse';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fail, FailureError, ok, type Result } from '../../contract/result';
import { reasonOf, systemCode } from '../../main/files/failures';

export { csvText } from '../../main/exports/tables';

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

/** Reads UTF-8, RFC 4180, with a header of unique names. Fails: file-unreadable, table-invalid with file and row. */
export async function readCsv(file: string): Promise<Result<Table>> {
  const bad = (row: number, reason: string) => fail('table-invalid', { file, row, reason });
  const parser = parse({ bom: true, max_record_size: MAX_RECORD, skip_empty_lines: true });
  let columns: string[] | null = null;
  const rows: Row[] = [];
  try {
    if (!(await stat(file)).isFile()) return fail('file-unreadable', { file, reason: 'it is not a file' });
    const source = createReadStream(file);
    const feeding = feed(source, parser);
    for await (const record of parser as AsyncIterable<string[]>) {
      if (columns === null) {
        const twice = record.find((name, at) => record.indexOf(name) !== at);
        if (twice !== undefined) return bad(1, `the column "${twice}" is there twice`);
        if (record.length > MAX_COLUMNS) return bad(1, `there are more than ${String(MAX_COLUMNS)} columns`);
        columns = record;
      } else {
        const names: string[] = columns;
        rows.push({ row: rows.length + 2, values: new Map(record.map((value, at) => [names[at] ?? '', value])) });
      }
    }
    await feeding;
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    if (error instanceof CsvError) return bad(rows.length + (columns ? 2 : 1), csvReason(error));
    if (error instanceof TypeError) return bad(rows.length + (columns ? 2 : 1), 'it is not UTF-8 text');
    if (systemCode(error) === '') throw error;
    return fail('file-unreadable', { file, reason: reasonOf(error) });
  }
  return columns ? ok({ file, columns, rows }) : bad(1, 'the table is empty');
}

/** Decodes strictly: a parser would put a question mark where bytes are wrong, and a path would name no file. */
async function feed(source: AsyncIterable<Buffer>, parser: ReturnType<typeof parse>): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of source) {
      const text = decoder.decode(chunk, { stream: true });
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
