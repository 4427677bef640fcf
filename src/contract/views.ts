import { z } from 'zod';
import { mirrorProblem } from './address';
import { EncoderCard, Precision } from './encoder-card';
import { HeadFile } from './head';
import { Acceptance, Combine, HeadKind, Metrics, QueueEntry, Strategy, Suspect } from './jobs/trainer';
import { CellState, CellValue, Finding, Id, MetadataColumns, Stated, LabelSource, Task, Use } from './model';
import { Failure } from './result';
import { WorkFailure } from './work';

export const AppSettings = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  /** A score next to a human label biases experts: it can be hidden. */
  hideProposals: z.boolean(),
  annotator: z.string().min(1).max(80),
  /** An address that stands in for https://huggingface.co; empty: none does. */
  mirror: z.string().refine((text) => mirrorProblem(text) === null),
  /** Folder of an installed tfjs-node-gpu or tfjs-node. The page can read it; `backend.choose` alone sets it. */
  tfjsFolder: z.string().nullable(),
  /** Whose image it is stands on the image. The id is read from its source each time and stored nowhere. */
  showPatients: z.boolean(),
});
export type AppSettings = z.infer<typeof AppSettings>;

/** A native backend that could be loaded: its name, and its version, device and self-test in words. */
export const BackendCheck = z.object({ backend: z.string(), reason: z.string() });

export const ProjectSummary = z.object({
  id: Id,
  name: z.string(),
  folder: z.string(),
  task: Task,
  /** An id, or that of the built-in one. */
  encoder: z.string(),
  images: z.int(),
  labelled: z.int(),
  opened: z.iso.datetime(),
  /** The folder is not there at the moment. */
  missing: z.boolean(),
});
export type ProjectSummary = z.infer<typeof ProjectSummary>;

export const NewFinding = Finding.pick({ name: true, hotkey: true, colour: true, ready: true });

export const ProjectStatus = z.object({
  project: Id,
  scan: z.object({
    state: z.enum(['waiting', 'running', 'done', 'failed']),
    found: z.int(),
    skipped: z.int(),
    /** Known images whose file was not there at the last look. */
    missing: z.int(),
    /** Why what the last scan found new has no patient by the project's rule. */
    metadata: Failure.nullable(),
  }),
  embedding: z.object({
    state: z.enum(['waiting', 'running', 'paused', 'done', 'failed']),
    done: z.int(),
    total: z.int(),
    failed: z.int(),
    /** Embedded again since the project was opened, as their headers are read otherwise than before (display-rule.ts). */
    redrawn: z.int().optional(),
    /** Images per second over the last seconds; null while unknown. */
    rate: z.number().nullable(),
    secondsLeft: z.number().nullable(),
    /** Rows of the store that were found damaged since the project was opened; they are computed again. */
    damaged: z.int(),
  }),
  encoder: z
    .object({
      id: z.string(),
      name: z.string(),
      builtin: z.boolean(),
      provider: z.string(),
      reason: z.string(),
      precision: Precision,
      /** Of int8 and float16: what it costs, measured when the encoder was made. */
      quantisation: EncoderCard.shape.quantisation,
      /** Disk space that fine-tuning takes for each image; null where the encoder tells nothing of image regions. */
      tokenBytes: z.int().nullable(),
      /** The same for its last block; null where it has none that can be trained. */
      blockBytes: z.int().nullable(),
    })
    .nullable(),
  trainer: z.object({
    backend: z.string().nullable(),
    reason: z.string(),
    stage: z.enum(['idle', 'basis', 'quick', 'full']),
    /** A head is being fine-tuned. */
    tuning: z.boolean(),
    /** There is a fine-tuned head, but it was made on other images than those that there are now. */
    tunedWaits: z.boolean(),
    /** Of the last quick round. */
    milliseconds: z.number().nullable(),
    /** What is in force. */
    settings: z.object({ strategy: Strategy, head: HeadKind, combine: Combine, missed: z.number() }),
  }),
  /** Work in the background that fails at the moment. */
  failures: z.array(WorkFailure),
});
export type ProjectStatus = z.infer<typeof ProjectStatus>;

