import { createHash } from 'node:crypto';
import { compareImages } from '../../contract/order';
import { fail, ok, type Result } from '../../contract/result';
import { csvText, parseFrame, readCsv, requireColumns } from '../../files/csv';

/** One row of EMB.csv: an image, and its row in EMB.npy where it was embedded. */
export interface IndexRow {
  readonly path: string;
  readonly frame: number | null;
  readonly sha256: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly patient: string;
  readonly study: string;
  readonly view: string;
  readonly status: 'ok' | 'failed' | 'skipped';
  readonly message: string;
  readonly row: number | null;
}

const COLUMNS = ['path', 'frame', 'sha256', 'width', 'height', 'patient', 'study', 'view', 'status', 'message', 'row'] as const;

const numberText = (value: number | null) => (value === null ? '' : String(value));

export function indexText(rows: readonly IndexRow[]): string {
  const body = rows.map((row) => [
    row.path,
    numberText(row.frame),
    row.sha256,
    numberText(row.width),
    numberText(row.height),
    row.patient,
    row.study,
    row.view,
    row.status,
    row.message,
    numberText(row.row),
  ]);
  return csvText([[...COLUMNS], ...body]);
}

/** SHA-256 over a line `<sha256 of the file> <frame>` for each row of the array: which images, and in which order. */
export function imagesHash(images: readonly IndexRow[]): string {
  const hash = createHash('sha256');
  const embedded = images.filter(({ row }) => row !== null).sort((a, b) => (a.row ?? 0) - (b.row ?? 0));
  for (const { sha256, frame } of embedded) hash.update(`${sha256} ${String(frame ?? 0)}\n`);
  return hash.digest('hex');
}

/** Reads EMB.csv and checks it against `count` rows of the array: each is named once. The rows come back in canonical order. */
export async function readIndex(file: string, count: number): Promise<Result<IndexRow[]>> {
  const table = await readCsv(file);
  if (!table.ok) return table;
  const complete = requireColumns(table.value, ['path', 'status', 'row']);
  if (!complete.ok) return complete;
  const rows: IndexRow[] = [];
  const named = new Set<number>();
  const seen = new Set<string>();
  for (const { row: at, values } of table.value.rows) {
    const bad = (reason: string) => fail('table-invalid', { file, row: at, reason });
    const text = (name: string) => values.get(name) ?? '';
    const frame = parseFrame(text('frame'));
    const row = parseFrame(text('row'));
    const status = text('status');
    if (text('path') === '') return bad('the path is empty');
    if (frame === undefined) return bad(`the frame "${text('frame')}" is no number`);
    if (status !== 'ok' && status !== 'failed' && status !== 'skipped') return bad(`the status "${status}" is not ok, failed or skipped`);
    if (row === undefined || (status === 'ok') !== (row !== null)) return bad('a row number belongs to status ok, and to no other');
    if (row !== null && row >= count) return bad(`row ${String(row)} is not in the array of ${String(count)}`);
    if (row !== null && named.has(row)) return bad(`row ${String(row)} of the array is named twice`);
    const key = `${numberText(frame)} ${text('path')}`;
    if (seen.has(key)) return bad('the same image is there twice');
    if (row !== null) named.add(row);
    seen.add(key);
    const size = { width: parseFrame(text('width')) ?? null, height: parseFrame(text('height')) ?? null };
    const words = { sha256: text('sha256'), patient: text('patient'), study: text('study'), view: text('view'), message: text('message') };
    rows.push({ path: text('path'), frame, status, row, ...size, ...words });
  }
  if (named.size !== count)
    return fail('table-invalid', {
      file,
      row: rows.length + 1,
      reason: `it names ${String(named.size)} of the array's ${String(count)} rows`,
    });
  return ok(rows.sort(compareImages));
}
