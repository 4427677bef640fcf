import {
  ByteStream,
  findEndOfEncapsulatedElement,
  littleEndianByteArrayParser,
  parseDicomDataSetExplicit,
  parseDicomDataSetImplicit,
  readPart10Header,
  type DataSet,
} from 'dicom-parser';
import { pixelTags } from './syntax';

/** The file meta information, and where the data set begins behind it. */
interface Meta {
  readonly set: DataSet;
  /** Null: it states no transfer syntax. */
  readonly uid: string | null;
  readonly end: number;
}

/** `bytes` begin with a preamble. Throws what the parser throws. */
export function readMeta(bytes: Uint8Array): Meta {
  const set = readPart10Header(bytes);
  const end = Object.values(set.elements).reduce((end, { dataOffset, length }) => Math.max(end, dataOffset + length), 132);
  return { set, uid: set.string('x00020010')?.trim() || null, end };
}

/** PS3.5 6.2: the first element of an explicit data set has its value representation behind the tag, that of an implicit one a length. */
export const looksExplicit = (bytes: Uint8Array, at: number): boolean =>
  /^[A-Z]{2}$/.test(String.fromCharCode(bytes[at + 4] ?? 0, bytes[at + 5] ?? 0));

/** A little-endian data set that is written otherwise than its transfer syntax says, up to its pixel data. Throws what the parser throws. */
export function parseAs(explicit: boolean, bytes: Uint8Array, { set, end }: Meta): DataSet {
  const stream = new ByteStream(littleEndianByteArrayParser, bytes, end);
  const parse = explicit ? parseDicomDataSetExplicit : parseDicomDataSetImplicit;
  parse(set, stream, bytes.length, { untilTag: pixelTags.integer });
  const pixels = set.elements[pixelTags.integer];
  if (pixels?.hadUndefinedLength) findEndOfEncapsulatedElement(stream, pixels);
  return set;
}
