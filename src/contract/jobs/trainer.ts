import { z } from 'zod';
import { HeadFile, HeadTensor } from '../head';
import { Task, Use } from '../model';
import { Failure } from '../result';
import type { ServiceSpec } from '../wire';

export const Backend = z.enum(['auto', 'tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu']);
export type Backend = z.infer<typeof Backend>;

export const Strategy = z.enum([
  'auto',
  'random',
  'coldstart',
  'variance',
  'herding',
  'margin',
  'entropy',
  'least-confidence',
  'badge',
  'dropquery',
  'kcentre',
  'rare',
]);
export type Strategy = z.infer<typeof Strategy>;

export const HeadKind = z.enum(['auto', 'gda', 'logistic']);
export type HeadKind = z.infer<typeof HeadKind>;

/** Why an image is in the queue; the renderer and the command line make the words (acquisition/reasons). */
export const Reason = z.object({
  code: z.enum(['typical', 'uncertain', 'tie', 'representative', 'diverse', 'random', 'audit', 'likely', 'similar']),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type Reason = z.infer<typeof Reason>;

export const QueueEntry = z.object({ row: z.int(), score: z.number(), audit: z.boolean(), reason: Reason });
export type QueueEntry = z.infer<typeof QueueEntry>;

/** How the uncertainty of an image comes from that of its findings: their mean at equal priors, or the one that is hardest to tell. */
export const Combine = z.enum(['mean', 'max']);
export type Combine = z.infer<typeof Combine>;

/** What the strategy `rare` looks for: a finding, from images of the pool that show it, labelled or not. */
export const Search = z.object({ finding: z.int(), seeds: z.array(z.int()) });
export type Search = z.infer<typeof Search>;

export const Settings = z.object({
  head: HeadKind,
  strategy: Strategy,
  queueSize: z.int().min(1).max(500),
  /** Principal components of the pool where d is larger. */
  components: z.int().min(2).max(1024),
  audit: z.object({ share: z.number(), from: z.int() }),
  folds: z.int().min(2).max(20),
  /** Of the images with a finding this share may be accepted as absent; defaultMissed unless given. */
  missed: z.number().optional(),
  /** Multi-label; mean unless given. */
  combine: Combine.optional(),
  /** Null or not given: `rare` looks for the finding with the fewest positives. */
  search: Search.nullable().optional(),
});
export type Settings = z.infer<typeof Settings>;
/** Of ten images with a finding one may be accepted as absent, unless the person says otherwise. */
export const defaultMissed = 0.1;
export const defaultSettings: Settings = {
  head: 'auto',
  strategy: 'auto',
  queueSize: 50,
  components: 256,
  audit: { share: 0.15, from: 30 },
  folds: 5,
};

/** Cell states as small integers, so that a snapshot is one typed array. */
export const StateCode = { none: -1, absent: 0, present: 1, unsure: 2 } as const;

/** A fine-tuned head with what it says of the pool that it was made on: with it rounds need no tokens, also after a restart. */
export const TunedHead = z.object({
  /** With the scaling and projection of that pool, to which its weights belong. */
  file: HeadFile,
  tensors: z.record(z.string(), HeadTensor),
  /** For each finding whether the labels could teach it. */
  learnt: z.array(z.boolean()),
  /** SHA-256 over the pool's embedding names in their order. */
  pool: z.string(),
  /** Rows of the pool that it learnt from [n], and their held-out logits [n, K]. */
  rows: z.instanceof(Int32Array),
  held: z.instanceof(Float32Array),
  /** Logits [N, K] of every row of the pool. */
  logits: z.instanceof(Float32Array),
});
export type TunedHead = z.infer<typeof TunedHead>;

/** The base of a snapshot: the pool in canonical order (path bytes, then frame). Row r of the pool is images[r]. */
export const SnapshotBase = z.object({
  encoder: z.object({ id: z.string(), name: z.string(), d: z.int().positive() }),
  /** As on the encoder's card: what the numbers of an embedding mean. */
  pooling: z.string().optional(),
  task: Task,
  /** Names, in column order. */
  findings: z.array(z.string()).min(1),
  seed: z.int(),
  settings: Settings,
  /** Embedding name (sha256[.frame]) of every row. */
  embeddings: z.array(z.string()),
  /** Rows with the same number belong to one patient and stay on one side of every split. */
  groups: z.instanceof(Int32Array),
  /**
   * 1 for every row of the audit's reserve (contract/reserve): neither queued for training nor trained on, asked as audits, one image a group.
   * Not given: nothing is reserved.
   */
  reserved: z.instanceof(Uint8Array).optional(),
  /** The head that came with the encoder's file; `columns`: for each of `findings` its row in that head, or null. */
  ready: z
    .object({ file: HeadFile, tensors: z.record(z.string(), HeadTensor), columns: z.array(z.int().nullable()) })
    .nullable()
    .optional(),
  /** Proposes unless the linear head has become clearly better. It was made on this very pool. */
  tuned: TunedHead.nullable().optional(),
});
export type SnapshotBase = z.infer<typeof SnapshotBase>;

export const LabelDelta = z.object({
  row: z.int(),
  finding: z.int(),
  state: z.int().min(-1).max(2),
  use: Use,
  /** Asked without the proposal: of the labels kept out of training only these are the audit's. */
  blind: z.boolean().optional(),
  /** Grows with every answer; orders the prequential curve. */
  seq: z.int(),
});
export type LabelDelta = z.infer<typeof LabelDelta>;

export const FindingMetrics = z.object({
  finding: z.int(),
  present: z.int(),
  absent: z.int(),
  unsure: z.int(),
  /** From blind audits, with a 95 % interval; null below what can be estimated. */
  audit: z.object({ n: z.int(), auroc: z.number(), low: z.number(), high: z.number() }).nullable(),
  /** Out of fold on the labels that were trained on: pessimistic, since the queue asks for the hard ones, so without an interval. */
  auroc: z.number().nullable(),
});

/**
 * What Enter may take over, finding by finding, decided by each full round. Multi-class: the likeliest class at p >= 1/2, where `skill` is true and it and
 * the next likeliest class both have `enough` labels. Multi-label: present from `present` on, absent below `absent` (strictly); null: never.
 */
export const Acceptance = z.object({
  /** Out of fold the log loss is better than always answering the prevalence by 2 standard errors (once it was: by one). Multi-class: one answer for all. */
  skill: z.array(z.boolean()),
  /** Multi-class: at least 5 labels of this class. */
  enough: z.array(z.boolean()),
  present: z.array(z.number().nullable()),
  absent: z.array(z.number().nullable()),
  /** The share of the images with a finding that may be accepted as absent, and how many patients with it that takes. */
  missed: z.number(),
  needed: z.int(),
  /** Patients with the finding present among those judged out of fold. */
  positives: z.array(z.int()),
  /** Of the blind audits that Enter would have called absent: how many, how many had the finding, and a 95 % interval of that share. Null: none says anything. */
  wrong: z.array(z.object({ n: z.int(), wrong: z.int(), low: z.number(), high: z.number() }).nullable()),
});
export type Acceptance = z.infer<typeof Acceptance>;

export const Metrics = z.object({
  labelled: z.int(),
  /** Each image scored before its label was used. Pessimistic, since the queue asks for the hard ones. */
  prequential: z
    .object({
      n: z.int(),
      correct: z.int(),
      curve: z.array(z.object({ n: z.int(), accuracy: z.number() })),
    })
    .nullable(),
  /** Of images drawn at random from the whole pool, asked blind and never trained on, one a patient: the only unbiased figure. `n`: answers (images; multi-label: cells). */
  audit: z.object({ images: z.int(), n: z.int(), correct: z.int(), low: z.number(), high: z.number() }).nullable(),
  /** Images that are kept out of training and were not asked blind, so that they measure nothing: audits of older projects, bulk answers, imports. */
  notBlind: z.int(),
  /** Patients in the reserve, and those of them that were asked. */
  reserve: z.object({ patients: z.int(), asked: z.int() }),
  calibration: z
    .object({
      n: z.int(),
      ece: z.number(),
      brier: z.number(),
      bins: z.array(z.object({ n: z.int(), mean: z.number(), observed: z.number() })),
    })
    .nullable(),
  findings: z.array(FindingMetrics),
  lowEvidence: z.boolean(),
  /**
   * Heads fitted on the same labels and judged on the same folds by patient: log loss (of answers: images in multi-class, cells in
   * multi-label) and AUROC (mean over the findings with both sides). On labels that the queue picked, so without intervals. Empty: nothing was compared.
   */
  heads: z
    .array(
      z.object({
        kind: HeadFile.shape.kind,
        used: z.boolean(),
        /** Answers judged. */
        n: z.int(),
        logLoss: z.number(),
        auroc: z.number().nullable(),
      }),
    )
    .optional(),
  /**
   * Conformal proposal sets, from 50 audit draws on: an answer (multi-class: a class; multi-label: present at p, absent at 1 - p) belongs
   * to the set where its probability is at least `least` of that finding (null: too few audits); sets miss the truth in a share alpha.
   */
  sets: z
    .object({ alpha: z.number(), least: z.array(z.number().nullable()), n: z.array(z.int()) })
    .nullable()
    .optional(),
  /** Mean AUROC on held-out labels by number of labels trained on, its fit a - b / n^c, and the expected gain of `more` labels. */
  learningCurve: z
    .object({
      points: z.array(z.object({ n: z.int(), auroc: z.number() })),
      a: z.number(),
      b: z.number(),
      c: z.number(),
      more: z.int(),
      gain: z.number(),
    })
    .nullable()
    .optional(),
  /** Advice, never a gate: Cohen's kappa of the last three pairs of successive heads, and the expected gain. */
  stop: z
    .object({ kappas: z.array(z.number()), gain: z.number().nullable(), advised: z.boolean(), n: z.int().optional() })
    .nullable()
    .optional(),
});
export type Metrics = z.infer<typeof Metrics>;

/** Tokens or block inputs of some images, one after the other: [names.length, rows, width] as float16 bits. */
const States = z.object({
  names: z.array(z.string()).max(64),
  shape: z.tuple([z.int().positive(), z.int().positive()]),
  bits: z.instanceof(Uint16Array),
});

export const TuneOutcome = z.object({
  /** Lower out-of-fold log loss than the linear head by more than one standard error. */
  wins: z.boolean(),
  loss: z.number(),
  linearLoss: z.number(),
  labels: z.int(),
});
export type TuneOutcome = z.infer<typeof TuneOutcome>;

/** What one round gives back. `quick` comes at once after an answer, `full` when folds, C and calibration are done. */
export const Round = z.object({
  snapshot: z.int(),
  stage: z.enum(['cold', 'quick', 'full']),
  /** Null while there are too few labels for a head, unless the encoder's file brought one: that speaks in a `cold` round too. */
  head: HeadFile.nullable(),
  /** Calibrated probability of present: float32 [rows, findings]; empty without a head. */
  probabilities: z.instanceof(Float32Array),
  queue: z.array(QueueEntry),
  metrics: Metrics,
  /** Null: Enter takes nothing over. */
  acceptance: Acceptance.nullable(),
  milliseconds: z.number(),
});
export type Round = z.infer<typeof Round>;

/** A label that the images of other patients speak against. */
export const Suspect = z.object({
  row: z.int(),
  /** Multi-class: the class that was given. */
  finding: z.int(),
  state: z.enum(['present', 'absent']),
  /** Out-of-fold probability of what was answered. */
  probability: z.number(),
  /**
   * What the head would have said instead: another class is present, or the finding is the opposite. `usual`: the mean out-of-fold
   * probability of that answer among the labels that give it; null where there is none.
   */
  other: z.object({ finding: z.int(), state: z.enum(['present', 'absent']), probability: z.number(), usual: z.number().nullable() }),
  /** By how much the other answer lies above its usual probability; the larger, the more suspect. */
  score: z.number(),
  /** Confident learning's verdict: the other answer passes its usual probability. */
  flagged: z.boolean(),
});
export type Suspect = z.infer<typeof Suspect>;

/** The trainer process. Rounds arrive as events; only the newest snapshot is worked on. */
export const trainerService = {
  name: 'trainer',
  methods: {
    /** Chooses the tensor backend by a self-test. `wasmFolder`: where the three .wasm files of tfjs lie, with a trailing slash. */
    start: {
      params: z.object({ backend: Backend, wasmFolder: z.string(), nodeBackend: z.string().nullable() }),
      result: z.object({
        backend: Backend,
        reason: z.string(),
        /** A product of the self-test, in milliseconds. */
        milliseconds: z.number(),
      }),
    },
    /** Hands over embeddings by name; they stay until the process ends. Chunks of at most 4 MB. */
    put: {
      params: z.object({ encoder: z.string(), d: z.int(), names: z.array(z.string()), rows: z.instanceof(Float32Array) }),
      result: z.void(),
    },
    /** A new base with all its labels replaces the snapshot and starts a round. */
    base: { params: z.object({ snapshot: z.int(), base: SnapshotBase, labels: z.array(LabelDelta) }), result: z.void() },
    /** Labels that changed since `after`; a gap answers a failure, and main sends a base again. */
    delta: {
      params: z.object({ after: z.int(), snapshot: z.int(), labels: z.array(LabelDelta), settings: Settings.optional() }),
      result: z.void(),
    },
    /** The numbers of the newest full head, or of the ready one while there is no other, for export. */
    head: {
      params: z.object({}),
      result: z.object({
        file: HeadFile,
        tensors: z.record(z.string(), HeadTensor),
      }),
    },
    /** Hands over tokens or block inputs (float16 bits) of images by name, for `tune`; they stay until `tuneEnd`. */
    putStates: { params: States, result: z.void() },
    /**
     * Fine-tunes a head on the newest snapshot's labels: the attentive probe on tokens or, where `block` is given, that last block of the encoder on
     * block inputs; they must be here. Progress comes as `tuning`, an abort stops it.
     */
    tune: { params: z.object({ block: z.record(z.string(), HeadTensor).optional() }), result: TuneOutcome },
    /** What the head that `tune` made says of these images. */
    tuneScore: { params: States, result: z.void() },
    /** The head that `tune` made, for a base of the same pool; every image of the pool must have been scored. */
    tuneResult: { params: z.object({}), result: TunedHead },
    /** Forgets the states and the head. */
    tuneEnd: { params: z.object({}), result: z.void() },
    /** Flagged labels of the last full round, the least probable answer first, at most `count`; `judged`: how many could be judged. */
    suspects: {
      params: z.object({ count: z.int() }),
      result: z.object({ judged: z.int(), flagged: z.int(), suspects: z.array(Suspect) }),
    },
    /** Rows most similar to `row`: cosine similarity in the head's feature space. */
    similar: { params: z.object({ row: z.int(), count: z.int() }), result: z.array(z.object({ row: z.int(), similarity: z.number() })) },
  },
  events: {
    round: Round,
    /** In images through the model, training on one counting as three; `total` is the most it can take, and falls. */
    tuning: z.object({ done: z.int(), total: z.int() }),
    working: z.object({ stage: z.enum(['idle', 'basis', 'quick', 'full']) }),
    /** There is no round for this snapshot. What it says may be tried again with a base. */
    failed: z.object({ snapshot: z.int(), failure: Failure }),
    /** The tensor backend failed in mid-run and this one took over; the round goes on. */
    backend: z.object({ backend: Backend, reason: z.string() }),
  },
} as const satisfies ServiceSpec;
export type TrainerService = typeof trainerService;
