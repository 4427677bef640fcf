import { z } from 'zod';
import { EncoderCard } from './encoder-card';
import { Id } from './model';

/** What the model alone does on this machine, with images that are ready for it. */
export const Speed = z.object({
  imagesPerSecond: z.number().positive(),
  provider: z.string(),
  reason: z.string(),
  measured: z.iso.datetime(),
});
export type Speed = z.infer<typeof Speed>;

/** What is kept of images under one encoder: embeddings, and the states beside them. */
const KeptEmbeddings = z.object({
  /** The encoder's id. */
  encoder: z.string(),
  bytes: z.int(),
  /** Rows: images, or frames of them. */
  images: z.int(),
  projects: z.array(z.object({ id: Id, name: z.string(), images: z.int(), open: z.boolean() })),
});
export type KeptEmbeddings = z.infer<typeof KeptEmbeddings>;

export const LibraryEntry = z.object({
  card: EncoderCard,
  builtin: z.boolean(),
  bytes: z.int(),
  kept: KeptEmbeddings,
  speed: Speed.nullable(),
});
export type LibraryEntry = z.infer<typeof LibraryEntry>;

export const Library = z.object({
  encoders: z.array(LibraryEntry),
  /** Embeddings of encoders that are not here, and projects that want one of those. */
  strays: z.array(KeptEmbeddings),
});
export type Library = z.infer<typeof Library>;
