import { z } from 'zod';
import { Task } from './model';

/** How an image becomes the encoder's input tile; together with `normalise` it is part of the encoder's identity. */
export const TileRecipe = z.object({
  /** official: short side to `resize`, centre crop `size`. pad: whole image, black bars. squash: whole image to a square. */
  crop: z.enum(['official', 'pad', 'squash']),
  resize: z.int().min(16).max(1024),
  size: z.int().min(16).max(1024),
  /** keep: grey stays one channel, colour three. luma: always one channel, L = (19595 R + 38470 G + 7471 B + 32768) >> 16. */
  colour: z.enum(['keep', 'luma']),
  filter: z.literal('pillow-bicubic'),
});
export type TileRecipe = z.infer<typeof TileRecipe>;

export const Preprocessing = z.object({
  tile: TileRecipe,
  normalise: z.discriminatedUnion('kind', [
    /** (v / 255 - mean) / std on each of three channels; a grey tile is repeated. */
    z.object({ kind: z.literal('fixed'), mean: z.number(), std: z.number() }),
    /** The same with numbers of its own for each of three channels. */
    z.object({
      kind: z.literal('channels'),
      mean: z.tuple([z.number(), z.number(), z.number()]),
      std: z.tuple([z.number(), z.number(), z.number()]),
    }),
    /** (v - mean of the tile) / (standard deviation of the tile + epsilon), one channel. */
    z.object({ kind: z.literal('image'), epsilon: z.number() }),
  ]),
});
export type Preprocessing = z.infer<typeof Preprocessing>;

const level = z.union([z.number(), z.tuple([z.number(), z.number(), z.number()])]);
/** What can be said of it for a checkpoint, whose size is its own. `resize` as in TileRecipe; mean and std of grey levels between 0 and 1, of all channels or of each. */
export const Preparation = z.strictObject({
  crop: TileRecipe.shape.crop.optional(),
  resize: TileRecipe.shape.resize.optional(),
  mean: level.optional(),
  std: level.refine((value) => [value].flat().every((each) => each > 0), 'has to be above 0').optional(),
});
export type Preparation = z.infer<typeof Preparation>;

export const Precision = z.enum(['fp32', 'fp16', 'int8']);
export type Precision = z.infer<typeof Precision>;

/** What a model can give beyond the embedding, see `outputs` of the card. */
export const EncoderState = z.enum(['tokens', 'blockInput']);
export type EncoderState = z.infer<typeof EncoderState>;

export const EncoderKind = z.enum(['eva-x', 'scattering', 'custom']);

/** encoder.json beside model.onnx. */
export const EncoderCard = z.object({
  format: z.literal('collimate-encoder'),
  version: z.literal(1),
  /** SHA-256 over weights (sorted names, shapes, float32 bytes), preprocessing, pooling, precision, and the activation scales of int8. Compared by encoder-identity.ts alone. */
  id: z.string().length(64),
  name: z.string(),
  kind: EncoderKind,
  /** tiny, small, base, or a size the file states. */
  variant: z.string().nullable(),
  input: z.object({ name: z.literal('pixels'), channels: z.union([z.literal(1), z.literal(3)]), size: z.int() }),
  preprocessing: Preprocessing,
  pooling: z.string(),
  precision: Precision,
  /**
   * Numbers an image. `tokens`: patch tokens behind the last block, [patches, d] (196 at 224 pixels), before the last LayerNorm; `blockInput`: what goes into the
   * last block, [patches + 1, d], class token first. They are the outputs `tokens` and `block_input` of model.tokens.onnx or, where there is no
   * such file, of model.onnx.
   */
  outputs: z.object({
    embedding: z.int().positive(),
    tokens: z.tuple([z.int().positive(), z.int().positive()]).optional(),
    blockInput: z.tuple([z.int().positive(), z.int().positive()]).optional(),
  }),
  /** The model.onnx that belongs to this card; checked when the folder is opened. */
  model: z.object({ bytes: z.int().positive(), sha256: z.string().length(64) }).optional(),
  /** model.tokens.onnx: the same model with the outputs beyond the embedding. Its weights are those in model.onnx, beside which it has to lie. */
  tokensModel: z.object({ bytes: z.int().positive(), sha256: z.string().length(64) }).optional(),
  /** Of an encoder in int8, or in float16 where images were given: what it costs against float32, measured on the person's images. */
  quantisation: z
    .object({
      /** Images whose activations set the scales of int8 (0 of float16), and the others, on which the error was measured. */
      calibrated: z.int(),
      measured: z.int(),
      /** |found - float32| over |float32| of the embedding: mean and largest. */
      error: z.number(),
      worst: z.number(),
      /** Share of equal decisions: of the file's own head, or of random directions through the mean embedding. */
      agreement: z.number(),
      decisions: z.enum(['head', 'directions']),
    })
    .optional(),
  /** Where the weights came from; null for the built-in encoder. */
  source: z.object({ file: z.string(), sha256: z.string().length(64) }).nullable(),
  licence: z.string(),
  /** Findings of a classification head found in a fine-tuned file: a ready head, in head.json and head.safetensors beside this file. */
  head: z
    .object({
      findings: z.array(z.string()),
      task: Task.optional(),
      /** Where the names come from: such a file does not say them. */
      named: z.enum(['by its size', 'by hand', 'by number']).optional(),
    })
    .nullable(),
});
export type EncoderCard = z.infer<typeof EncoderCard>;
