import type { Picture, Raster, Window } from '../formats/raster';
import { windowBetween, windowTable } from './linear';
import { histogram, percentile } from './percentile';

/**
 * Window presets, the default one first: the file's own windows; else for more than 8 bits percentiles 1 to 99 of the
 * samples; else the samples as they are.
 */
export function presets(raster: Raster): Window[] {
  const deep = isDeep(raster);
  const counts = histogram(raster);
  const between = (name: string, a: number, b: number) => windowBetween(name, percentile(counts, a), percentile(counts, b));
  const auto = between('percentiles 1 to 99', 0.01, 0.99);
  const full = deep ? between('full range', 0, 1) : asStored(raster);
  const wide = between('percentiles 5 to 95', 0.05, 0.95);
  const own = raster.windows.map((window) => ({ ...window }));
  return deep ? [...own, auto, full, wide] : [...own, full, auto, wide];
}

/** The first of the presets, without the work for the others. */
function defaultWindow(raster: Raster): Window {
  const [own] = raster.windows;
  if (own) return own;
  if (!isDeep(raster)) return asStored(raster);
  const counts = histogram(raster);
  return windowBetween('percentiles 1 to 99', percentile(counts, 0.01), percentile(counts, 0.99));
}

/** Samples of 8 bits are greys already. Those of one bit (a DICOM segmentation; other formats spread them) are black and white. */
const asStored = ({ bits, format }: Raster) => windowBetween('as stored', 0, bits === 1 && format === 'DICOM' ? 1 : 255);

const isDeep = ({ data }: Raster) => data instanceof Uint16Array;

/** The 8-bit picture that is shown, embedded and made into thumbnails: default window, then inversion. */
export function display(raster: Raster): Picture {
  const { width, height, channels, data, inverted } = raster;
  if (channels === 3 && data instanceof Uint8Array && !inverted) return { width, height, channels, data };
  if (data instanceof Uint8Array && raster.windows.length === 0 && !inverted && raster.bits !== 1) return { width, height, channels, data };
  const table = windowTable(defaultWindow(raster), data instanceof Uint8Array ? 255 : 65535);
  if (inverted) for (let i = 0; i < table.length; i++) table[i] = 255 - (table[i] as number);
  const samples = new Uint8Array(data.length);
  for (let i = 0; i < samples.length; i++) samples[i] = table[data[i] as number] as number;
  return { width, height, channels, data: samples };
}
