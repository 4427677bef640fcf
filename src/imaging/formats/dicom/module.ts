import type { DataSet } from 'dicom-parser';
import { checkSize, corrupt, refuse, unsupported } from '../bounds';
import { decimals, text } from './header';
import { pixelTags } from './syntax';

const photometrics = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_PARTIAL_422',
  'YBR_PARTIAL_420',
  'YBR_ICT',
  'YBR_RCT',
] as const;
export type Photometric = (typeof photometrics)[number];

/** The Image Pixel Module, PS3.3 C.7.6.3, checked. */
export interface PixelModule {
  readonly width: number;
  readonly height: number;
  readonly samples: 1 | 3;
  readonly photometric: Photometric;
  readonly planar: boolean;
  readonly allocated: 1 | 8 | 16 | 32 | 64;
  readonly stored: number;
  readonly highBit: number;
  /** The header states a high bit that cannot be: the lowest bits are taken, as pydicom takes them. */
  readonly oddHighBit: boolean;
  readonly signed: boolean;
  /** Samples are IEEE numbers: Float or Double Float Pixel Data, C.7.6.24 and C.7.6.25. */
  readonly float: boolean;
  readonly frames: number;
}

export function readPixelModule(set: DataSet): PixelModule {
  const float = pixelTags.float in set.elements || pixelTags.double in set.elements;
  if (!float && !(pixelTags.integer in set.elements)) refuse('image-none');
  const width = set.uint16('x00280011') ?? 0;
  const height = set.uint16('x00280010') ?? 0;
  const samples = set.uint16('x00280002') ?? 1;
  const stated = set.uint16('x00280100') ?? 0;
  // Wide samples are held beside the 16 bits that are made of them.
  checkSize(width, height, Math.max(1, samples * Math.ceil(stated / 8)));
  const allocated = ([1, 8, 16, 32, 64] as const).find((bits) => bits === stated);
  if (allocated === undefined || (allocated === 64 && !float)) return unsupported(`samples of ${String(stated)} bits`);
  if (samples !== 1 && samples !== 3) return unsupported(`pixels of ${String(samples)} samples`);
  const named = text(set, 'x00280004') ?? (samples === 1 ? 'MONOCHROME2' : 'RGB');
  const photometric = photometrics.find((known) => known === named);
  if (!photometric) return unsupported(`the photometric interpretation ${named}`);
  const grey = photometric.startsWith('MONO') || photometric === 'PALETTE COLOR';
  if (grey !== (samples === 1)) return unsupported(`${named} with ${String(samples)} samples`);
  if (samples === 3 && (float || (allocated !== 8 && allocated !== 16))) return unsupported(`colour of ${String(allocated)} bits`);
  const stored = float ? allocated : (set.uint16('x00280101') ?? allocated);
  if (stored < 1 || stored > allocated) unsupported(`a header that states ${String(stored)} bits stored of ${String(allocated)} allocated`);
  const top = float ? allocated - 1 : (set.uint16('x00280102') ?? stored - 1);
  const oddHighBit = top >= allocated || top < stored - 1;
  const highBit = oddHighBit ? stored - 1 : top;
  // C.7.6.3.1.2 gives the limited range and the shared differences for 8 bits.
  if (samples === 3 && allocated > 8 && /_422$|_420$/.test(photometric)) unsupported(`${photometric} of ${String(allocated)} bits`);
  // Writers of single pictures leave it empty or 0.
  const frames = Math.trunc(decimals(set, 'x00280008')[0] ?? 1) || 1;
  if (frames < 1) unsupported(`a header that states ${String(frames)} frames`);
  if (frames > 100_000) corrupt(`it states ${String(frames)} frames`);
  const planar = set.uint16('x00280006') === 1;
  const signed = set.uint16('x00280103') === 1;
  return { width, height, samples, photometric, planar, allocated, stored, highBit, oddHighBit, signed, float, frames };
}
