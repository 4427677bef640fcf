import type { ImageNote } from '../../contract/model';

/** A window over sample values, DICOM PS3.3 C.11.2.1.2. */
export interface Window {
  readonly name: string;
  readonly center: number;
  readonly width: number;
  /** What is not a line (SIGMOID, VOI LUT): the grey of every sample value, before inversion. Center and width are then the line nearest to it. */
  readonly table?: Uint8Array<ArrayBuffer>;
}

/**
 * A decoded image: samples row by row, three channels interleaved. Alpha is gone, palettes are resolved, the orientation is applied.
 */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 1 also where a colour file holds only R = G = B. */
  readonly channels: 1 | 3;
  readonly data: Uint8Array | Uint16Array;
  /** Bits per sample as stored in the file. */
  readonly bits: number;
  readonly format: string;
  /** EXIF orientation 1..8 that was applied. */
  readonly orientation: number;
  /** High sample values are to be shown dark (MONOCHROME1, WhiteIsZero). The samples themselves are not turned round for it. */
  readonly inverted: boolean;
  /** Windows that the file itself states, the default one first. */
  readonly windows: readonly Window[];
  /** A sample value that marks pixels outside of the image (Pixel Padding Value). */
  readonly padding: { readonly low: number; readonly high: number } | null;
  /** The value of a sample after the file's modality transformation: slope * sample + intercept, slope > 0. */
  readonly rescale: { readonly slope: number; readonly intercept: number };
  readonly patient: string | null;
  readonly study: string | null;
  readonly view: string | null;
  /** ISO 8601. */
  readonly studyDate: string | null;
  readonly manufacturer: string | null;
  /** Frames or pages of the file that are images of their own, at most FRAMES_LIMIT + 1. */
  readonly frames: readonly number[];
  /** What the person should know of how the file was read. */
  readonly notes: readonly ImageNote[];
}

/** What a header says of patient, study, view and machine. */
export type StatedFacts = Pick<Raster, 'patient' | 'study' | 'view' | 'studyDate' | 'manufacturer' | 'notes'>;

/** Facts that only a DICOM header states. */
export const unstated = {
  windows: [],
  padding: null,
  rescale: { slope: 1, intercept: 0 },
  inverted: false,
  patient: null,
  study: null,
  view: null,
  studyDate: null,
  manufacturer: null,
  frames: [0],
  notes: [],
} as const;

/** What is shown, embedded and made into thumbnails: 8 bits, windowed, upright. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}
