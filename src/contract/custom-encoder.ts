import { z } from 'zod';
import { Precision, Preprocessing } from './encoder-card';
import { Tile } from './jobs/imaging';

/** How the output of a model becomes one row of features an image. */
export const Pooling = z.enum([
  /** [N, d], or anything whose other dimensions are 1. */
  'as-is',
  /** [N, tokens, d]: the first token; the mean of all; the mean of all but the first. */
  'class-token',
  'mean-tokens',
  'mean-patches',
  /** [N, d, height, width]: the mean over the places. */
  'mean-map',
]);
export type Pooling = z.infer<typeof Pooling>;

/** A model of somebody else as an encoder: what a person says of it. Together with its bytes it is the encoder's identity. */
export const CustomEncoder = z.object({
  name: z.string().trim().min(1).max(80),
  /** Of the model's inputs, and of its outputs or of the values inside it. */
  input: z.string().min(1).max(4096),
  output: z.string().min(1).max(4096),
  pooling: Pooling,
  channels: z.union([z.literal(1), z.literal(3)]),
  preprocessing: Preprocessing,
  licence: z.string().max(500),
});
export type CustomEncoder = z.infer<typeof CustomEncoder>;

const Value = z.object({
  name: z.string(),
  type: z.string(),
  /** A number, the name of a free dimension, or null for one without a name; null as a whole where the model does not say. */
  shape: z
    .array(z.union([z.number(), z.string(), z.null()]))
    .readonly()
    .nullable(),
});

/** What a model says of itself, and how it would be used if nobody says otherwise. */
export const CustomModel = z.object({
  file: z.string(),
  bytes: z.number(),
  producer: z.string(),
  opset: z.int(),
  nodes: z.int(),
  precision: Precision,
  inputs: z.array(Value),
  outputs: z.array(Value),
  /** Values inside the graph, the last ones first. */
  inner: z.array(z.object({ name: z.string(), op: z.string() })),
  suggestion: CustomEncoder,
});
export type CustomModel = z.infer<typeof CustomModel>;

/** What came out for one image. */
export const CustomTrial = z.object({
  tile: Tile,
  /** Features, their length as a vector, mean and standard deviation. */
  d: z.int(),
  norm: z.number(),
  mean: z.number(),
  deviation: z.number(),
  /** For this image, in a full batch. */
  milliseconds: z.number(),
  /** Each image goes through the model alone: it takes no more, or would mix those of a batch. */
  single: z.boolean(),
});
export type CustomTrial = z.infer<typeof CustomTrial>;

/** Grey levels 0 to 255 become (v / 255 - mean) / std. */
type Levels = Extract<Preprocessing['normalise'], { kind: 'fixed' | 'channels' }>;

interface Preset {
  readonly name: string;
  readonly title: string;
  readonly channels: 1 | 3;
  readonly normalise: Levels;
}

/** What common models were trained with. */
export const presets: readonly Preset[] = [
  {
    name: 'imagenet',
    title: 'ImageNet mean and deviation (timm, torchvision)',
    channels: 3,
    normalise: { kind: 'channels', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
  {
    name: 'clip',
    title: 'CLIP mean and deviation (BiomedCLIP and others)',
    channels: 3,
    normalise: { kind: 'channels', mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
  },
  { name: 'eva-x', title: 'EVA-X', channels: 3, normalise: { kind: 'fixed', mean: 0.49185243, std: 0.28509309 } },
  {
    name: 'xrv',
    title: '-1024 to 1024, one channel (TorchXRayVision)',
    channels: 1,
    normalise: { kind: 'fixed', mean: 0.5, std: 1 / 2048 },
  },
  { name: 'symmetric', title: '-1 to 1', channels: 3, normalise: { kind: 'fixed', mean: 0.5, std: 0.5 } },
  { name: 'unit', title: '0 to 1', channels: 3, normalise: { kind: 'fixed', mean: 0, std: 1 } },
  { name: 'bytes', title: '0 to 255', channels: 3, normalise: { kind: 'fixed', mean: 0, std: 1 / 255 } },
];
