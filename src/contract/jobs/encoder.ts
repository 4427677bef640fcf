import { z } from 'zod';
import { CustomEncoder, CustomModel, CustomTrial } from '../custom-encoder';
import { EncoderCard, EncoderState, Precision, Preparation } from '../encoder-card';
import { ImageFacts, ImageSource } from './imaging';
import { HeadFile, HeadTensor } from '../head';
import { Task } from '../model';
import type { ServiceSpec } from '../wire';

export const Provider = z.enum(['auto', 'cpu', 'webgpu', 'cuda', 'directml', 'coreml']);
export type Provider = z.infer<typeof Provider>;

/**
 * Images that go through a model at once, always: the last batch is filled up, since the bits of a row depend on the size of its batch. Larger
 * ones are not faster on processors, only larger (scattering: 2.2 ms of one core an image at 32, 1.9 at 8).
 */
export const BATCH = 8;

export const EmbedItem = z.object({
  key: z.string(),
  source: ImageSource,
  thumbnail: z.object({ file: z.string(), size: z.int() }).optional(),
});
export type EmbedItem = z.infer<typeof EmbedItem>;

const failed = z.object({
  status: z.literal('failed'),
  key: z.string(),
  failure: z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) }),
});
const embedded = z.discriminatedUnion('status', [
  /** `reused`: the store had the embedding of these bytes already; `redrawn`: it had one of another picture, by an earlier display rule. */
  z.object({ status: z.literal('ok'), key: z.string(), facts: ImageFacts, reused: z.boolean(), redrawn: z.boolean().optional() }),
  failed,
]);
const predicted = z.discriminatedUnion('status', [
  /** `frames`: of the file, where it has several. One probability a finding. */
  z.object({ status: z.literal('ok'), key: z.string(), frames: z.array(z.int()), probabilities: z.instanceof(Float32Array) }),
  failed,
]);

/** So many rows in a row were made in batches of this size on this provider. Their numbers hang on both, by about 1e-6. */
export const RowsMade = z.object({ rows: z.int().positive(), batch: z.int(), provider: Provider });
export type RowsMade = z.infer<typeof RowsMade>;

/** What a checkpoint is, read off its names, shapes and rotary table. */
export const CheckpointFacts = z.object({
  file: z.string(),
  sha256: z.string().length(64),
  name: z.string(),
  variant: z.string().nullable(),
  d: z.int().positive(),
  /** Pixels along each side of its input. */
  size: z.int().positive(),
  /** How images are prepared for it, at 224 pixels as published, else as the file `from` beside it says; null where nothing does: it has to be asked. */
  preparation: z.object({ how: Preparation, from: z.string().nullable() }).nullable(),
  /** Of a fine-tuned file, which does not say what its outputs are; `task` is the likelier one. */
  head: z.object({ classes: z.int().positive(), task: Task }).nullable(),
});
export type CheckpointFacts = z.infer<typeof CheckpointFacts>;

/** weights: reading them; images: reading those for the scales of int8; measuring: running both models on them. */
export const ConversionStage = z.enum(['weights', 'images', 'measuring']);
export type ConversionStage = z.infer<typeof ConversionStage>;

/** Name of an embedding in the store: the file's SHA-256 and the frame. Where no frame is named the first is read, so both have one name. */
export const embeddingName = (sha256: string, frame: number | null) => ((frame ?? 0) === 0 ? sha256 : `${sha256}.${String(frame)}`);

