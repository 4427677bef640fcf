import type { Head, HeadFile } from './head';
import type { SnapshotBase } from './jobs/trainer';
import type { Finding, Task } from './model';

/** The names under which a project's findings are looked for in such a head. */
export const readyNames = (findings: readonly Pick<Finding, 'name' | 'ready'>[]) => findings.map(({ name, ready }) => ready ?? name);

/** Lists write the same finding as Pleural_Thickening and as Pleural thickening. */
const folded = (name: string) =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/**
 * For each finding of a project its place in the head that came with the encoder's file, or null; null altogether where that head
 * cannot speak for the project: it knows none of them, or answers another question. A multi-class head stands or falls as a whole.
 */
export function readyColumns(task: Task, findings: readonly string[], head: Pick<HeadFile, 'task' | 'findings'>): (number | null)[] | null {
  if (head.task !== task) return null;
  const places = new Map(head.findings.map((name, place) => [folded(name), place]));
  const columns = findings.map((name) => places.get(folded(name)) ?? null);
  const known = columns.filter((column) => column !== null).length;
  if (task === 'multiclass') return known === findings.length && known === head.findings.length ? columns : null;
  return known > 0 ? columns : null;
}

/** The head as the trainer is handed it; its numbers are copied, since they cross a process. */
export const readySource = ({ file, tensors }: Head, columns: readonly (number | null)[]): NonNullable<SnapshotBase['ready']> => ({
  file,
  tensors: Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape: [...shape], data: data.slice() }])),
  columns: [...columns],
});
