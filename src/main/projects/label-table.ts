import type { CellRequest, LabelImport } from '../../contract/bridge';
import type { CellState, Id, ImageRecord, Project } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { isReservedName, UNSURE } from '../../contract/tables';
import { parseFrame, readCsv, type Row } from '../files/csv';
import { PathIndex } from '../metadata/match';
import { columnFor } from '../metadata/table';

const MAX_BYTES = 256e6;
const MAX_ROWS = 2_000_000;

/** Our own exports, and what the tables of CheXpert (1.0, 0.0, -1.0) and of spreadsheets hold. */
const states: Readonly<Record<string, CellState>> = {
  '1': 'present',
  '1.0': 'present',
  present: 'present',
  '0': 'absent',
  '0.0': 'absent',
  absent: 'absent',
  '-1': 'unsure',
  '-1.0': 'unsure',
  [UNSURE]: 'unsure',
  '': 'none',
  nan: 'none',
};

interface LabelTable {
  /** What the table answers, each cell once. */
  readonly cells: readonly CellRequest[];
  readonly summary: Pick<LabelImport, 'rows' | 'unused' | 'images' | 'findings' | 'unknown'>;
}

const plain = (text: string): string => text.trim().toLowerCase();

/**
 * Reads a table of labels for this project: a column that names the image (see PathIndex), and a column for each finding or,
 * multi-class, one called `label`. Findings are known by their names, whatever the case of the letters. Commas, semicolons or tabs.
 * Fails: file-unreadable; table-invalid, also where no column is a finding's or two rows say different things of one image.
 */
export async function readLabelTable(file: string, project: Project, images: Iterable<ImageRecord>): Promise<Result<LabelTable>> {
  const table = await readCsv(file, { maxBytes: MAX_BYTES, maxRows: MAX_ROWS, anyDelimiter: true });
  if (!table.ok) return table;
  const { columns, rows } = table.value;
  const bad = (row: number, reason: string) => fail('table-invalid', { file, row, reason });
  const path = columnFor(columns, 'path');
  if (path === null) return bad(1, `no column is called path, file name or image; its columns are ${columns.join(', ')}`);
  const findings = new Map(project.findings.map(({ id, name }) => [plain(name), id]));
  const classes = project.task === 'multiclass';
  const own = columns.filter((name) => (classes ? plain(name) === 'label' : findings.has(plain(name))));
  if (own.length === 0) {
    const expected = classes ? 'no column is called label' : 'no column is called like a finding of this project';
    return bad(1, `${expected}; its columns are ${columns.join(', ')}`);
  }
  const twice = own.find((name, at) => own.findIndex((other) => plain(other) === plain(name)) !== at);
  if (twice !== undefined) return bad(1, `two columns are called ${twice}`);

  const places = placesOf(images);
  const answers = new Map<Id, { at: number; said: Map<Id, CellState> }>();
  const unknown = new Set(classes ? [] : columns.filter((name) => name !== path && !own.includes(name) && !isReservedName(name)));
  let unused = 0;
  for (const { row: at, values } of rows) {
    const frame = parseFrame(values.get('frame'));
    if (frame === undefined) return bad(at, `the frame "${values.get('frame') ?? ''}" is no number`);
    const said = classes
      ? classOf(values.get(own[0] ?? '') ?? '', project, findings, unknown)
      : cellsOf({ row: at, values }, own, findings);
    if (typeof said === 'string') return bad(at, said);
    const image = places(values.get(path) ?? '', frame);
    if (image === null) {
      unused += 1;
      continue;
    }
    const known = answers.get(image);
    if (known && !same(known.said, said)) return bad(at, `it says something else of its image than row ${String(known.at)}`);
    answers.set(image, { at, said });
  }
  const source = { source: 'imported', shown: null, head: null } as const;
  const cells = [...answers].flatMap(([image, { said }]) => [...said].map(([finding, state]) => ({ image, finding, state, ...source })));
  return ok({
    cells,
    summary: { rows: rows.length, unused, images: answers.size, findings: counted(project, cells), unknown: [...unknown] },
  });
}

/** Which image a row names. A file with frames is named by the frame as well. */
function placesOf(images: Iterable<ImageRecord>): (name: string, frame: number | null) => Id | null {
  const known = new Map(Array.from(images, ({ id, path, frame }) => [`${path}\n${String(frame)}`, { id, path }]));
  const index = new PathIndex(Array.from(known.values(), ({ path }) => path));
  return (name, frame) => {
    const path = index.find(name);
    return path === null ? null : (known.get(`${path}\n${String(frame)}`)?.id ?? null);
  };
}

/** What a multi-class row says: the finding that is present, or that nobody can tell. */
function classOf(text: string, project: Project, findings: ReadonlyMap<string, Id>, unknown: Set<string>): Map<Id, CellState> {
  const label = plain(text);
  const [first] = project.findings;
  if (label === UNSURE && first) return new Map([[first.id, 'unsure']]);
  const finding = findings.get(label);
  if (finding === undefined && label !== '') unknown.add(text.trim());
  return new Map(finding === undefined ? [] : [[finding, 'present']]);
}

/** What a multi-label row says, or what is wrong in words. */
function cellsOf({ values }: Row, columns: readonly string[], findings: ReadonlyMap<string, Id>): Map<Id, CellState> | string {
  const said = new Map<Id, CellState>();
  for (const column of columns) {
    const text = values.get(column) ?? '';
    const state = Object.hasOwn(states, plain(text)) ? states[plain(text)] : undefined;
    if (state === undefined) return `the column "${column}" holds "${text}", expected 1, 0, unsure or nothing`;
    const finding = findings.get(plain(column));
    if (finding !== undefined && state !== 'none') said.set(finding, state);
  }
  return said;
}

const same = (a: ReadonlyMap<Id, CellState>, b: ReadonlyMap<Id, CellState>): boolean =>
  a.size === b.size && [...a].every(([finding, state]) => b.get(finding) === state);

function counted(project: Project, cells: readonly CellRequest[]): LabelImport['findings'] {
  const counts = new Map(project.findings.map(({ id, name }) => [id, { name, present: 0, absent: 0, unsure: 0 }]));
  for (const { finding, state } of cells) {
    const count = counts.get(finding);
    if (count && state !== 'none') count[state] += 1;
  }
  return [...counts.values()];
}
