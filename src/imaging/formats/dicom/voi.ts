import type { DataSet } from 'dicom-parser';
import type { ImageNote } from '../../../contract/model';
import { FailureError } from '../../../contract/result';
import type { Window } from '../raster';
import { sigmoidTable } from '../../window/sigmoid';
import { decimals, text } from './header';
import { fullScale, lookUp, readLut, type LookupTable } from './tables';

interface Scale {
  /** Value after the modality transformation = slope * sample + intercept, slope > 0. */
  readonly rescale: { readonly slope: number; readonly intercept: number };
  /** Samples are 0..maximum. */
  readonly maximum: number;
  /** Values after the modality transformation can be negative. */
  readonly signed: boolean;
  readonly bigEndian: boolean;
}

export interface Views {
  readonly windows: readonly Window[];
  readonly notes: readonly ImageNote[];
}

/**
 * The views that the file offers, tables before windows, over samples instead of values (PS3.3 C.11.2). `item` holds the
 * windows (the data set, or a Frame VOI LUT item), `set` the VOI LUT Sequence. A damaged table costs the table alone.
 */
export function voiWindows(item: DataSet, set: DataSet, scale: Scale): Views {
  const notes = new Set<ImageNote>();
  const tables = lutWindows(set, scale, notes);
  const lines = centerWidthWindows(item, scale);
  const stated = decimals(item, 'x00281051').length > 0;
  if (stated && tables.length + lines.length === 0) notes.add('window-invalid');
  return { windows: [...tables, ...lines], notes: [...notes] };
}

/** Null: damaged, or not one. */
export function lutOrNull(item: DataSet | undefined, signed: boolean, bigEndian: boolean): LookupTable | null {
  try {
    return item ? readLut(item, signed, bigEndian) : null;
  } catch (error) {
    if (error instanceof FailureError) return null;
    throw error;
  }
}

/** VOI LUT Sequence (0028,3010), C.11.2.1.1. The input of a table is the value; its entries span 0 to 2^bits - 1. */
function lutWindows(set: DataSet, { rescale: { slope, intercept }, maximum, signed, bigEndian }: Scale, notes: Set<ImageNote>): Window[] {
  return (set.elements['x00283010']?.items ?? []).flatMap(({ dataSet }, i) => {
    const lut = lutOrNull(dataSet, signed, bigEndian);
    if (!lut || !dataSet) {
      notes.add('part-damaged');
      return [];
    }
    const { full, misstated } = fullScale(lut);
    if (misstated) notes.add('lut-scaled');
    const table = Uint8Array.from({ length: maximum + 1 }, (_, sample) =>
      Math.min(255, Math.floor((lookUp(lut, slope * sample + intercept) / full) * 255 + 0.5)),
    );
    // What a display that knows only lines makes of it: from the table's first input to its last.
    const low = (lut.first - intercept) / slope;
    const span = (lut.values.length - 1) / slope;
    return [{ name: text(dataSet, 'x00283003') ?? `table ${String(i + 1)}`, center: low + span / 2 + 0.5, width: span + 1, table }];
  });
}

/**
 * Window Center and Width (0028,1050) and (0028,1051) with VOI LUT Function (0028,1056), C.11.2.1.2 and C.11.2.1.3, as LINEAR
 * windows over samples. Windows that the standard does not allow (LINEAR narrower than 1, others of 0 or less) are left out.
 */
function centerWidthWindows(item: DataSet, { rescale: { slope, intercept }, maximum }: Scale): Window[] {
  const centers = decimals(item, 'x00281050');
  const widths = decimals(item, 'x00281051');
  const names = (text(item, 'x00281055') ?? '').split('\\');
  const shape = text(item, 'x00281056') ?? 'LINEAR';
  return centers.flatMap((center, i) => {
    const width = widths[i];
    if (width === undefined || !(shape === 'LINEAR' ? width >= 1 : width > 0)) return [];
    const name = names[i]?.trim() || `file ${String(i + 1)}`;
    const at = (center - intercept) / slope;
    if (shape === 'SIGMOID') {
      // C.11.2.1.3.1: in the middle a sigmoid rises like the LINEAR_EXACT window of its width.
      return [{ name, center: at + 0.5, width: width / slope + 1, table: sigmoidTable(at, width / slope, maximum) }];
    }
    // C.11.2.1.3.2: LINEAR_EXACT runs from c - w/2 to c + w/2, LINEAR from c - 0.5 - (w-1)/2 to c - 0.5 + (w-1)/2.
    if (shape === 'LINEAR_EXACT') return [{ name, center: at + 0.5, width: width / slope + 1 }];
    return [{ name, center: (center - 0.5 - intercept) / slope + 0.5, width: (width - 1) / slope + 1 }];
  });
}
