import type { DataSet } from 'dicom-parser';
import { corrupt } from '../bounds';
import { descriptorOf, entriesOf, wordsOf, type Descriptor, type LookupTable } from './tables';

/** Red, green and blue tables of PALETTE COLOR (C.7.9), plain or segmented (C.7.9.2). */
export function readPalette(set: DataSet, signed: boolean, bigEndian: boolean): [LookupTable, LookupTable, LookupTable] {
  const table = (color: 1 | 2 | 3): LookupTable => {
    const descriptor = descriptorOf(set, `x0028110${String(color)}`, signed);
    const values =
      descriptor &&
      (entriesOf(set, `x0028120${String(color)}`, descriptor, bigEndian) ??
        segmentsOf(set, `x0028122${String(color)}`, descriptor, bigEndian));
    return descriptor && values ? { first: descriptor.first, bits: descriptor.bits, values } : corrupt('its palette is missing');
  };
  return [table(1), table(2), table(3)];
}

/**
 * PS3.3 C.7.9.2: discrete segments (0) list values, linear ones (1) go to a value, indirect ones (2) repeat earlier segments.
 * With entries of 8 bits every field is a byte, with entries of 16 a word; an indirect segment's byte offset has four bytes.
 */
function segmentsOf(set: DataSet, tag: string, { entries, bits }: Descriptor, bigEndian: boolean): Uint16Array | null {
  const words = wordsOf(set, tag, bigEndian);
  if (!words) return null;
  const wide = bits > 8;
  const fields = wide
    ? words
    : Uint16Array.from({ length: words.length * 2 }, (_, i) => ((words[i >> 1] as number) >>> (8 * (i & 1))) & 0xff);
  const field = (at: number): number => fields[at] ?? corrupt('a palette segment is cut short');
  const out: number[] = [];
  let steps = 0;
  const expand = (at: number, inside: boolean): number => {
    // Segments may be empty and repeated without end; every one that says something adds an entry.
    if (++steps > 4 * entries + 1000) corrupt('its palette segments lead nowhere');
    const kind = field(at);
    const length = field(at + 1);
    if (kind === 0) {
      for (let i = 0; i < length; i++) out.push(field(at + 2 + i));
      return at + 2 + length;
    }
    if (kind === 1) {
      const from = out.at(-1) ?? corrupt('a palette begins with a linear segment');
      const to = field(at + 2);
      for (let i = 1; i <= length; i++) out.push(Math.round(from + ((to - from) * i) / length));
      return at + 3;
    }
    if (kind !== 2 || inside) return corrupt('a palette segment of an unknown kind');
    const offset = wide
      ? (field(at + 2) + 65536 * field(at + 3)) / 2
      : field(at + 2) + 256 * field(at + 3) + 65536 * (field(at + 4) + 256 * field(at + 5));
    let next = Math.floor(offset);
    for (let i = 0; i < length && out.length < entries; i++) next = expand(next, true);
    return at + (wide ? 4 : 6);
  };
  let at = 0;
  while (out.length < entries && at < fields.length) at = expand(at, false);
  if (out.length < entries) corrupt(`a palette holds ${String(out.length)} of ${String(entries)} entries`);
  return Uint16Array.from(out.slice(0, entries));
}
