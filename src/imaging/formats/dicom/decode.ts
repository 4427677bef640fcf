import type { DataSet } from 'dicom-parser';
import { greyIfEqual } from '../channels';
import { unstated, type Raster, type Window } from '../raster';
import { frameBytes } from './frame';
import { decimals, readDicomHeader, syntaxes, text } from './header';
import { readPixelModule, type PixelModule } from './module';
import { colourSamples, greySamples } from './samples';

export async function decodeDicom(file: Uint8Array, frame: number): Promise<Raster> {
  const header = readDicomHeader(file);
  const module = readPixelModule(header.set);
  const bytes = await frameBytes(header, module, frame);
  const { set, syntax } = header;
  const { width, height, stored: bits } = module;
  const common = {
    ...unstated,
    width,
    height,
    bits,
    format: 'DICOM',
    orientation: 1,
    patient: text(set, 'x00100020'),
    study: text(set, 'x0020000d'),
    view: text(set, 'x00185101'),
  };
  if (module.samples === 3) {
    // libjpeg and RLE interleave; only native and RLE data keep the colour space that the header states.
    const isRgb = syntax === syntaxes.jpegBaseline;
    const interleaved = syntax === syntaxes.rle ? { ...module, planar: false } : module;
    return { ...common, ...greyIfEqual({ channels: 3, data: colourSamples(bytes, interleaved, isRgb) }) };
  }
  const { data, offset } = greySamples(bytes, module);
  const slope = decimals(set, 'x00281053')[0] ?? 1;
  const intercept = decimals(set, 'x00281052')[0] ?? 0;
  const flipped = slope < 0;
  return {
    ...common,
    channels: 1,
    data,
    inverted: (module.photometric === 'MONOCHROME1') !== flipped,
    windows: slope === 0 ? [] : windowsOf(set, slope, intercept, offset),
    padding: paddingOf(set, module, offset),
  };
}

export function dicomFrames(file: Uint8Array): number {
  return readPixelModule(readDicomHeader(file).set).frames;
}

/**
 * Window center and width (PS3.3 C.11.2) hold for values after the rescale y = slope * stored + intercept (C.11.1). The
 * samples stay as stored; the window is moved to them, such that its edges c - 0.5 -+ (w - 1) / 2 (C.11.2.1.2) meet the same values.
 */
function windowsOf(set: DataSet, slope: number, intercept: number, offset: number): Window[] {
  const centers = decimals(set, 'x00281050');
  const widths = decimals(set, 'x00281051');
  const names = (text(set, 'x00281055') ?? '').split('\\');
  return centers.flatMap((center, i) => {
    const width = widths[i];
    if (width === undefined || width < 1) return [];
    return [
      {
        name: names[i]?.trim() || `file ${String(i + 1)}`,
        center: (center - 0.5 - intercept) / slope - offset + 0.5,
        width: (width - 1) / Math.abs(slope) + 1,
      },
    ];
  });
}

/** Pixel Padding Value and Range Limit, PS3.3 C.7.5.1.1.2, as samples. */
function paddingOf(set: DataSet, module: PixelModule, offset: number): Raster['padding'] {
  const read = (tag: string) => (module.signed ? set.int16(tag) : set.uint16(tag));
  const value = read('x00280120');
  if (value === undefined) return null;
  const limit = read('x00280121') ?? value;
  return { low: Math.min(value, limit) - offset, high: Math.max(value, limit) - offset };
}
