import { createHash } from 'node:crypto';
import type { MetadataPreview } from '../../contract/views';
import { matchPattern, parsePattern } from '../../contract/file-pattern';
import type { MetadataColumns, MetadataRule, Stated } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { matchRows } from './match';
import { readMetadata } from './table';

export interface Applied {
  /** By the image's path; the patient as it is written. */
  readonly stated: ReadonlyMap<string, Stated>;
  /** Of a table: how many rows it has, and how many of them name no image. */
  readonly rows: number | null;
  readonly unused: number;
  readonly columns: readonly string[];
  readonly chosen: MetadataColumns | null;
}

/**
 * What a rule says of the images with these paths. Fails: pattern-invalid, file-unreadable, table-invalid, metadata-unmatched
 * (of none of the images anything).
 */
export async function applyRule(rule: MetadataRule, paths: readonly string[]): Promise<Result<Applied>> {
  const applied = rule.kind === 'pattern' ? byPattern(rule.pattern, paths) : await byTable(rule, paths);
  const [example] = paths;
  if (!applied.ok || applied.value.stated.size > 0 || example === undefined) return applied;
  return fail('metadata-unmatched', { source: sourceOf(rule), images: paths.length, example });
}

function byPattern(text: string, paths: readonly string[]): Result<Applied> {
  const pattern = parsePattern(text);
  if (!pattern.ok) return pattern;
  const stated = new Map<string, Stated>();
  for (const path of paths) {
    const found = matchPattern(pattern.value, path);
    if (found) stated.set(path, found);
  }
  return ok({ stated, rows: null, unused: 0, columns: [], chosen: null });
}

async function byTable({ file, columns }: Extract<MetadataRule, { kind: 'table' }>, paths: readonly string[]): Promise<Result<Applied>> {
  const table = await readMetadata(file, columns);
  if (!table.ok) return table;
  const matched = matchRows(table.value, paths);
  if (!matched.ok) return matched;
  return ok({ ...matched.value, rows: table.value.rows.length, columns: table.value.columns, chosen: table.value.chosen });
}

const EXAMPLES = 6;

/** What the person sees of it before it is accepted: counts, and examples of both kinds. */
export function previewOf({ stated, rows, unused, columns, chosen }: Applied, paths: readonly string[]): MetadataPreview {
  const known = paths.filter((path) => stated.has(path));
  const unknown = paths.filter((path) => !stated.has(path));
  const patients = new Set([...stated.values()].flatMap(({ patient }) => patient ?? []));
  const examples = [...spread(known, EXAMPLES), ...spread(unknown, 2)].map((path) => ({ path, stated: stated.get(path) ?? null }));
  return { images: paths.length, matched: known.length, patients: patients.size, rows, unused, columns: [...columns], chosen, examples };
}

/** Some of the list, from its beginning to its end. */
const spread = (list: readonly string[], most: number): string[] =>
  list.length <= most ? [...list] : Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)] ?? '');

export const sourceOf = (rule: MetadataRule): string => (rule.kind === 'table' ? rule.file : `The pattern ${rule.pattern}`);

/** A patient as it is stored. With another salt the same patient cannot be recognised. */
export const hashPatient = (salt: string, patient: string): string =>
  createHash('sha256').update(`${salt} ${patient}`).digest('hex').slice(0, 32);
