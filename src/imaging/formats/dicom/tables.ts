import type { DataSet } from 'dicom-parser';
import { corrupt } from '../bounds';

/** A look-up table of the data set: `values[0]` is for the input `first` and everything below, the last for everything above. */
export interface LookupTable {
  readonly first: number;
  readonly values: Uint16Array;
  /** Bits of the entries. */
  readonly bits: number;
}

export const lookUp = ({ first, values }: LookupTable, input: number): number =>
  values[Math.min(Math.max(Math.round(input) - first, 0), values.length - 1)] as number;

/**
 * The value that stands for white. Of a table whose entries its descriptor cannot mean (they exceed its bits, or all fit in two bits fewer:
 * 12-bit entries under a descriptor that says 16 show a nearly black picture) that is the largest number of the bits that they need.
 */
export function fullScale({ values, bits }: LookupTable): { readonly full: number; readonly misstated: boolean } {
  const needed = Math.ceil(Math.log2(values.reduce((a, b) => Math.max(a, b), 0) + 1));
  const misstated = needed > bits || (needed > 0 && needed <= bits - 2);
  return { full: 2 ** (misstated ? needed : bits) - 1, misstated };
}

export interface Descriptor {
  readonly entries: number;
  readonly first: number;
  readonly bits: number;
}

/** LUT Descriptor: entries (0 means 65,536), first input, bits of an entry. PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5. */
export function descriptorOf(set: DataSet, tag: string, signed: boolean): Descriptor | null {
  const entries = set.uint16(tag, 0);
  const first = signed ? set.int16(tag, 1) : set.uint16(tag, 1);
  const bits = set.uint16(tag, 2);
  if (entries === undefined || first === undefined || bits === undefined) return null;
  if (bits < 1 || bits > 16) corrupt(`a look-up table states ${String(bits)} bits`);
  return { entries: entries === 0 ? 65536 : entries, first, bits };
}

/** Modality and VOI LUT items (C.11.1, C.11.2): descriptor (0028,3002), data (0028,3006). Null: not there, or without data. */
export function readLut(item: DataSet, signed: boolean, bigEndian: boolean): LookupTable | null {
  const descriptor = descriptorOf(item, 'x00283002', signed);
  const values = descriptor && entriesOf(item, 'x00283006', descriptor, bigEndian);
  return descriptor && values && { first: descriptor.first, bits: descriptor.bits, values };
}

/** Entries of 8 bits are packed two to a word, or, as some writers have it, one to a word. */
export function entriesOf(set: DataSet, tag: string, { entries, bits }: Descriptor, bigEndian: boolean): Uint16Array | null {
  const words = wordsOf(set, tag, bigEndian);
  if (!words) return null;
  if (words.length >= entries) return words.slice(0, entries);
  if (bits > 8 || words.length * 2 < entries) return corrupt(`a look-up table holds ${String(words.length)} of ${String(entries)} entries`);
  return Uint16Array.from({ length: entries }, (_, i) => ((words[i >> 1] as number) >>> (8 * (i & 1))) & 0xff);
}

export function wordsOf(set: DataSet, tag: string, bigEndian: boolean): Uint16Array | null {
  const element = set.elements[tag];
  if (!element || element.length < 2) return null;
  const view = new DataView(set.byteArray.buffer, set.byteArray.byteOffset + element.dataOffset, element.length);
  return Uint16Array.from({ length: element.length >> 1 }, (_, i) => view.getUint16(2 * i, !bigEndian));
}
