import { z } from 'zod';
import { CustomEncoder, CustomModel, CustomTrial } from './custom-encoder';
import { EncoderCard, Precision, Preparation } from './encoder-card';
import { TunedKind } from './head';
import { CheckpointFacts } from './jobs/encoder';
import { HeaderField } from './jobs/imaging';
import { Combine, HeadKind, Strategy, TuneOutcome } from './jobs/trainer';
import { Library, Speed } from './library';
import { Action, FrameChoice, Id, MetadataRule, Kept, Project, Task } from './model';
import { Failure } from './result';
import { Weights, WeightsName } from './weights';
import { Work } from './work';
import { OtherFile } from './skip-reason';
import type { ServiceSpec } from './wire';
import {
  AppSettings,
  BackendCheck,
  ProjectSummary,
  NewFinding,
  ProjectStatus,
  RoundView,
  PoolView,
  MetadataPreview,
  LabelImport,
  ScanOutcome,
  Installed,
  ImportOutcome,
  CellRequest,
  SuspectLabel,
} from './views';

/** What a person starts, watches and can stop. */
const Job = z.enum(['sample', 'import', 'custom', 'export', 'speed', 'relink', 'tune']);
const inProject = z.object({ project: Id });
const nothing = z.object({});

/** Everything the page may ask of main. Each method is one checked IPC channel; events go the other way. */
export const bridge = {
  name: 'bridge',
  methods: {
    'app.info': {
      params: nothing,
      result: z.object({ version: z.string(), electron: z.string(), platform: z.string(), standIn: z.boolean(), profile: z.string() }),
    },
    'settings.get': { params: nothing, result: AppSettings },
    'settings.set': { params: AppSettings.omit({ tfjsFolder: true }).partial(), result: AppSettings },
    'dialog.folder': { params: z.object({ title: z.string() }), result: z.string().nullable() },
    'dialog.onnx': { params: nothing, result: z.string().nullable() },
    'dialog.image': { params: nothing, result: z.string().nullable() },
    'dialog.checkpoint': { params: nothing, result: z.string().nullable() },
    /** `of`: what the person is asked for. */
    'dialog.table': { params: z.object({ of: z.enum(['metadata', 'labels']) }), result: z.string().nullable() },

    /** Asks for a folder by the system's dialog, loads what is in it in a process of its own, keeps it and starts the trainer with it. Null: no folder was chosen. */
    'backend.choose': { params: nothing, result: BackendCheck.extend({ folder: z.string() }).nullable() },
    /** Loads what is in the chosen folder once more. */
    'backend.check': { params: nothing, result: BackendCheck },
    'backend.forget': { params: nothing, result: z.void() },

    'projects.list': { params: nothing, result: z.array(ProjectSummary) },
    /** A first look at a folder: two seconds for the scan, two for a few files. */
    'projects.inspect': {
      params: z.object({ folder: z.string() }),
      result: z.object({
        images: z.int(),
        more: z.boolean(),
        examples: z.array(z.string()),
        /** Files with several frames: `found` among those that were tried, `possible` where there are DICOM or TIFF files. */
        frames: z.enum(['none', 'possible', 'found']),
      }),
    },
    'projects.create': {
      params: z.object({
        name: z.string(),
        folder: z.string(),
        task: Task,
        findings: z.array(NewFinding),
        encoder: z.string(),
        frames: FrameChoice.optional(),
        metadata: MetadataRule.optional(),
      }),
      result: Project,
    },
    /** Our own phantoms, written to the profile and opened as a project. Progress comes as `progress` with job "sample". */
    'projects.sample': { params: nothing, result: Project },
    'projects.open': {
      params: inProject,
      result: z.object({ project: Project, last: z.int(), lastId: Id.nullable().optional(), status: ProjectStatus }),
    },
    'projects.close': { params: inProject, result: z.void() },
    /** To the system's bin. The images are not touched. */
    'projects.remove': { params: inProject, result: z.void() },
    /** New names, colours, keys and further findings; ids stay. */
    'projects.findings': { params: inProject.extend({ findings: z.array(NewFinding.extend({ id: Id.nullable() })) }), result: Project },

    /** What a rule would yield, of an open project or of a folder that is to become one (as far as it is seen in two seconds). */
    'metadata.preview': {
      params: z.object({ of: z.union([inProject, z.object({ folder: z.string() })]), rule: MetadataRule }),
      result: MetadataPreview,
    },
    /** From now on the images' patients, studies and views are by this rule; null: by their headers alone. Journaled. */
    'metadata.apply': {
      params: inProject.extend({ rule: MetadataRule.nullable() }),
      result: z.object({ images: z.int(), matched: z.int(), patients: z.int() }),
    },
    /** Whose image it is, read from the source that says it. Null where none does, or where only its hash is kept. */
    'images.patient': { params: inProject.extend({ image: Id }), result: z.string().nullable() },

    /** Looks at the folder again; answers when that is done. Files that failed are tried again. */
    'projects.rescan': { params: inProject, result: ScanOutcome },
    /** The folder was moved: labels stay with their images. Files may have new names: they are known by their contents. A folder with none of the project's images is refused. `root`: the first, unless given. */
    'projects.relocate': { params: inProject.extend({ root: Id.optional(), folder: z.string() }), result: ScanOutcome },

    /** Files of the folder that are no images, by the last look: at most 1,000 of those that `scan.skipped` of the status counts. */
    'projects.otherFiles': { params: inProject, result: z.array(OtherFile) },
    /** Images whose file was not there at the last look; `scan.missing` of the status says how many. */
    'images.missing': { params: inProject, result: z.array(Id) },
    /** Every field of a DICOM header, to be shown and not stored; none for other formats. */
    'images.header': { params: inProject.extend({ image: Id }), result: z.array(HeaderField) },

    'journal.read': {
      params: inProject.extend({ after: z.int(), limit: z.int().max(5000) }),
      result: z.object({ actions: z.array(Action), last: z.int() }),
    },
    /** Answers when the action is in the journal and flushed to the disk: that is "saved". Null: all was so already, and is saved. */
    'labels.apply': { params: inProject.extend({ cells: z.array(CellRequest).min(1).max(200_000) }), result: Action.nullable() },
    'labels.skip': { params: inProject.extend({ image: Id }), result: Action },
    /** A suspect label stands: an action like any other answer. Null: the label is no longer there. */
    'labels.keep': { params: inProject.extend({ image: Id, finding: Id, kept: Kept.omit({ time: true }) }), result: Action.nullable() },
    /**
     * Labels out of a CSV table, for what is not read yet; undone like any other step. `write`: the version that the person has seen; null, or
     * where the file is another one by now: only what it would yield.
     */
    'labels.import': { params: inProject.extend({ file: z.string(), write: z.string().nullable() }), result: LabelImport },
    'labels.undo': { params: inProject, result: Action },
    'labels.redo': { params: inProject, result: Action },

    'embedding.pause': { params: inProject.extend({ paused: z.boolean() }), result: z.void() },
    'embedding.retry': { params: inProject, result: z.void() },
    /** Tries work that has failed again at once. Exports are asked for anew instead. */
    'work.retry': { params: inProject.extend({ work: Work }), result: z.void() },
    /** Says no more of a failure, until it comes back. */
    'work.dismiss': { params: inProject.extend({ work: Work }), result: z.void() },
    'embedding.failures': { params: inProject, result: z.array(z.object({ image: Id.nullable(), path: z.string(), failure: Failure })) },
    /** Kept with the project. Another strategy than `rare` ends a search. */
    'queue.settings': {
      params: inProject.extend({ strategy: Strategy, head: HeadKind, combine: Combine, missed: z.number().min(0.01).max(0.5) }),
      result: z.void(),
    },
    /** The share of patients that is reserved for the audit, or (`open`) no reserve from now on: what was asked blind stays out of training. */
    'projects.audit': {
      params: inProject.extend({ share: z.number().min(0).max(0.5).optional(), open: z.boolean().optional() }),
      result: Project,
    },
    /** Looks for a finding from images that show it; none: by what a head knows of it. Goes on until it is stopped, also over a restart. */
    'search.start': { params: inProject.extend({ finding: Id, seeds: z.array(Id).max(200) }), result: z.void() },
    /** Back to the default strategy. */
    'search.stop': { params: inProject, result: z.void() },
    'queue.similar': {
      params: inProject.extend({ image: Id, count: z.int().max(200) }),
      result: z.array(z.object({ image: Id, similarity: z.number() })),
    },

    /** `name` below the chosen folder; existing outputs are refused unless `overwrite`. */
    /** Labels that the images of other patients speak against, by the last full round; those that were kept are among them. */
    'review.suspects': {
      params: inProject,
      result: z.object({ judged: z.int(), flagged: z.int(), suspects: z.array(SuspectLabel) }),
    },

    'export.labels': {
      params: inProject.extend({ folder: z.string(), overwrite: z.boolean() }),
      result: z.object({ files: z.array(z.string()) }),
    },
    'export.classFolders': {
      params: inProject.extend({ folder: z.string(), overwrite: z.boolean() }),
      result: z.object({ files: z.array(z.string()), copied: z.int(), missing: z.array(z.string()) }),
    },
    'export.model': {
      params: inProject.extend({ folder: z.string(), parts: z.enum(['model', 'head']), overwrite: z.boolean() }),
      result: z.object({ files: z.array(z.string()), checked: z.int(), maxDifference: z.number() }),
    },
    /** Shows a file that this session exported in the system's file manager. */
    'export.reveal': { params: z.object({ file: z.string() }), result: z.void() },

    'encoders.list': { params: nothing, result: z.array(z.object({ card: EncoderCard, bytes: z.int(), builtin: z.boolean() })) },
    /** Progress comes as `progress` with job "import". */
    'encoders.import': {
      params: z.object({
        checkpoint: z.string(),
        /** Left out: as it was published, at 224 pixels, or as the file beside it says. */
        preparation: Preparation.optional(),
        /** fp32, unless given. */
        precision: Precision.optional(),
        /** A folder of images: int8 is calibrated on them, and the error of int8 and fp16 measured. */
        images: z.string().optional(),
        /** Of a fine-tuned file's head, which the file does not say. */
        findings: z.array(z.string().min(1).max(80)).optional(),
        task: Task.optional(),
      }),
      result: ImportOutcome,
    },
    /** What a checkpoint is, and which encoders were made of it before. */
    'encoders.inspect': { params: z.object({ checkpoint: z.string() }), result: CheckpointFacts.extend({ here: z.array(Installed) }) },
    /** The file that an EVA-X encoder was made of: its name and SHA-256, and where it lies, if it was downloaded and is still there. */
    'encoders.source': {
      params: z.object({ id: z.string() }),
      result: z.object({ file: z.string(), sha256: z.string(), path: z.string().nullable() }),
    },
    /** Takes an offered encoder into the library, or throws it away. */
    'encoders.keep': { params: z.object({ id: z.string(), keep: z.boolean() }), result: ImportOutcome.nullable() },

    /** The encoders with all that hangs on them. */
    'encoders.library': { params: nothing, result: Library },
    /** A few seconds of work; embedding waits meanwhile. Progress comes as `progress` with job "speed". `id`: of a card. */
    'encoders.measure': { params: z.object({ id: z.string() }), result: Speed },
    /** To the system's bin or, where there is none, `forGood`; with its embeddings where asked. Fails while the open project uses it. */
    'encoders.remove': { params: z.object({ id: z.string(), embeddings: z.boolean(), forGood: z.boolean() }), result: z.void() },
    /** What is kept of images under this encoder, for good: it can be computed again. Fails while the open project uses it. */
    'embeddings.remove': { params: z.object({ encoder: z.string() }), result: z.void() },

    /** A model of somebody else: what it says of itself, one image through it, and into the library. In a process of its own, which `jobs.stop` ends. */
    'custom.inspect': { params: z.object({ file: z.string() }), result: CustomModel },
    /** `image`: a file, or a folder of which the first image is taken. */
    'custom.try': { params: z.object({ file: z.string(), wish: CustomEncoder, image: z.string() }), result: CustomTrial },
    'custom.keep': { params: z.object({ file: z.string(), wish: CustomEncoder }), result: EncoderCard },

    /** The published weights of EVA-X, and through which proxy of the environment (host alone) they would be asked for. Asks nobody. */
    'weights.list': { params: nothing, result: z.object({ weights: z.array(Weights), proxy: z.string().nullable() }) },
    /** Downloads, or goes on, and imports what came. The only way to the network; news come as `weights`. `stopped` after `weights.pause`. */
    'weights.get': { params: z.object({ name: WeightsName }), result: EncoderCard },
    /** What came so far stays, also when the app ends. */
    'weights.pause': { params: z.object({ name: WeightsName }), result: z.void() },
    /** Removes the downloaded file, or the part of it. An encoder that was made of it stays. */
    'weights.discard': { params: z.object({ name: WeightsName }), result: z.void() },

    /**
     * Fine-tunes a head on image regions, or the encoder's last block; the better one proposes from then on. Answers at the end; progress comes as
     * `progress` with job "tune".
     */
    'tuning.start': { params: inProject.extend({ kind: TunedKind }), result: TuneOutcome },
    'jobs.stop': { params: z.object({ job: Job }), result: z.void() },
  },
  events: {
    /** Every acknowledged action, in order, also those of other sources than this page. */
    /** An action is in the journal, whoever asked for it. */
    journal: z.object({ project: Id, action: Action }),
    /** The same of an action that is too long for an event: it is the answer to the call that asked for it, or can be read. */
    journalEnd: z.object({ project: Id, seq: z.int().positive() }),
    status: ProjectStatus,
    pool: PoolView,
    round: RoundView,
    /** `secondsLeft`: at most, of work that has no count of its own; null while it is being measured. */
    progress: z.object({ job: Job, done: z.number(), total: z.number(), what: z.string(), secondsLeft: z.number().nullable().optional() }),
    weights: Weights,
    /** The encoder library is another one than before. */
    encoders: nothing,
    /** A menu item was chosen. */
    command: z.object({ id: z.string() }),
    /** A bug somewhere: shown with "copy details". */
    bug: z.object({ message: z.string(), detail: z.string() }),
  },
} as const satisfies ServiceSpec;
export type BridgeService = typeof bridge;

/** Custom schemes. app://collimate/ serves the page; image://… serves pictures of the open project only. */
export const APP_ORIGIN = 'app://collimate';
export const thumbnailUrl = (project: Id, image: Id) => `image://thumbnail/${project}/${image}`;
/**
 * The decoded image at full bit depth: a body of raw samples (little endian), described by the header
 * `x-collimate-pixels`: JSON in ASCII {width, height, channels, bits: 8 | 16, stored?, windows, rescale?, inverted}. A window with a
 * table says `table`: how many bytes it has; the tables follow the samples, in the order of the windows.
 */
export const pixelsUrl = (project: Id, image: Id) => `image://pixels/${project}/${image}`;

/** What the preload script puts on the page as `window.collimate`. */
export const BRIDGE_GLOBAL = 'collimate';
/**
 * Methods whose parameters and answers may hold 100,000 cells. They cross as JSON text: an object is copied twice on the way, property by
 * property, which takes ten times as long.
 */
export const AS_TEXT: ReadonlySet<string> = new Set(['labels.apply', 'labels.undo', 'labels.redo', 'journal.read']);
/** The one channel on which main sends events: name, payload. */
export const EVENT_CHANNEL = 'event';
