import { deflateRawSync } from 'node:zlib';

/** Writes DICOM files for tests: PS3.5 explicit VR little endian, sequences and fragments included. */

type Value = string | number[] | Uint8Array | Elements[] | Uint8Array[];
/** Elements in the order of their tags, each as [value representation, value]. */
export type Elements = Record<string, [vr: string, value: Value]>;

export const EXPLICIT = '1.2.840.10008.1.2.1';

const DEFLATED = '1.2.840.10008.1.2.1.99';

/** Keys are tags of eight digits; they are sorted. An array of byte arrays under OB is a sequence of fragments. */
export function dicomFile(elements: Elements, syntax = EXPLICIT): Buffer {
  const meta = dataSet({ '00020010': ['UI', syntax] });
  const set = dataSet(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element('00020000', 'UL', length),
    meta,
    syntax === DEFLATED ? deflateRawSync(set) : set,
  ]);
}

/** A grey picture of `width` samples in one row, 16 bits allocated and stored, unless told otherwise. */
export function greyFile(samples: number[], more: Elements = {}, syntax = EXPLICIT): Buffer {
  return dicomFile(
    {
      '00280002': ['US', [1]],
      '00280004': ['CS', 'MONOCHROME2'],
      '00280010': ['US', [1]],
      '00280011': ['US', [samples.length]],
      '00280100': ['US', [16]],
      '00280101': ['US', [16]],
      '00280102': ['US', [15]],
      '00280103': ['US', [0]],
      '7fe00010': ['OW', new Uint8Array(Uint16Array.from(samples).buffer)],
      ...more,
    },
    syntax,
  );
}

const dataSet = (elements: Elements): Buffer =>
  Buffer.concat(
    Object.entries(elements)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([tag, [vr, value]]) => element(tag, vr, value)),
  );

function element(tag: string, vr: string, value: Value): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(parseInt(tag.slice(4), 16), 2);
  head.write(vr, 4, 'latin1');
  const fragments = vr === 'OB' && Array.isArray(value);
  const bytes = fragments ? Buffer.concat([...(value as Uint8Array[]).map(item), delimiter]) : bytesOf(vr, value);
  if (!['OB', 'OW', 'OF', 'OD', 'SQ', 'UN', 'UT'].includes(vr)) {
    head.writeUInt16LE(bytes.length, 6);
    return Buffer.concat([head, bytes]);
  }
  const length = Buffer.alloc(4);
  length.writeUInt32LE(fragments ? 0xffffffff : bytes.length);
  return Buffer.concat([head, length, bytes]);
}

function bytesOf(vr: string, value: Value): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'latin1');
    return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  }
  if (value instanceof Uint8Array) return Buffer.concat([value, Buffer.alloc(value.length % 2)]);
  if (vr === 'SQ') return Buffer.concat((value as Elements[]).map((elements) => item(dataSet(elements))));
  const numbers = value as number[];
  const bytes = Buffer.alloc(numbers.length * (vr === 'UL' ? 4 : 2));
  numbers.forEach((number, i) => (vr === 'UL' ? bytes.writeUInt32LE(number, 4 * i) : bytes.writeUInt16LE(number & 0xffff, 2 * i)));
  return bytes;
}

function item(bytes: Uint8Array): Buffer {
  const head = Buffer.from('feff00e000000000', 'hex');
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  head.writeUInt32LE(even.length, 4);
  return Buffer.concat([head, even]);
}
const delimiter = Buffer.from('feffdde000000000', 'hex');
