import { stat } from 'node:fs/promises';
import type { CellRequest, LabelImport } from '../../contract/views';
import type { CellState, Id, ImageRecord, Project } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { isReservedName, UNSURE } from '../../contract/tables';
import { clipped, eachRow, listed, parseFrame, type Row, type Visitor } from '../../files/csv';
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

/** More names than these nobody reads. */
const MAX_UNKNOWN = 1000;

interface LabelTable {
  /** What the table answers, each cell once. */
  readonly cells: readonly CellRequest[];
  /** Images that the table keeps out of training. */
  readonly audit: ReadonlySet<Id>;
  readonly summary: Pick<LabelImport, 'version' | 'rows' | 'unused' | 'images' | 'findings' | 'unknown'>;
}

const plain = (text: string): string => text.trim().toLowerCase();

/**
 * Reads a table of labels for this project: a column that names the image (see PathIndex), and a column for each finding or,
 * multi-class, one called `label`. Findings are known by their names, whatever the case of the letters. Commas, semicolons or tabs.
 * What a column `use` calls audit stays out of training. Fails: file-unreadable; table-invalid, also where no column is a finding's or two rows
 * say different things of one image.
 */
export async function readLabelTable(file: string, project: Project, images: Iterable<ImageRecord>): Promise<Result<LabelTable>> {
  const version = await versionOf(file);
  const table = new TableReader(file, project, images);
  const read = await eachRow(file, { maxBytes: MAX_BYTES, maxRows: MAX_ROWS, anyDelimiter: true }, table);
  return read.ok ? ok(table.result(version)) : read;
}

/** Another one after the file was written again; empty where it cannot be read. */
const versionOf = async (file: string): Promise<string> =>
  stat(file).then(
    ({ size, mtimeMs }) => `${String(size)} ${String(mtimeMs)}`,
    () => '',
  );

interface Said {
  /** Row, for messages. */
  readonly at: number;
  readonly states: ReadonlyMap<Id, CellState>;
  readonly audit: boolean;
}

class TableReader implements Visitor {
  readonly #file: string;
  readonly #project: Project;
  readonly #findings: ReadonlyMap<string, Id>;
  readonly #places: ReturnType<typeof placesOf>;
  readonly #answers = new Map<Id, Said>();
  readonly #unknown = new Set<string>();
  #path = '';
  #own: readonly string[] = [];
  #rows = 0;
  #unused = 0;

  constructor(file: string, project: Project, images: Iterable<ImageRecord>) {
    this.#file = file;
    this.#project = project;
    this.#findings = new Map(project.findings.map(({ id, name }) => [plain(name), id]));
    this.#places = placesOf(images);
  }

  header(columns: readonly string[]): Result<readonly string[]> {
    const path = columnFor(columns, 'path');
    if (path === null) return this.#bad(1, `no column is called path, file name or image; its columns are ${listed(columns)}`);
    const classes = this.#project.task === 'multiclass';
    // A finding "Use" is not what our own tables say in their column `use`.
    const mayBeFinding = (name: string) => name !== path && !isReservedName(name);
    const own = columns.filter((name) => (classes ? plain(name) === 'label' : mayBeFinding(name) && this.#findings.has(plain(name))));
    if (own.length === 0) {
      const expected = classes ? 'no column is called label' : 'no column is called like a finding of this project';
      return this.#bad(1, `${expected}; its columns are ${listed(columns)}`);
    }
    const twice = own.find((name, at) => own.findIndex((other) => plain(other) === plain(name)) !== at);
    if (twice !== undefined) return this.#bad(1, `two columns are called ${clipped(twice)}`);
    if (!classes) for (const name of columns) if (mayBeFinding(name) && !own.includes(name)) this.#unknown.add(clipped(name));
    this.#path = path;
    this.#own = own;
    return ok([path, ...own, ...['frame', 'use'].filter((name) => columns.includes(name))]);
  }

  row({ row: at, values }: Row): Result<void> {
    this.#rows += 1;
    const frame = parseFrame(values.get('frame'));
    if (frame === undefined) return this.#bad(at, `the frame "${clipped(values.get('frame') ?? '')}" is no number`);
    const classes = this.#project.task === 'multiclass';
    const states = classes ? this.#classOf(values.get(this.#own[0] ?? '') ?? '') : this.#cellsOf(values);
    if (typeof states === 'string') return this.#bad(at, states);
    const image = this.#places(values.get(this.#path) ?? '', frame);
    if (image === null) {
      this.#unused += 1;
      return ok();
    }
    const audit = plain(values.get('use') ?? '') === 'audit';
    const known = this.#answers.get(image);
    if (known && !(same(known.states, states) && known.audit === audit))
      return this.#bad(at, `it says something else of its image than row ${String(known.at)}`);
    if (!known) this.#answers.set(image, { at, states, audit });
    return ok();
  }

  result(version: string): LabelTable {
    const source = { source: 'imported', shown: null, head: null } as const;
    const cells: CellRequest[] = [];
    for (const [image, { states }] of this.#answers)
      for (const [finding, state] of states) cells.push({ image, finding, state, ...source });
    const audit = new Set([...this.#answers].flatMap(([image, said]) => (said.audit && said.states.size > 0 ? [image] : [])));
    return {
      cells,
      audit,
      summary: {
        version,
        rows: this.#rows,
        unused: this.#unused,
        images: this.#answers.size,
        findings: counted(this.#project, cells),
        unknown: [...this.#unknown],
      },
    };
  }

  /** What a multi-class row says: the finding that is present, or that nobody can tell. */
  #classOf(text: string): Map<Id, CellState> {
    const label = plain(text);
    const [first] = this.#project.findings;
    if (label === UNSURE && first) return new Map([[first.id, 'unsure']]);
    const finding = this.#findings.get(label);
    if (finding === undefined && label !== '' && this.#unknown.size < MAX_UNKNOWN) this.#unknown.add(clipped(text.trim()));
    return new Map(finding === undefined ? [] : [[finding, 'present']]);
  }

  /** What a multi-label row says, or what is wrong in words. */
  #cellsOf(values: Row['values']): Map<Id, CellState> | string {
    const said = new Map<Id, CellState>();
    for (const column of this.#own) {
      const text = values.get(column) ?? '';
      const state = Object.hasOwn(states, plain(text)) ? states[plain(text)] : undefined;
      if (state === undefined) return `the column "${clipped(column)}" holds "${clipped(text)}", expected 1, 0, unsure or nothing`;
      const finding = this.#findings.get(plain(column));
      if (finding !== undefined && state !== 'none') said.set(finding, state);
    }
    return said;
  }

  #bad(row: number, reason: string) {
    return fail('table-invalid', { file: this.#file, row, reason });
  }
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
