import type { CellState, Task, Use } from '../../contract/model';
import { comparePaths } from '../../contract/order';
import { fail, ok, type Result } from '../../contract/result';
import { LABEL_COLUMNS, UNSURE } from '../../contract/tables';
import { parseFrame, readCsv, requireColumns, type Row, type Table } from '../../files/csv';

export interface LabelRow {
  /** In the file, for messages. */
  readonly at: number;
  readonly path: string;
  readonly frame: number | null;
  /** Empty where unknown. */
  readonly patient: string;
  readonly use: Use;
  /** Asked without the model's proposal. */
  readonly blind: boolean;
  readonly time: string;
  /** One state for each finding. */
  readonly states: readonly CellState[];
}

export interface LabelTable {
  readonly file: string;
  readonly task: Task;
  /** Multi-class: the labels that occur, in byte order. Multi-label: the columns, in their order. */
  readonly findings: readonly string[];
  readonly rows: readonly LabelRow[];
}

export interface LabelOptions {
  readonly task?: Task | undefined;
  /** Columns that are neither reserved nor findings. */
  readonly ignore?: readonly string[];
  /** Only the rows of this annotator. */
  readonly annotator?: string | undefined;
}

/** Reads LABELS.csv. Fails: file-unreadable, table-invalid with file and row, wrong-use where --task does not fit the table. */
export async function readLabels(file: string, options: LabelOptions = {}): Promise<Result<LabelTable>> {
  const table = await readCsv(file);
  if (!table.ok) return table;
  const complete = requireColumns(table.value, ['path']);
  if (!complete.ok) return complete;
  const shape = shapeOf(table.value, options);
  if (!shape.ok) return shape;
  const { task, columns } = shape.value;
  const own = table.value.rows.filter(({ values }) => options.annotator === undefined || values.get('annotator') === options.annotator);
  const findings = task === 'multiclass' ? classesOf(own) : columns;
  const rows: LabelRow[] = [];
  const seen = new Map<string, number>();
  for (const { row: at, values } of own) {
    const bad = (reason: string) => fail('table-invalid', { file, row: at, reason });
    const path = values.get('path') ?? '';
    const frame = parseFrame(values.get('frame'));
    const use = values.get('use') ?? '';
    const blind = values.get('blind') ?? '';
    if (path === '') return bad('the path is empty');
    if (frame === undefined) return bad(`the frame "${values.get('frame') ?? ''}" is no number`);
    if (use !== '' && use !== 'train' && use !== 'audit') return bad(`the use "${use}" is neither train nor audit`);
    if (blind !== '' && blind !== '0' && blind !== '1') return bad(`the column "blind" holds "${blind}", expected 1, 0 or nothing`);
    const key = `${String(frame)} ${path}`;
    const twice = seen.get(key);
    if (twice !== undefined) return bad(`the image of row ${String(twice)} is there again; choose one annotator with --annotator`);
    seen.set(key, at);
    const states = task === 'multiclass' ? classStates(values.get('label') ?? '', findings) : cellStates(values, columns);
    if (typeof states === 'string') return bad(states);
    rows.push({
      at,
      path,
      frame,
      patient: values.get('patient') ?? '',
      use: use === 'audit' ? 'audit' : 'train',
      blind: blind === '1',
      time: values.get('time') ?? '',
      states,
    });
  }
  return ok({ file, task, findings, rows });
}

function shapeOf({ file, columns }: Table, { task, ignore = [] }: LabelOptions): Result<{ task: Task; columns: string[] }> {
  const unknown = ignore.find((name) => !columns.includes(name));
  if (unknown !== undefined) return fail('wrong-use', { reason: `${file} has no column "${unknown}" to ignore` });
  const used = columns.filter((name) => !ignore.includes(name));
  const others = used.filter((name) => !LABEL_COLUMNS.some((reserved) => reserved === name));
  const hasLabel = used.includes('label');
  if (task === 'multiclass' && !hasLabel)
    return fail('wrong-use', { reason: `${file} has no column "label", which a multi-class table needs` });
  if (task === 'multilabel' && hasLabel)
    return fail('wrong-use', { reason: `${file} has a column "label" and is multi-class; leave it out with --ignore label` });
  if (hasLabel && others.length > 0)
    return fail('table-invalid', {
      file,
      row: 1,
      reason: `beside "label" there is the column "${others[0] ?? ''}"; name it with --ignore`,
    });
  if (!hasLabel && others.length === 0)
    return fail('table-invalid', { file, row: 1, reason: 'there is neither a column "label" nor one of a finding' });
  return ok({ task: hasLabel ? 'multiclass' : 'multilabel', columns: others });
}

const classesOf = (rows: readonly Row[]) =>
  [...new Set(rows.map(({ values }) => values.get('label') ?? ''))].filter((name) => name !== '' && name !== UNSURE).sort(comparePaths);

const classStates = (label: string, findings: readonly string[]): CellState[] =>
  findings.map((name) => (label === '' ? 'none' : label === UNSURE ? 'unsure' : label === name ? 'present' : 'absent'));

const cells: Readonly<Record<string, CellState>> = { '1': 'present', '0': 'absent', [UNSURE]: 'unsure', '': 'none' };

/** The states, or what is wrong in words. */
function cellStates(values: ReadonlyMap<string, string>, columns: readonly string[]): CellState[] | string {
  const states: CellState[] = [];
  for (const column of columns) {
    const text = values.get(column) ?? '';
    const state = Object.hasOwn(cells, text) ? cells[text] : undefined;
    if (state === undefined)
      return `the column "${column}" holds "${text}", expected 1, 0, unsure or nothing (leave a column out with --ignore)`;
    states.push(state);
  }
  return states;
}