/** The encoder process: owns onnxruntime-node and the embedding store. It pulls tiles from imaging over a port of its own. */
export const encoderService = {
  name: 'encoder',
  methods: {
    /** Opens an encoder folder; `folder: 'builtin'` makes the scattering encoder in the profile when it is not there yet. */
    open: {
      params: z.object({
        folder: z.string(),
        provider: Provider,
        threads: z.int().min(0),
        /** Images that go through the model at once, left out: BATCH. Fewer after the process ended for want of memory. */
        batch: z.int().min(1).max(BATCH).optional(),
      }),
      result: z.object({ card: EncoderCard, folder: z.string(), provider: Provider, reason: z.string(), batch: z.int() }),
    },
    inspect: { params: z.object({ checkpoint: z.string() }), result: CheckpointFacts },
    /** Reads a checkpoint and writes an encoder folder. Progress comes as `converting`. */
    convert: {
      params: z.object({
        checkpoint: z.string(),
        /** The folder `<id>` is written here; so are models that are tried on the way, which the end of the process leaves behind. */
        into: z.string(),
        /** The encoder folder itself, where it is not to be one below `into`; what is in it is only replaced with `overwrite`. */
        folder: z.string().optional(),
        overwrite: z.boolean().optional(),
        /** How images become its input; needed where the file is not for 224 pixels and nothing beside it says so. */
        preparation: Preparation.optional(),
        precision: Precision,
        /** Images for the scales of int8, and on which the error of int8 and float16 is measured. */
        calibrate: z.array(ImageSource).optional(),
        /** Of those, how many go through a model at once at most. */
        batch: z.int().min(1).max(BATCH).optional(),
        /** Of a fine-tuned head; numbered where left out. */
        findings: z.array(z.string()).optional(),
        task: Task.optional(),
      }),
      result: z.object({ card: EncoderCard, folder: z.string() }),
    },
    /** What a model of somebody else says of itself; then it is run on one image, or kept as an encoder folder below `into`. See custom-encoder.ts. */
    inspectCustom: { params: z.object({ file: z.string() }), result: CustomModel },
    tryCustom: { params: z.object({ file: z.string(), wish: CustomEncoder, image: ImageSource }), result: CustomTrial },
    keepCustom: {
      params: z.object({ file: z.string(), wish: CustomEncoder, into: z.string(), folder: z.string().optional() }),
      result: z.object({ card: EncoderCard, folder: z.string() }),
    },
    /**
     * Embeds the items in their order with the encoder that is open; what the store holds is not computed again. Ends when all are done or
     * on abort. `states`: tokens or block inputs are kept as well (half precision; of EVA-X S 150 kB an image). Failures: wrong-use where the encoder has none.
     */
    embed: {
      params: z.object({ items: z.array(EmbedItem), states: z.array(EncoderState).optional() }),
      result: z.object({ done: z.int(), failed: z.int() }),
    },
    pause: { params: z.object({ paused: z.boolean() }), result: z.void() },
    /** Lets go of the encoder in this folder, so that its files can be removed. Fails (wrong-use) while it is at work. */
    release: { params: z.object({ folder: z.string() }), result: z.void() },
    /** Runs the encoder in this folder (or 'builtin') for a few seconds; embedding waits meanwhile. Progress, in seconds, comes as `measuring`. */
    measure: {
      params: z.object({ folder: z.string() }),
      result: z.object({ imagesPerSecond: z.number(), provider: Provider, reason: z.string() }),
    },
    /** Which of these embeddings the store does not hold: what is there is neither read nor computed again. */
    missing: { params: z.object({ names: z.array(z.string()), states: z.array(EncoderState).optional() }), result: z.array(z.string()) },
    /** What the embeddings were made by, in their order: part of the record of a run. */
    madeBy: {
      params: z.object({ names: z.array(z.string()) }),
      result: z.array(RowsMade),
    },
    /** Embeddings by name, row after row: float32 [names.length, d]. */
    fetch: {
      params: z.object({ names: z.array(z.string()).max(4096) }),
      result: z.object({ d: z.int(), rows: z.instanceof(Float32Array) }),
    },
    /**
     * Tokens or block inputs by name, row after row, as float16 bits: [names.length, rows, width], rows and width as the card's outputs say.
     */
    fetchStates: {
      params: z.object({ state: EncoderState, names: z.array(z.string()).max(64) }),
      result: z.object({ shape: z.tuple([z.int(), z.int()]), bits: z.instanceof(Uint16Array) }),
    },
    /** Last block and LayerNorm of the encoder that is open, in float32 (7 to 28 MB), for fine-tuning. Fails (wrong-use) where it has none. */
    lastBlock: { params: z.object({}), result: z.object({ block: z.record(z.string(), HeadTensor) }) },
    /** Opens an exported model for `predict`, in place of one that is open. */
    openExported: {
      params: z.object({ model: z.string(), threads: z.int().min(0), batch: z.int().min(1).max(BATCH) }),
      result: z.object({ findings: z.array(z.string()), head: z.string(), encoder: z.string() }),
    },
    /** Probabilities of the items in their order by the exported model that is open; they come as `predicted`. */
    predict: { params: z.object({ items: z.array(EmbedItem) }), result: z.void() },
    /** Writes the exported model (or the head alone) after checking it against `check`. See src/trainer/model-export. */
    exportModel: {
      params: z.object({
        out: z.string(),
        parts: z.enum(['model', 'head']),
        head: HeadFile,
        headTensors: z.record(z.string(), HeadTensor),
        /** Images whose probabilities [check.length, findings] the exported model must give again, max |difference| <= 1e-4 (fp16 1e-3, int8 5e-3). */
        check: z.array(ImageSource),
        probabilities: z.instanceof(Float32Array),
        overwrite: z.boolean(),
        card: z.object({ project: z.string(), labels: z.record(z.string(), z.number()), metrics: z.array(z.string()) }),
      }),
      result: z.object({ files: z.array(z.string()), checked: z.int(), maxDifference: z.number() }),
    },
  },
  events: {
    converting: z.object({ done: z.number(), total: z.number(), stage: ConversionStage }),
    measuring: z.object({ done: z.number(), total: z.number() }),
    embedded: z.object({ items: z.array(embedded) }),
    predicted: z.object({ predictions: z.array(predicted) }),
    /**
     * So many rows of the store do not hold what was written (null: embeddings). They no longer count, and have to be computed again; `names` are
     * those of them that are known.
     */
    damaged: z.object({ state: EncoderState.nullable(), count: z.int().positive(), names: z.array(z.string()) }),
    /** The provider broke off or the memory did not suffice: it goes on like this. */
    changed: z.object({ provider: Provider, reason: z.string(), batch: z.int() }),
  },
} as const satisfies ServiceSpec;
export type EncoderService = typeof encoderService;
export type EmbeddedItem = z.infer<typeof embedded>;
export type PredictedItem = z.infer<typeof predicted>;
