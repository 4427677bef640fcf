import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Task } from '../../../src/contract/model';
import { EmbeddingsCard } from '../../../src/cli/tables/embeddings';
import { readNpy } from '../../../src/files/npy';
import { unwrap } from '../../../src/contract/result';
import { matrix, takeRows, type Matrix } from '../../../src/trainer/matrix';
import type { Truth } from '../../../src/trainer/evaluation/simulate';

type Row = Readonly<Record<string, string>>;

export interface TaskCard {
  readonly name: string;
  readonly set: 'kermany224' | 'nih';
  readonly task: Task;
  readonly findings: readonly string[];
  /** 1, 0 or -1 (no such image in this task) for each finding. */
  readonly states: (row: Row) => readonly number[];
  /** AUROC of random picks with a plain head at 200 labels (the fixed target); null where there is none. */
  readonly target: number | null;
  /** Counts in the mean of labels saved. */
  readonly counted: boolean;
}

const between = (column: string, present: string, absent: string | null) => (row: Row) => {
  const value = row[column] ?? '';
  return [value === present ? 1 : absent === null || value === absent ? 0 : -1];
};
const one = (name: string, set: TaskCard['set'], states: TaskCard['states'], target: number, counted = true): TaskCard => ({
  name,
  set,
  task: 'multilabel',
  findings: [name],
  states,
  target,
  counted,
});
const five = ['Pneumonia', 'Infiltration', 'Atelectasis', 'Edema', 'Effusion'];
const three = ['NORMAL', 'BACTERIA', 'VIRUS'];

/** The six tasks of the bars, then the two with several findings. */
export const taskCards: readonly TaskCard[] = [
  one('NORMAL vs rest', 'kermany224', between('label', 'NORMAL', null), 0.96),
  one('BACTERIA vs VIRUS', 'kermany224', between('label', 'BACTERIA', 'VIRUS'), 0.768),
  one('Pneumonia vs No Finding', 'nih', between('label', 'Pneumonia', 'No Finding'), 0.857),
  one('Edema', 'nih', between('Edema', '1', '0'), 0.835),
  one('view AP vs PA', 'nih', between('view', 'AP', 'PA'), 0.976),
  // oxlint-disable-next-line oxc/approx-constant -- an AUROC
  one('Infiltration', 'nih', between('Infiltration', '1', '0'), 0.707, false),
  {
    name: 'kermany224, three classes',
    set: 'kermany224',
    task: 'multiclass',
    findings: three,
    states: (row) => three.map((name) => (row['label'] === name ? 1 : 0)),
    target: null,
    counted: false,
  },
  {
    name: 'nih, five findings',
    set: 'nih',
    task: 'multilabel',
    findings: five,
    states: (row) => five.map((name) => (row[name] === '1' ? 1 : 0)),
    target: null,
    counted: false,
  },
];

export interface Sources {
  readonly root: string;
  readonly folder: string;
}

const dataOf = (root: string) => join(root, '..', 'shared', 'data', 'cxr');

export const missingData = ({ root }: Sources) => (existsSync(dataOf(root)) ? null : '../shared/data is missing');

/** Embeds a set once with the built-in encoder. Another embedding file may be put in its place: <set>.npy, .csv and .json. */
export function embed({ root, folder }: Sources, set: string): void {
  if (existsSync(join(folder, `${set}.npy`))) return;
  const at = (name: string) => join(folder, name);
  const command = ['embed', join(dataOf(root), set), '--encoder', 'builtin', '--out', at(`${set}.npy`), '--index', at(`${set}.csv`)];
  execFileSync(process.execPath, [join(root, 'out', 'main', 'collimate.js'), ...command], { stdio: 'inherit' });
}

const table = (file: string) => parse<Row>(readFileSync(file), { columns: true });
const sets = new Map<string, { rows: Row[]; vectors: Matrix; groups: Int32Array; pooling: string }>();

async function load({ root, folder }: Sources, set: string) {
  const known = sets.get(set);
  if (known) return known;
  const labels = new Map(table(join(dataOf(root), 'labels.csv')).map((row) => [row['path'] ?? '', row]));
  const index = table(join(folder, `${set}.csv`)).filter(({ row }) => row !== '');
  const { rows: count, columns, data } = unwrap(await readNpy(join(folder, `${set}.npy`)));
  const vectors = takeRows(
    matrix(count, columns, data),
    index.map(({ row }) => Number(row)),
  );
  const rows = index.map(({ path }) => labels.get(`${set}/${path ?? ''}`) ?? {});
  const { encoder } = EmbeddingsCard.parse(JSON.parse(readFileSync(join(folder, `${set}.json`), 'utf8')));
  const made = { rows, vectors, groups: groupsOf(rows), pooling: encoder.pooling };
  sets.set(set, made);
  return made;
}

/** Images of one patient, and near-duplicates, stay together. */
function groupsOf(rows: readonly Row[]): Int32Array {
  const group = Int32Array.from({ length: rows.length }, (_, i) => i);
  for (const column of ['patient', 'near_dup_group']) {
    const first = new Map<string, number>();
    rows.forEach((row, i) => {
      const value = row[column] ?? '';
      if (value === '') return;
      const before = first.get(value);
      if (before === undefined) first.set(value, i);
      else {
        const [from, to] = [group[i] as number, group[before] as number];
        for (let j = 0; j < group.length; j++) if (group[j] === from) group[j] = to;
      }
    });
  }
  return group;
}

export async function truthOf(sources: Sources, card: TaskCard): Promise<Truth> {
  const { rows, vectors, groups, pooling } = await load(sources, card.set);
  const states = rows.map(card.states);
  const known = Int32Array.from(rows.keys()).filter((i) => states[i]?.every((state) => state >= 0));
  return {
    name: card.name,
    task: card.task,
    findings: card.findings,
    embeddings: takeRows(vectors, known),
    pooling,
    states: Int8Array.from([...known].flatMap((i) => [...(states[i] ?? [])])),
    groups: known.map((i) => groups[i] ?? i),
  };
}
