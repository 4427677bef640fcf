import type { DataSet } from 'dicom-parser';
import { checkSize, corrupt, refuse, unsupported } from '../bounds';
import { decimals, text } from './header';

/** The Image Pixel Module, PS3.3 C.7.6.3, checked. */
export interface PixelModule {
  readonly width: number;
  readonly height: number;
  readonly samples: 1 | 3;
  readonly photometric: 'MONOCHROME1' | 'MONOCHROME2' | 'RGB' | 'YBR_FULL' | 'YBR_FULL_422';
  readonly planar: boolean;
  readonly allocated: 8 | 16;
  readonly stored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly frames: number;
}

const photometrics = ['MONOCHROME1', 'MONOCHROME2', 'RGB', 'YBR_FULL', 'YBR_FULL_422'] as const;

export function readPixelModule(set: DataSet): PixelModule {
  if (!set.elements['x7fe00010']) refuse('image-none');
  const width = set.uint16('x00280011') ?? 0;
  const height = set.uint16('x00280010') ?? 0;
  const samples = set.uint16('x00280002') ?? 1;
  const allocated = set.uint16('x00280100') ?? 0;
  checkSize(width, height, Math.max(1, samples * Math.ceil(allocated / 8)));
  if (allocated !== 8 && allocated !== 16) return unsupported(`samples of ${String(allocated)} bits`);
  if (samples !== 1 && samples !== 3) return unsupported(`pixels of ${String(samples)} samples`);
  const named = text(set, 'x00280004') ?? (samples === 1 ? 'MONOCHROME2' : 'RGB');
  const photometric = photometrics.find((known) => known === named);
  if (!photometric) return unsupported(`the photometric interpretation ${named}`);
  if (samples === 3 ? photometric.startsWith('MONO') || allocated !== 8 : !photometric.startsWith('MONO')) {
    return corrupt(`${named} with ${String(samples)} samples of ${String(allocated)} bits`);
  }
  const stored = set.uint16('x00280101') ?? allocated;
  const highBit = set.uint16('x00280102') ?? stored - 1;
  if (stored < 1 || stored > allocated || highBit >= allocated || highBit < stored - 1) {
    corrupt(`it states ${String(stored)} bits stored up to bit ${String(highBit)} of ${String(allocated)}`);
  }
  const frames = Math.trunc(decimals(set, 'x00280008')[0] ?? 1);
  if (frames < 1 || frames > 100_000) corrupt(`it states ${String(frames)} frames`);
  return {
    width,
    height,
    samples,
    photometric,
    planar: set.uint16('x00280006') === 1,
    allocated,
    stored,
    highBit,
    signed: set.uint16('x00280103') === 1,
    frames,
  };
}
