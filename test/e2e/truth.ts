import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';

/** What is known of a folder of labelled images. */
export interface Truth {
  /** The folder that is opened as a project. */
  readonly images: string;
  readonly task: 'multiclass' | 'multilabel';
  readonly findings: readonly string[];
  readonly paths: readonly string[];
  readonly present: (path: string, finding: string) => boolean;
}

const reserved = new Set(['path', 'frame', 'patient', 'use', 'annotator', 'time', 'source', 'label']);
/** More classes than digits would need letters as keys, which the demo does not type. */
const MOST = 9;

/** Reads DIR/labels.csv; the images lie in DIR/images, or in DIR itself. Answers a sentence when the folder is not one of that kind. */
export function readTruth(folder: string): Truth | string {
  const table = join(folder, 'labels.csv');
  if (!existsSync(table)) return `${table} is not there: the demo needs the true labels.`;
  const images = existsSync(join(folder, 'images')) ? join(folder, 'images') : folder;
  const rows = parse<Record<string, string>>(readFileSync(table), { columns: true, bom: true }).filter(
    (row) => row['path'] !== undefined && existsSync(join(images, row['path'])),
  );
  const [first] = rows;
  if (!first) return `${table} names no image that is there.`;
  const byPath = new Map(rows.map((row) => [row['path'] ?? '', row]));
  const multiclass = 'label' in first;
  const findings = multiclass
    ? [...new Set(rows.flatMap((row) => row['label'] || []))].sort()
    : Object.keys(first).filter((column) => !reserved.has(column) && rows.every((row) => ['0', '1', ''].includes(row[column] ?? 'x')));
  if (findings.length === 0 || findings.length > MOST)
    return `${table} has ${String(findings.length)} findings; the demo takes 1 to ${String(MOST)}.`;
  return {
    images,
    task: multiclass ? 'multiclass' : 'multilabel',
    findings,
    paths: [...byPath.keys()],
    present: (path, finding) => (multiclass ? byPath.get(path)?.['label'] === finding : byPath.get(path)?.[finding] === '1'),
  };
}
