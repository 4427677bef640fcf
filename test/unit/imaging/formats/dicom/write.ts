import { deflateRawSync } from 'node:zlib';

/** Writes DICOM files for tests: PS3.5 explicit VR little endian, sequences and fragments included. */

type Value = string | number[] | Uint8Array | Elements[] | Uint8Array[];
/** Elements in the order of their tags, each as [value representation, value]. */
export type Elements = Record<string, [vr: string, value: Value]>;

export const IMPLICIT = '1.2.840.10008.1.2';
export const EXPLICIT = '1.2.840.10008.1.2.1';
export const BIG_ENDIAN = '1.2.840.10008.1.2.2';
export const DEFLATED = '1.2.840.10008.1.2.1.99';

interface Style {
  readonly implicit: boolean;
  readonly big: boolean;
}
const plain: Style = { implicit: false, big: false };

/** Keys are tags of eight digits; they are sorted. An array of byte arrays under OB is a sequence of fragments. OW are little-endian words. */
export function dicomFile(elements: Elements, syntax = EXPLICIT): Buffer {
  const meta = dataSet({ '00020010': ['UI', syntax] }, plain);
  const set = dataSet(elements, { implicit: syntax === IMPLICIT, big: syntax === BIG_ENDIAN });
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element('00020000', 'UL', length, plain),
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

const dataSet = (elements: Elements, style: Style): Buffer =>
  Buffer.concat(
    Object.entries(elements)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([tag, [vr, value]]) => element(tag, vr, value, style)),
  );

function element(tag: string, vr: string, value: Value, style: Style): Buffer {
  const fragments = vr === 'OB' && Array.isArray(value);
  const bytes = fragments
    ? Buffer.concat([...(value as Uint8Array[]).map((each) => item(each, style)), delimiter])
    : bytesOf(vr, value, style);
  const head = [number(parseInt(tag.slice(0, 4), 16), 2, style.big), number(parseInt(tag.slice(4), 16), 2, style.big)];
  const length = fragments ? 0xffffffff : bytes.length;
  if (style.implicit) return Buffer.concat([...head, number(length, 4, false), bytes]);
  const long = ['OB', 'OW', 'OF', 'OD', 'SQ', 'UN', 'UT'].includes(vr);
  const size = long ? [Buffer.alloc(2), number(length, 4, style.big)] : [number(length, 2, style.big)];
  return Buffer.concat([...head, Buffer.from(vr), ...size, bytes]);
}

function bytesOf(vr: string, value: Value, style: Style): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'latin1');
    return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  }
  if (value instanceof Uint8Array) {
    const even = Buffer.concat([value, Buffer.alloc(value.length % 2)]);
    return vr === 'OW' && style.big ? even.swap16() : even;
  }
  if (vr === 'SQ') return Buffer.concat((value as Elements[]).map((elements) => item(dataSet(elements, style), style)));
  return Buffer.concat((value as number[]).map((each) => number(each, vr === 'UL' ? 4 : 2, style.big)));
}

function item(bytes: Uint8Array, { big }: Style): Buffer {
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  return Buffer.concat([number(0xfffe, 2, big), number(0xe000, 2, big), number(even.length, 4, big), even]);
}
const delimiter = Buffer.from('feffdde000000000', 'hex');

/** The low bytes of a number. */
function number(value: number, bytes: 2 | 4, big: boolean): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  const low = out.subarray(0, bytes);
  return big ? low.reverse() : low;
}
