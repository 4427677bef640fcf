import { resolve } from 'node:path';
import { factsOf } from '../../contract/facts';
import type { ImageFacts } from '../../contract/jobs/imaging';
import type { MetadataRule, Stated } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { applyRule, hashPatient, previewOf, type Applied } from '../../project/metadata/rule';

export interface MetadataOptions {
  readonly patientSalt: string;
  readonly showPatients?: true;
  readonly metadata?: string;
  readonly pattern?: string;
}

/** What the index says of patient, study and view. */
export interface Metadata {
  readonly of: (path: string, header: ImageFacts) => { patient: string; study: string; view: string };
  /** For the summary; empty without a table or pattern. */
  readonly text: string;
  readonly values: Readonly<Record<string, number>>;
}

/** Fails: wrong-use (both a table and a pattern), and as applyRule does. */
export async function readMetadataOptions(options: MetadataOptions, paths: readonly string[]): Promise<Result<Metadata>> {
  const { metadata, pattern } = options;
  if (metadata !== undefined && pattern !== undefined) return fail('wrong-use', { reason: 'choose one of --metadata and --pattern' });
  const rule: MetadataRule | null =
    metadata !== undefined ? { kind: 'table', file: resolve(metadata) } : pattern !== undefined ? { kind: 'pattern', pattern } : null;
  const applied = rule ? await applyRule(rule, paths) : null;
  if (applied?.ok === false) return applied;
  const of: Metadata['of'] = (path, { patient, study, view }) => {
    const stated: Stated | undefined = applied?.value.stated.get(path);
    const found = factsOf({ patient, study, view, ...(stated ? { stated } : {}) });
    const known = found.patient === null ? '' : options.showPatients ? found.patient : hashPatient(options.patientSalt, found.patient);
    return { patient: known, study: found.study ?? '', view: found.view ?? '' };
  };
  return ok({ of, ...(applied ? toldOf(applied.value, paths) : { text: '', values: {} }) });
}

function toldOf(applied: Applied, paths: readonly string[]): Pick<Metadata, 'text' | 'values'> {
  const { images, matched, patients, rows, unused } = previewOf(applied, paths);
  const rest = rows === null ? '' : `, ${String(unused)} of ${String(rows)} rows name none`;
  return {
    text: ` Patient or view stated for ${String(matched)} of ${String(images)} images (${String(patients)} patients${rest}).`,
    values: { matched, unmatched: images - matched, patients, ...(rows === null ? {} : { rows, unusedRows: unused }) },
  };
}
