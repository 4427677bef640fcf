import { z } from 'zod';
import { TileRecipe } from '../encoder-card';
import { ImageNote } from '../model';
import type { ServiceSpec } from '../wire';

/** Absolute paths of a file and of the folder that it must lie in, links resolved (any, where there is none). */
export const FileSource = z.object({ file: z.string(), root: z.string().optional() });
export type FileSource = z.infer<typeof FileSource>;

/** A file, and the frame inside it (null: the file is one image). */
export const ImageSource = FileSource.extend({ frame: z.int().nonnegative().nullable() });
export type ImageSource = z.infer<typeof ImageSource>;

/** viewer > thumbnail > embedding: a smaller number is served first. */
export const Priority = { viewer: 0, thumbnail: 1, embedding: 2 } as const;
export const PriorityValue = z.int().min(0).max(2);

export const ImageFacts = z.object({
  sha256: z.string().length(64),
  bytes: z.int(),
  mtime: z.number(),
  format: z.string(),
  width: z.int(),
  height: z.int(),
  /** Bits per sample as stored. */
  bits: z.int(),
  channels: z.union([z.literal(1), z.literal(3)]),
  /** EXIF orientation 1..8 that was applied. */
  orientation: z.int().min(1).max(8),
  /** Of a DICOM header; null elsewhere. The patient is a plain id: hash it before it is stored. */
  patient: z.string().nullable(),
  study: z.string().nullable(),
  view: z.string().nullable(),
  /** ISO 8601 date. */
  studyDate: z.string().nullable().optional(),
  manufacturer: z.string().nullable().optional(),
  notes: z.array(ImageNote).optional(),
  /** The frames that are images of their own: where there are several and the first was read. At most FRAMES_LIMIT + 1 of them. */
  frames: z.array(z.int().nonnegative()).optional(),
});
export type ImageFacts = z.infer<typeof ImageFacts>;

/** What is known of a file without decoding it: its bytes, and what a DICOM header states. */
export const FileFacts = ImageFacts.pick({
  sha256: true,
  bytes: true,
  mtime: true,
  patient: true,
  study: true,
  view: true,
  studyDate: true,
  manufacturer: true,
  notes: true,
});
export type FileFacts = z.infer<typeof FileFacts>;

/** An encoder's input before normalisation: size x size, one channel (grey) or three interleaved, row by row. */
export const Tile = z.object({ size: z.int(), channels: z.union([z.literal(1), z.literal(3)]), data: z.instanceof(Uint8Array) });
export type Tile = z.infer<typeof Tile>;

/** What a window is made from. Titles for the tooltips are in catalogue.ts; keys in commands.ts. */
export const WindowKind = z.enum(['file', 'auto', 'narrow', 'lung', 'bone', 'full']);
export type WindowKind = z.infer<typeof WindowKind>;

/** A decoded image for the large view at full bit depth: grey samples as stored (after rescale), or RGB interleaved. */
export const Pixels = z.object({
  width: z.int(),
  height: z.int(),
  channels: z.union([z.literal(1), z.literal(3)]),
  data: z.union([z.instanceof(Uint8Array), z.instanceof(Uint16Array)]),
  /** Bits per sample that the file states: a sample of 10 takes 16 in `data`. */
  stored: z.int().optional(),
  /**
   * Window presets, the default one first. center and width are in sample values (DICOM PS3.3 C.11.2.1.2). Where there is a
   * `table` (SIGMOID, VOI LUT), that is the preset: the grey of each sample value, 256 or 65,536 of them, before inversion;
   * center and width are then the line nearest to it.
   */
  windows: z.array(
    z.object({ kind: WindowKind, name: z.string(), center: z.number(), width: z.number(), table: z.instanceof(Uint8Array).optional() }),
  ),
  /** The file's own value of a sample: slope * sample + intercept (DICOM PS3.3 C.11.1). */
  rescale: z.object({ slope: z.number(), intercept: z.number() }).optional(),
  /** Show high values dark (MONOCHROME1, WhiteIsZero). */
  inverted: z.boolean(),
});
export type Pixels = z.infer<typeof Pixels>;

/** One field of a file's header, for reading. It may hold the patient's name: it is shown, and stored nowhere. */
export const HeaderField = z.object({
  /** "(0028,0010)" */
  tag: z.string(),
  /** By the dictionary of DICOM PS3.6; fields inside sequences begin with "> ". */
  name: z.string(),
  value: z.string(),
});
export type HeaderField = z.infer<typeof HeaderField>;

/** The imaging process: decode, window, resample, thumbnails. Implemented in src/imaging, also used directly under plain Node. */
export const imagingService = {
  name: 'imaging',
  methods: {
    /**
     * Reads a file once: hash, facts, and in the same pass, where asked for, the tile, the thumbnail (a JPEG or WebP file of at most
     * `size` pixels) and the whole picture as it is first shown (a PNG file of 8 bits).
     */
    read: {
      params: z.object({
        source: ImageSource,
        priority: PriorityValue,
        tile: TileRecipe.optional(),
        thumbnail: z.object({ file: z.string(), size: z.int().min(32).max(1024) }).optional(),
        picture: z.object({ file: z.string() }).optional(),
      }),
      result: z.object({ facts: ImageFacts, tile: Tile.optional() }),
    },
    /** Hashes a file and reads its header, and decodes nothing. */
    identify: { params: z.object({ source: ImageSource, priority: PriorityValue }), result: FileFacts },
    /** The whole image for the large view. */
    pixels: { params: z.object({ source: ImageSource, priority: PriorityValue }), result: Pixels },
    /** Frames in a file that are images of their own: 1 for an ordinary image, at most FRAMES_LIMIT + 1. */
    frames: { params: FileSource, result: z.int().positive() },
    /** SHA-256 of the file, which is read and not decoded. */
    hash: { params: FileSource, result: z.string().length(64) },
    /** All header fields of a DICOM file in their order, at most 2,000; none for other formats. */
    header: { params: FileSource, result: z.array(HeaderField) },
    /** Draws synthetic radiographs with known findings into `out`, which is not there yet or empty: out/images/ and out/labels.csv. */
    sample: {
      params: z.object({ out: z.string(), count: z.int().positive(), seed: z.int() }),
      result: z.object({ images: z.int(), findings: z.array(z.string()) }),
    },
  },
  events: {
    /** How many images of a sample are drawn. */
    drawn: z.object({ done: z.int(), total: z.int() }),
  },
} as const satisfies ServiceSpec;
export type ImagingService = typeof imagingService;
