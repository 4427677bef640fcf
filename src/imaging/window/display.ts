import type { WindowKind } from '../../contract/jobs/imaging';
import type { ImageNote } from '../../contract/model';
import type { Picture, Raster, Window } from '../formats/raster';
import { isEmptied } from './emptied';
import { windowBetween, windowTable } from './linear';
import { histogram, percentile } from './percentile';

/** Parts of the histogram, from its darkest to its brightest sample as shown. */
const PARTS = { auto: [0.01, 0.99], narrow: [0.05, 0.95], lung: [0.02, 0.7], bone: [0.25, 0.995] } as const;

export type Preset = Window & { readonly kind: WindowKind };

/**
 * Window presets, the default one first: the file's own windows; else, or where the first of them shows next to nothing of the image, for more
 * than 8 bits percentiles 1 to 99 of the samples; else the samples as they are. Radiographs have no calibrated unit (as CT has): "lungs" and "bone" are the darker and the brighter part of
 * the grey image's own histogram without its outermost values, which are background and markers.
 */
export function presets(raster: Raster): Preset[] {
  const counts = histogram(raster);
  const auto: Preset = { kind: 'auto', ...autoWindow(counts) };
  const full: Preset = { kind: 'full', ...(isDeep(raster) ? between(counts, 'full range', [0, 1]) : asStored(raster)) };
  const own = raster.windows.map((window): Preset => ({ kind: 'file', ...window }));
  const ours = isDeep(raster) ? [auto] : [full, auto];
  const [chosen] = raster.windows;
  const first = chosen && isEmptied(counts, chosen) ? [auto, ...own, ...ours.filter((preset) => preset !== auto)] : [...own, ...ours];
  const narrow: Preset = { kind: 'narrow', ...between(counts, 'percentiles 5 to 95', PARTS.narrow) };
  const parts = raster.channels === 1 ? tissues(counts, raster.inverted) : [];
  return [...first, narrow, ...parts, ...(first.includes(full) ? [] : [full])];
}

function tissues(counts: Uint32Array, inverted: boolean): Preset[] {
  const inner = withoutOutermost(counts);
  // Where high samples are shown dark, the darkest part is that of the highest.
  const part = ([low, high]: readonly [number, number]) => (inverted ? ([1 - high, 1 - low] as const) : ([low, high] as const));
  return [
    { kind: 'lung', ...between(inner, 'lungs', part(PARTS.lung)) },
    { kind: 'bone', ...between(inner, 'bone', part(PARTS.bone)) },
  ];
}

/** What is shown when nobody has chosen: the first of the presets, without the work for the others. `notes`: those of the raster, and of this choice. */
export function defaultView(raster: Raster): { readonly window: Window; readonly notes: readonly ImageNote[] } {
  const { notes, windows } = raster;
  const [own] = windows;
  if (own) {
    const counts = histogram(raster);
    return isEmptied(counts, own) ? { window: autoWindow(counts), notes: [...notes, 'window-empty'] } : { window: own, notes };
  }
  return { window: isDeep(raster) ? autoWindow(histogram(raster)) : asStored(raster), notes };
}

const autoWindow = (counts: Uint32Array) => between(counts, 'percentiles 1 to 99', PARTS.auto);

const between = (counts: Uint32Array, name: string, [low, high]: readonly [number, number]): Window =>
  windowBetween(name, percentile(counts, low), percentile(counts, high));

/** As it is where hardly anything would be left. */
function withoutOutermost(counts: Uint32Array): Uint32Array {
  const occupied = counts.reduce((sum, count) => sum + Number(count > 0), 0);
  if (occupied < 8) return counts;
  const inner = counts.slice();
  inner[counts.findIndex((count) => count > 0)] = 0;
  inner[counts.findLastIndex((count) => count > 0)] = 0;
  return inner;
}

/** Samples of 8 bits are greys already. Those of one bit (a DICOM segmentation; other formats spread them) are black and white. */
const asStored = ({ bits, format }: Raster) => windowBetween('as stored', 0, bits === 1 && format === 'DICOM' ? 1 : 255);

const isDeep = ({ data }: Raster) => data instanceof Uint16Array;

/** The 8-bit picture that is shown, embedded and made into thumbnails: default window, then inversion. */
export function display(raster: Raster, view = defaultView(raster)): Picture {
  const { width, height, channels, data, inverted } = raster;
  if (channels === 3 && data instanceof Uint8Array && !inverted) return { width, height, channels, data };
  if (data instanceof Uint8Array && raster.windows.length === 0 && !inverted && raster.bits !== 1) return { width, height, channels, data };
  const table = windowTable(view.window, data instanceof Uint8Array ? 255 : 65535);
  if (inverted) for (let i = 0; i < table.length; i++) table[i] = 255 - (table[i] as number);
  const samples = new Uint8Array(data.length);
  for (let i = 0; i < samples.length; i++) samples[i] = table[data[i] as number] as number;
  return { width, height, channels, data: samples };
}
