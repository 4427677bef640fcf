import { groupNumbers } from '../../contract/groups';
import { embeddingName } from '../../contract/jobs/encoder';
import { defaultSettings, StateCode, type LabelDelta, type Settings } from '../../contract/jobs/trainer';
import { fail, ok, type Result } from '../../contract/result';
import { isReservedKey, reserveKey } from '../../contract/reserve';
import { isReservedName } from '../../contract/tables';
import type { Snapshot } from '../../trainer/labels';
import type { EmbeddingsCard } from '../tables/embeddings';
import type { LabelRow, LabelTable } from '../tables/labels';
import type { Pool } from './pool';

export interface SnapshotOptions {
  readonly seed: number;
  readonly settings?: Partial<Settings>;
  /** Names in column order, where it is not to be that of the table. */
  readonly findings?: readonly string[] | undefined;
  /** Reserves patients for the audit by the seed and the share of the settings, as the app does; otherwise only `use` keeps labels out of training. */
  readonly reserve?: boolean;
}

export interface LabelledPool {
  readonly snapshot: Snapshot;
  /** Rows of the table whose image is not in the pool. */
  readonly unmatched: readonly LabelRow[];
}

/** The trainer's snapshot of a pool and a table of labels (null: none yet): the same that the app makes of the same answers. */
export function snapshotOf(
  pool: Pool,
  encoder: EmbeddingsCard['encoder'],
  labels: LabelTable | null,
  { seed, settings: changes, findings: order, reserve = false }: SnapshotOptions,
): Result<LabelledPool> {
  const findings = order ?? labels?.findings ?? ['finding'];
  if (labels) {
    const columns = labels.findings.filter((name) => !findings.includes(name));
    if (columns.length > 0) return fail('wrong-use', { reason: `--findings lacks "${columns.join('", "')}", which ${labels.file} holds` });
    const reserved = findings.find(isReservedName);
    if (reserved !== undefined)
      return fail('labels-invalid', { file: labels.file, reason: `"${reserved}" cannot be the name of a finding` });
    if (findings.length === 0) return fail('labels-too-few', { reason: `${labels.file} holds no label` });
  }
  const rows = new Map(pool.images.map((image, row) => [keyOf(image), row]));
  const matched = (labels?.rows ?? []).filter((label) => rows.has(keyOf(label)));
  const unmatched = (labels?.rows ?? []).filter((label) => !rows.has(keyOf(label)));
  const [first] = unmatched;
  if (labels && first && matched.length === 0)
    return fail('table-invalid', {
      file: labels.file,
      row: first.at,
      reason: `${first.path} is not among the embedded images, nor is any other`,
    });
  const patients = patientsOf(pool, labels);
  const settings = { ...defaultSettings, ...changes };
  return ok({
    unmatched,
    snapshot: {
      base: {
        encoder: { id: encoder.id, name: encoder.name, d: pool.vectors.columns },
        pooling: encoder.pooling,
        task: labels?.task ?? 'multilabel',
        findings: [...findings],
        seed,
        settings,
        embeddings: pool.images.map(({ sha256, frame }) => embeddingName(sha256, frame)),
        groups: groupNumbers(pool.images.map((image, row) => ({ file: image.sha256 || image.path, patient: patients[row] ?? null }))),
        ...(reserve ? { reserved: reservedOf(pool, patients, seed, settings) } : {}),
      },
      labels: labels ? deltas(labels, matched, rows, findings) : [],
    },
  });
}

const keyOf = ({ path, frame }: { path: string; frame: number | null }) => `${String(frame)} ${path}`;

/** Answers in the order of their times where all have one, else in that of the table. */
function deltas(
  labels: LabelTable,
  matched: readonly LabelRow[],
  rows: ReadonlyMap<string, number>,
  findings: readonly string[],
): LabelDelta[] {
  const times = matched.map(({ time }) => Date.parse(time));
  const timed = times.every(Number.isFinite);
  return matched.flatMap((label, at) =>
    findings.flatMap((name, finding): LabelDelta[] => {
      const column = labels.findings.indexOf(name);
      // A class that nobody has met is absent wherever another one is present.
      const state =
        column >= 0 ? label.states[column] : labels.task === 'multiclass' && label.states.includes('present') ? 'absent' : 'none';
      if (state === undefined || state === 'none') return [];
      const seq = timed ? (times[at] ?? 0) : at;
      return [
        {
          row: rows.get(keyOf(label)) ?? 0,
          finding,
          state: StateCode[state],
          use: label.use,
          ...(label.blind ? { blind: true } : {}),
          seq,
        },
      ];
    }),
  );
}

/** The patient of the label table wins over that of the index; null where neither tells. */
function patientsOf(pool: Pool, labels: LabelTable | null): (string | null)[] {
  const stated = new Map((labels?.rows ?? []).filter(({ patient }) => patient !== '').map((label) => [keyOf(label), label.patient]));
  return pool.images.map((image) => stated.get(keyOf(image)) ?? (image.patient || null));
}

const reservedOf = (pool: Pool, patients: readonly (string | null)[], seed: number, { audit }: Settings): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(pool.images, ({ sha256 }, row) => (isReservedKey(reserveKey(sha256, patients[row] ?? null), seed, audit.share) ? 1 : 0));
