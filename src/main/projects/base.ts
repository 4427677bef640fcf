import { factsOf } from '../../contract/facts';
import { groupNumbers } from '../../contract/groups';
import type { Head } from '../../contract/head';
import {
  Combine,
  defaultMissed,
  defaultSettings,
  HeadKind,
  StateCode,
  Strategy,
  type LabelDelta,
  type Settings,
  type SnapshotBase,
  type TunedHead,
} from '../../contract/jobs/trainer';
import type { CellValue, Id, ImageRecord, Project } from '../../contract/model';
import { isReserved } from '../../contract/reserve';
import type { Result } from '../../contract/result';
import { readyColumns, readyNames, readySource } from '../../contract/ready-head';
import { poolDigest } from '../../trainer/heads/identity';
import { misfit } from '../../trainer/heads/tuned/fits';
import type { OpenEncoder } from './embedding';

export interface PooledImage {
  readonly image: ImageRecord;
  readonly name: string;
}

/** What training needs to know of the project; asked for whenever a base is made. */
export interface TrainingSource {
  readonly project: () => Project;
  /** Every embedded image in canonical order. */
  readonly pool: () => PooledImage[];
  readonly labels: () => Iterable<{ image: Id; finding: Id; value: CellValue }>;
  readonly seq: () => number;
  readonly encoder: () => OpenEncoder | null;
  /** Opens it where its process was started again. */
  readonly openEncoder: () => Promise<Result<OpenEncoder>>;
  /** The head that came with the encoder's file; null without one. */
  readonly readyHead: () => Promise<Head | null>;
  /** The fine-tuned head that was kept for these findings; null without one. */
  readonly tunedHead: () => Promise<TunedHead | null>;
}

/** The heads that a project may have beside what its labels fit. */
export interface OtherHeads {
  readonly ready: Head | null;
  readonly tuned: TunedHead | null;
  /** Of the pool's embedding names. */
  readonly digest: string;
}

export const otherHeads = async (source: TrainingSource, pool: readonly PooledImage[]): Promise<OtherHeads> => ({
  ready: await source.readyHead(),
  tuned: await source.tunedHead(),
  digest: await poolDigest(pool.map(({ name }) => name)),
});

/** The base of a snapshot over `pool`, with those of the heads that fit it. */
export function baseOf(
  source: TrainingSource,
  pool: readonly PooledImage[],
  { ready, tuned, digest }: OtherHeads,
  { card }: OpenEncoder,
  settings: Settings,
): SnapshotBase {
  const project = source.project();
  const known = ready && readyColumns(project.task, readyNames(project.findings), ready.file);
  const base: SnapshotBase = {
    encoder: { id: card.id, name: card.name, d: card.outputs.embedding },
    pooling: card.pooling,
    task: project.task,
    findings: project.findings.map(({ name }) => name),
    seed: project.seed,
    settings,
    embeddings: pool.map(({ name }) => name),
    groups: groupsOf(pool),
    reserved: Uint8Array.from(pool, ({ image }) => (isReserved(image, project) ? 1 : 0)),
    ready: ready && known && readySource(ready, known),
  };
  return tuned && misfit(tuned, base, digest) === null ? { ...base, tuned } : base;
}

/** All labels of images in the pool, by row and column. */
export function labelsOf(source: TrainingSource, rows: ReadonlyMap<Id, number>): LabelDelta[] {
  const columns = new Map(source.project().findings.map(({ id }, column) => [id, column]));
  return Array.from(source.labels()).flatMap(({ image, finding, value }): LabelDelta[] => {
    const row = rows.get(image);
    const column = columns.get(finding);
    if (row === undefined || column === undefined) return [];
    return [deltaOf(row, column, value, value.time)];
  });
}

/** A cell as the trainer takes it; null: it was taken away at `time`. */
export const deltaOf = (row: number, finding: number, value: CellValue | null, time: string): LabelDelta => ({
  row,
  finding,
  state: StateCode[value?.state ?? 'none'],
  use: value?.use ?? 'train',
  ...(value?.blind ? { blind: true } : {}),
  seq: Date.parse(value?.time ?? time),
});

/** What a later version may have written is taken for the default. */
export function settingsOf({ audit, queue }: Project): Settings {
  return {
    ...defaultSettings,
    audit,
    strategy: Strategy.safeParse(queue?.strategy).data ?? defaultSettings.strategy,
    head: HeadKind.safeParse(queue?.head).data ?? defaultSettings.head,
    combine: Combine.safeParse(queue?.combine).data ?? 'mean',
    missed: queue?.missed ?? defaultMissed,
  };
}

/** What must not be parted by a split shares a number: the images of a patient, and those of one file. */
export const groupsOf = (pool: readonly Pick<PooledImage, 'image'>[]): Int32Array<ArrayBuffer> =>
  groupNumbers(pool.map(({ image }) => ({ file: image.sha256 ?? image.path, patient: factsOf(image).patient })));
