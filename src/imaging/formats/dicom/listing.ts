import type { DataSet, Element } from 'dicom-parser';
import type { HeaderField } from '../../../contract/jobs/imaging';
import { decodeText } from './charset';
import dictionary from './dictionary.json';
import { parseDataSet } from './header';

const names: Readonly<Record<string, string>> = dictionary;
/** A panel needs no more, and a hostile file must not fill the memory of the page. */
const FIELDS = 2000;
const CHARACTERS = 1000;
const NUMBERS = 16;
const DEPTH = 4;

/** All fields of the header in the order of their tags, sequences item by item with '>' before the name, as the standard's tables have it. */
export function listHeader(file: Uint8Array): HeaderField[] {
  const { set, bigEndian } = parseDataSet(file);
  const fields: HeaderField[] = [];
  const walk = (items: DataSet, depth: number) => {
    for (const [key, element] of Object.entries(items.elements).sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (fields.length >= FIELDS) return;
      const code = key.slice(1);
      const [vr = 'UN', ...words] = (names[code] ?? '').split(' ');
      const privately = parseInt(code.slice(3, 4), 16) % 2 === 1;
      const name = words.length > 0 ? words.join(' ') : code.endsWith('0000') ? 'Group Length' : privately ? 'Private' : 'Unknown';
      fields.push({
        tag: `(${code.slice(0, 4)},${code.slice(4)})`.toUpperCase(),
        name: `${'> '.repeat(depth)}${name}`,
        value: valueOf(items, element, element.vr ?? vr, set.string('x00080005'), bigEndian),
      });
      if (depth < DEPTH) for (const { dataSet } of element.items ?? []) if (dataSet) walk(dataSet, depth + 1);
    }
  };
  walk(set, 0);
  return fields;
}

const numbers: Readonly<Record<string, readonly [bytes: number, read: (view: DataView, at: number, little: boolean) => number | string]>> =
  {
    US: [2, (view, at, little) => view.getUint16(at, little)],
    SS: [2, (view, at, little) => view.getInt16(at, little)],
    UL: [4, (view, at, little) => view.getUint32(at, little)],
    SL: [4, (view, at, little) => view.getInt32(at, little)],
    FL: [4, (view, at, little) => view.getFloat32(at, little)],
    FD: [8, (view, at, little) => view.getFloat64(at, little)],
    AT: [4, (view, at, little) => [at, at + 2].map((half) => view.getUint16(half, little).toString(16).padStart(4, '0')).join(',')],
  };

const texts = new Set(['AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'LO', 'LT', 'PN', 'SH', 'ST', 'TM', 'UC', 'UI', 'UR', 'UT']);

function valueOf(set: DataSet, element: Element, vr: string, characterSet: string | undefined, bigEndian: boolean): string {
  if (element.items) return `${String(element.items.length)} ${element.items.length === 1 ? 'item' : 'items'}`;
  const bytes = set.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  if (texts.has(vr)) return decodeText(bytes.subarray(0, CHARACTERS), characterSet);
  const [width, read] = numbers[vr] ?? [0, null];
  if (!read || bytes.length % width !== 0) return `${String(element.length)} bytes`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = bytes.length / width;
  const shown = Array.from({ length: Math.min(count, NUMBERS) }, (_, i) => String(read(view, i * width, !bigEndian)));
  return count > NUMBERS ? `${shown.join(' \\ ')} and ${String(count - NUMBERS)} more` : shown.join(' \\ ');
}
