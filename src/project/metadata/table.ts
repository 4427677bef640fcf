import type { MetadataColumns, Stated } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { listed, readCsv } from '../../files/csv';

/** One row: which file it is about, as the table writes it, and what it says of it. */
export interface MetadataRow extends Stated {
  /** In the file, for messages. */
  readonly at: number;
  readonly name: string;
}

export interface MetadataTable {
  readonly file: string;
  /** All that the file has. */
  readonly columns: readonly string[];
  readonly chosen: MetadataColumns;
  readonly rows: readonly MetadataRow[];
}

const MAX_BYTES = 256e6;
const MAX_ROWS = 2_000_000;
const MAX_TEXT = 200;

/** Column names without signs and spaces, in small letters, the likeliest first. "Image Index" and "Patient ID" are ChestX-ray14's. */
const known: Readonly<Record<keyof MetadataColumns, readonly string[]>> = {
  path: [
    'path',
    'filepath',
    'imagepath',
    'relativepath',
    'file',
    'filename',
    'image',
    'imagefile',
    'imagename',
    'imageindex',
    'imageid',
    'dicomid',
  ],
  patient: ['patient', 'patientid', 'patientnumber', 'subject', 'subjectid', 'pid', 'person', 'personid'],
  study: ['study', 'studyid', 'studyinstanceuid', 'studyuid', 'exam', 'examid', 'accession', 'accessionnumber'],
  view: ['view', 'viewposition', 'projection', 'viewtype', 'frontallateral', 'position'],
};

/** The column that by its name holds this. */
export function columnFor(columns: readonly string[], field: keyof MetadataColumns): string | null {
  const plain = columns.map((name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
  const place = known[field].map((name) => plain.indexOf(name)).find((at) => at >= 0);
  return place === undefined ? null : (columns[place] ?? null);
}

/** The columns that say what they are by their names; null where none names the file. */
export function guessColumns(columns: readonly string[]): MetadataColumns | null {
  const find = (field: keyof MetadataColumns) => columnFor(columns, field);
  const path = find('path');
  return path === null ? null : { path, patient: find('patient'), study: find('study'), view: find('view') };
}

/**
 * Reads a table of metadata: CSV with commas, semicolons or tabs. Empty cells say nothing. Fails: file-unreadable,
 * table-invalid (also where no column names the file, or none says anything of it).
 */
export async function readMetadata(file: string, columns?: MetadataColumns): Promise<Result<MetadataTable>> {
  const pick = (all: readonly string[]) => columns ?? guessColumns(all);
  const keep = (all: readonly string[]) => Object.values(pick(all) ?? {}).filter((name) => name !== null && all.includes(name)) as string[];
  const table = await readCsv(file, { keep, maxBytes: MAX_BYTES, maxRows: MAX_ROWS, anyDelimiter: true });
  if (!table.ok) return table;
  const header = (reason: string) =>
    fail('table-invalid', { file, row: 1, reason: `${reason}; its columns are ${listed(table.value.columns)}` });
  const chosen = pick(table.value.columns);
  if (!chosen) return header('no column is called path, file name or image');
  const absent = Object.values(chosen).find((name) => name !== null && !table.value.columns.includes(name));
  if (absent) return header(`the column "${absent}" is missing`);
  if (chosen.patient === null && chosen.study === null && chosen.view === null) return header('no column is called patient, study or view');
  const rows = table.value.rows.map(({ row, values }): MetadataRow => {
    const cell = (name: string | null) => (name === null ? '' : (values.get(name) ?? '').trim().slice(0, MAX_TEXT)) || null;
    const name = (values.get(chosen.path) ?? '').trim();
    return { at: row, name, patient: cell(chosen.patient), study: cell(chosen.study), view: cell(chosen.view) };
  });
  return ok({ file, columns: table.value.columns, chosen, rows });
}
