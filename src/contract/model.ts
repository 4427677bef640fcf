import { z } from 'zod';

/** Version of everything below; in every file and database. Migrations only ever append. */
export const SCHEMA = 1;

/** ULIDs: sortable, never reused. */
export const Id = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);
export type Id = z.infer<typeof Id>;

export const Task = z.enum(['multiclass', 'multilabel']);
export type Task = z.infer<typeof Task>;

/** What an annotator said of one finding in one image. `none`: nobody has read it, which is not a negative. */
export const CellState = z.enum(['present', 'absent', 'unsure', 'none']);
export type CellState = z.infer<typeof CellState>;

export const LabelSource = z.enum(['typed', 'accepted', 'bulk', 'imported']);
export type LabelSource = z.infer<typeof LabelSource>;

export const Finding = z.object({
  id: Id,
  name: z.string().min(1).max(80),
  hotkey: z.string().length(1),
  /** CSS hex colour. */
  colour: z.string().regex(/^#[0-9a-f]{6}$/),
  /** A code in a terminology, e.g. RadLex. */
  code: z.string().max(40).optional(),
  /** Its name in the head that came with the encoder's file, under which that head goes on speaking for it after a rename. */
  ready: z.string().max(80).optional(),
});
export type Finding = z.infer<typeof Finding>;

export const Annotator = z.object({ id: Id, name: z.string().min(1).max(80) });
export type Annotator = z.infer<typeof Annotator>;

export const Root = z.object({ id: Id, path: z.string().min(1) });
export type Root = z.infer<typeof Root>;

/** The id of the built-in encoder until its card is known: the app resolves it to the real SHA-256 id. */
export const BUILTIN_ENCODER = 'builtin';

/**
 * How images are asked for, as the person chose. Names as text: one that this version does not know counts as automatic, and does not keep
 * the project from opening.
 */
export const QueueRule = z.object({
  strategy: z.string(),
  head: z.string(),
  combine: z.string(),
  /** Of 100 images with a finding, so many percent may be accepted as absent by Enter; a tenth unless given. */
  missed: z.number().min(0.01).max(0.5).optional(),
  /** A search for one finding is on, started from these images (none: from the head that came with the encoder). */
  search: z.object({ finding: Id, seeds: z.array(Id).max(200), started: z.iso.datetime() }).nullable(),
});
export type QueueRule = z.infer<typeof QueueRule>;

/** Of a file with several frames or pages: each is an image, or the file is one image, its first frame. */
export const FrameChoice = z.enum(['all', 'first']);
export type FrameChoice = z.infer<typeof FrameChoice>;
/** Names of the columns of a table of metadata; null: it has none for that. */
export const MetadataColumns = z.object({
  path: z.string(),
  patient: z.string().nullable(),
  study: z.string().nullable(),
  view: z.string().nullable(),
});
export type MetadataColumns = z.infer<typeof MetadataColumns>;

/** Where patient, study and view of images come from that do not say it themselves. */
export const MetadataRule = z.discriminatedUnion('kind', [
  /** `file`: absolute path of a CSV table. Columns are found by their names, unless given. */
  z.object({ kind: z.literal('table'), file: z.string().min(1), columns: MetadataColumns.optional() }),
  /** See file-pattern.ts. */
  z.object({ kind: z.literal('pattern'), pattern: z.string().min(1).max(200) }),
]);
export type MetadataRule = z.infer<typeof MetadataRule>;

export const Project = z.object({
  id: Id,
  name: z.string().min(1).max(120),
  schema: z.literal(SCHEMA),
  roots: z.array(Root).min(1),
  task: Task,
  findings: z.array(Finding).min(1).max(60),
  /** An encoder id (SHA-256), or BUILTIN_ENCODER. */
  encoder: z.string(),
  seed: z.int().nonnegative(),
  /**
   * This share of the patients is reserved for the audit (reserve.ts); from the `from`-th label on the same share of the queries asks for one of
   * them. `opened`: since then nothing is reserved, because the person wants every image labelled.
   */
  audit: z.object({ share: z.number().min(0).max(1), from: z.int().nonnegative(), opened: z.iso.datetime().optional() }),
  annotators: z.array(Annotator).min(1),
  /** Automatic unless given. In the journal beside the audit rule: which labels were asked for hangs on it. */
  queue: QueueRule.optional(),
  /** Projects made before there was a choice have the first frames. */
  frames: FrameChoice.optional(),
  metadata: MetadataRule.optional(),
  created: z.iso.datetime(),
});
export type Project = z.infer<typeof Project>;

export const ImageStatus = z.enum(['found', 'embedded', 'failed', 'missing']);
export type ImageStatus = z.infer<typeof ImageStatus>;

/** What a person should know of an image and how it was read. The sentences are in catalogue.ts. */
export const ImageNote = z.enum([
  'view-lateral',
  'overlay-ignored',
  'window-empty',
  'window-invalid',
  'lut-scaled',
  'depth-differs',
  'part-damaged',
]);
export type ImageNote = z.infer<typeof ImageNote>;

/** What a table or the file's name says of an image; null where it says nothing. */
export const Stated = z.object({ patient: z.string().nullable(), study: z.string().nullable(), view: z.string().nullable() });
export type Stated = z.infer<typeof Stated>;

/** `patient`, `study` and `view` are those of the file's header; `stated` goes before them. Ask factsOf (facts.ts) for what holds. */
export const ImageRecord = z.object({
  id: Id,
  root: Id,
  /** Relative to the root, '/' everywhere. */
  path: z.string().min(1),
  /** From 0; null: the file is one image. */
  frame: z.int().nonnegative().nullable(),
  bytes: z.int().nonnegative(),
  /** Milliseconds since the epoch. */
  mtime: z.number(),
  sha256: z.string().length(64).nullable(),
  width: z.int().positive().nullable(),
  height: z.int().positive().nullable(),
  /** Salted hash; null where unknown. */
  patient: z.string().nullable(),
  study: z.string().nullable(),
  view: z.string().nullable(),
  /** By the project's rule for metadata; the patient as a salted hash, as above. */
  stated: Stated.optional(),
  /** Noted when the file was read. */
  notes: z.array(ImageNote).optional(),
  /** The display rule under which it was read (display-rule.ts); none: the first. */
  display: z.int().nonnegative().optional(),
});
export type ImageRecord = z.infer<typeof ImageRecord>;

/** What a label is for. `audit`: kept out of training. */
export const Use = z.enum(['train', 'audit']);
export type Use = z.infer<typeof Use>;

/**
 * A person looked at a label again because the head spoke against it, and let it stand: at which probability (of what was answered, out of
 * fold), and for which finding the head would have had it instead (multi-label: the finding itself).
 */
export const Kept = z.object({ time: z.iso.datetime(), probability: z.number().min(0).max(1), other: Id });
export type Kept = z.infer<typeof Kept>;

/** The value of a cell, before or after an action. */
export const CellValue = z.object({
  state: CellState,
  source: LabelSource,
  use: Use,
  /** The calibrated probability of `present` that was on screen, when one was. */
  shown: z.number().min(0).max(1).nullable(),
  /** The id of the head that gave it. */
  head: z.string().nullable(),
  time: z.iso.datetime(),
  kept: Kept.optional(),
  /** Asked with no proposal and no neighbour's label on the screen: of the labels kept out of training only these measure the model. */
  blind: z.boolean().optional(),
  /** One key said it of several findings at once: `restAbsent`, that all the others are absent. */
  by: z.enum(['restAbsent']).optional(),
});
export type CellValue = z.infer<typeof CellValue>;

export const CellChange = z.object({
  image: Id,
  finding: Id,
  before: CellValue.nullable(),
  after: CellValue.nullable(),
});
export type CellChange = z.infer<typeof CellChange>;

const entry = { seq: z.int().positive(), id: Id, annotator: Id, time: z.iso.datetime() };

/** One journal line. `cells`: labels; `undo` and `redo` append the inverse and say of which action. */
export const Action = z.discriminatedUnion('kind', [
  z.object({ ...entry, kind: z.literal('project'), project: Project }),
  z.object({ ...entry, kind: z.literal('images'), images: z.array(ImageRecord) }),
  z.object({ ...entry, kind: z.literal('cells'), cells: z.array(CellChange).min(1) }),
  z.object({ ...entry, kind: z.literal('undo'), undoes: Id, cells: z.array(CellChange) }),
  z.object({ ...entry, kind: z.literal('redo'), redoes: Id, cells: z.array(CellChange) }),
  /** The image is put aside without an answer. */
  z.object({ ...entry, kind: z.literal('skip'), image: Id }),
]);
export type Action = z.infer<typeof Action>;
