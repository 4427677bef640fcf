import type { DataSet } from 'dicom-parser';
import type { Raster } from '../raster';
import type { Frame } from './frame';
import { functionalGroup } from './groups';
import { decimals } from './header';
import type { PixelModule } from './module';
import { greySamples, type GreySamples } from './samples';
import { lookUp, type LookupTable } from './tables';
import { lutOrNull, voiWindows } from './voi';

type GreyRaster = Pick<Raster, 'channels' | 'data' | 'rescale' | 'windows' | 'padding' | 'inverted' | 'notes'>;

/**
 * From stored values to samples that rise with the output of the modality transformation (PS3.3 C.11.1): through a Modality
 * LUT to its entries, through Rescale Slope and Intercept by keeping the stored values and noting value = slope * sample + intercept.
 */
export function greyRaster(set: DataSet, module: PixelModule, read: Frame, frame: number, bigEndian: boolean): GreyRaster {
  const stored = greySamples(read, module);
  const { item, lut } = modalityLut(set, module, bigEndian);
  const samples = lut ? throughTable(stored, lut) : stored;
  const transformation = functionalGroup(set, frame, 'x00289145');
  const slope = (lut ? undefined : decimals(transformation, 'x00281053')[0]) ?? 1;
  const intercept = (lut ? undefined : decimals(transformation, 'x00281052')[0]) ?? 0;
  const maximum = samples.data instanceof Uint8Array ? 255 : 65535;
  const rising = slope * samples.gain > 0;
  // A negative slope turns the samples round, so that windows and tables need no second case. The range is kept to what is stored.
  const top = rising ? 0 : Math.min(maximum, lut ? maximum : 2 ** Math.min(module.stored, 16) - 1);
  if (!rising && slope !== 0) for (let i = 0; i < samples.data.length; i++) samples.data[i] = top - (samples.data[i] as number);
  const gain = slope === 0 || rising ? samples.gain : -samples.gain;
  const base = slope === 0 || rising ? samples.base : samples.base + samples.gain * top;
  // A slope of 0 says nothing of the values and is left aside.
  const rescale =
    slope === 0 ? { slope: samples.gain, intercept: samples.base } : { slope: slope * gain, intercept: slope * base + intercept };
  const scale = { rescale, maximum, signed: module.signed || rescale.intercept < 0, bigEndian };
  // Windows are for what comes out of the Modality LUT: without it they mean nothing.
  const damaged = item !== undefined && lut === null;
  const views = damaged
    ? { windows: [], notes: ['part-damaged' as const] }
    : voiWindows(functionalGroup(set, frame, 'x00289132'), set, scale);
  return {
    channels: 1,
    data: samples.data,
    rescale,
    ...views,
    padding: lut ? null : paddingOf(set, module, gain, base),
    // C.7.6.3.1.2: MONOCHROME1 shows the smallest value white, after all transformations. Presentation LUT Shape (C.11.6) repeats it.
    inverted: module.photometric === 'MONOCHROME1',
  };
}

/** Modality LUT Sequence (0028,3000), C.11.1. The first input of its descriptor is signed like the pixels. */
function modalityLut(set: DataSet, { signed }: PixelModule, bigEndian: boolean) {
  const item = set.elements['x00283000']?.items?.[0]?.dataSet;
  return { item, lut: lutOrNull(item, signed, bigEndian) };
}

function throughTable({ data, gain, base }: GreySamples, lut: LookupTable): GreySamples {
  const table = Uint16Array.from({ length: data instanceof Uint8Array ? 256 : 65536 }, (_, sample) => lookUp(lut, gain * sample + base));
  const narrow = lut.bits <= 8 && lut.values.every((value) => value <= 255);
  const out = narrow ? new Uint8Array(data.length) : new Uint16Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = table[data[i] as number] as number;
  return { data: out, gain: 1, base: 0 };
}

/** Pixel Padding Value and Range Limit, stored values (PS3.3 C.7.5.1.1.2), as samples. */
function paddingOf(set: DataSet, module: PixelModule, gain: number, base: number): Raster['padding'] {
  if (module.allocated !== 8 && module.allocated !== 16) return null;
  const read = (tag: string) => (module.signed ? set.int16(tag) : set.uint16(tag));
  const value = read('x00280120');
  if (value === undefined) return null;
  const ends = [value, read('x00280121') ?? value].map((stored) => (stored - base) / gain);
  return { low: Math.min(...ends), high: Math.max(...ends) };
}