/** A round as the page gets it: rows are those of the `pool` event with the same number. */
export const RoundView = z.object({
  project: Id,
  pool: z.int(),
  stage: z.enum(['cold', 'quick', 'full']),
  /** Labels up to this journal sequence number went into it. */
  seq: z.int(),
  head: HeadFile.nullable(),
  probabilities: z.instanceof(Float32Array),
  queue: z.array(QueueEntry),
  metrics: Metrics,
  acceptance: Acceptance.nullable(),
  milliseconds: z.number(),
});
export type RoundView = z.infer<typeof RoundView>;

export const PoolView = z.object({ project: Id, pool: z.int(), images: z.array(Id) });
export type PoolView = z.infer<typeof PoolView>;

/** What a rule for metadata yields, before it is accepted. The patients are as the source writes them, and stored nowhere. */
export const MetadataPreview = z.object({
  images: z.int(),
  matched: z.int(),
  patients: z.int(),
  /** Of a table: its rows, and those that name no image. Null: no table. */
  rows: z.int().nullable(),
  unused: z.int(),
  columns: z.array(z.string()),
  chosen: MetadataColumns.nullable(),
  examples: z.array(z.object({ path: z.string(), stated: Stated.nullable() })),
});
export type MetadataPreview = z.infer<typeof MetadataPreview>;

/** What a table of labels holds for a project, before or after it is imported. Counts are of rows or of labels. */
export const LabelImport = z.object({
  /** Of the file: another one after it was written again. */
  version: z.string(),
  rows: z.int(),
  /** Rows that name no image of the project. */
  unused: z.int(),
  images: z.int(),
  /** Images that are kept out of training, by the table or because they are in the audit's reserve. */
  audit: z.int(),
  /** Labels that are new: these are written. */
  labels: z.int(),
  /** Labels for what is answered already: the answers stay as they are. */
  kept: z.int(),
  /** Actions that were written, each to be undone: one, unless there are very many labels. 0: nothing was written. */
  steps: z.int(),
  findings: z.array(z.object({ name: z.string(), present: z.int(), absent: z.int(), unsure: z.int() })),
  /** Columns (multi-class: labels) that are called like no finding of the project. */
  unknown: z.array(z.string()),
});
export type LabelImport = z.infer<typeof LabelImport>;

/** Images that a scan found new, whose file changed, and whose file was there before and is no longer. */
export const ScanOutcome = z.object({
  added: z.int(),
  changed: z.int(),
  /** Found under another name by their contents. */
  moved: z.int(),
  missing: z.int(),
  /** Files that were not compared with the missing ones because the person stopped; they are left for the next scan. */
  uncompared: z.int(),
});
export type ScanOutcome = z.infer<typeof ScanOutcome>;

/** An encoder of the library, and since when it is there. */
export const Installed = z.object({ card: EncoderCard, added: z.iso.datetime() });

/** offered: made in less than float32, and waiting for `encoders.keep`; head-added: the encoder was there, the head of the file was not. */
export const ImportOutcome = Installed.extend({ outcome: z.enum(['added', 'already', 'head-added', 'offered']) });
export type ImportOutcome = z.infer<typeof ImportOutcome>;

export const CellRequest = z.object({
  image: Id,
  finding: Id,
  state: CellState,
  source: LabelSource,
  shown: z.number().min(0).max(1).nullable(),
  head: z.string().nullable(),
  /** As the screen said it; not given: by the reserve. */
  use: Use.optional(),
  blind: CellValue.shape.blind,
  by: CellValue.shape.by,
});
export type CellRequest = z.infer<typeof CellRequest>;

/** A suspect label by image and finding. */
export const SuspectLabel = Suspect.omit({ row: true, flagged: true }).extend({
  image: Id,
  finding: Id,
  other: Suspect.shape.other.extend({ finding: Id }),
});
export type SuspectLabel = z.infer<typeof SuspectLabel>;
