import { parseDicom, type DataSet, type Element } from 'dicom-parser';
import { inflateRawSync } from 'node:zlib';
import { corrupt, limits, unsupported } from '../bounds';
import { decodeText } from './charset';
import { looksExplicit, parseAs, readMeta } from './encoding';
import { DEFLATED, EXPLICIT, IMPLICIT, pixelTags, syntaxName, transferSyntax, type TransferSyntax } from './syntax';

export interface DicomHeader {
  readonly set: DataSet;
  readonly syntax: TransferSyntax;
  /** It breaks off behind the picture, which is whole. */
  readonly damaged: boolean;
}

/** Parses the data set of a syntax that is read. Every way in which the parser gives up becomes image-corrupt. */
export function readDicomHeader(file: Uint8Array): DicomHeader {
  const { set, uid, damaged } = parseDataSet(file);
  const syntax = transferSyntax(uid);
  return syntax ? { set, syntax, damaged } : unsupported(`the transfer syntax ${syntaxName(uid)}`);
}

/** The data set of any syntax: what is compressed is the picture alone. */
export function parseDataSet(file: Uint8Array): { set: DataSet; uid: string; bigEndian: boolean; damaged: boolean } {
  const { set, uid, damaged } = parse(file);
  return { set, uid, bigEndian: transferSyntax(uid)?.bigEndian === true, damaged };
}

function parse(file: Uint8Array): { set: DataSet; uid: string; damaged: boolean } {
  let tooLarge = false;
  const inflater = (bytes: Uint8Array, position: number) => {
    try {
      const set = inflateRawSync(bytes.subarray(position), { maxOutputLength: limits.inflatedBytes });
      return Buffer.concat([bytes.subarray(0, position), set]);
    } catch (error) {
      tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
      throw error;
    }
  };
  const whole = (set: DataSet, uid: string) => ({ set, uid, damaged: false });
  let uid = '';
  try {
    const preamble = Buffer.from(file.subarray(128, 132)).toString('latin1') === 'DICM';
    if (!preamble && file[0] !== 2) {
      uid = looksExplicit(file, 0) ? EXPLICIT : IMPLICIT;
      return whole(parseDicom(file, { TransferSyntaxUID: uid }), uid);
    }
    const bytes = preamble ? file : Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), file]);
    const meta = readMeta(bytes);
    const explicit = looksExplicit(bytes, meta.end);
    uid = meta.uid ?? (explicit ? EXPLICIT : IMPLICIT);
    const believed = meta.uid !== null && (uid === DEFLATED || explicit === (uid !== IMPLICIT));
    return whole(believed ? parseDicom(bytes, { inflater }) : parseAs(explicit, bytes, meta), uid);
  } catch (error) {
    if (tooLarge) return unsupported(`a deflated data set of more than ${String(limits.inflatedBytes / 1e6)} MB`);
    const set = partOf(error);
    return set ? { set, uid, damaged: true } : corrupt('its DICOM header breaks off', reasonOf(error));
  }
}

/** What was read before the parser gave up, where the picture is whole in it. */
function partOf(error: unknown): DataSet | null {
  if (typeof error !== 'object' || error === null || !('dataSet' in error)) return null;
  const set = error.dataSet as DataSet;
  const inside = (from: number, length: number) => from + length <= set.byteArray.length;
  const isWhole = ({ dataOffset, length, fragments = [] }: Element) =>
    inside(dataOffset, length) && fragments.every((fragment) => inside(fragment.position, fragment.length));
  return Object.values(pixelTags).some((tag) => tag in set.elements && isWhole(set.elements[tag] as Element)) ? set : null;
}

/** The parser throws strings and objects as well as errors. */
function reasonOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error instanceof Error) return error.message;
  return typeof error === 'object' && error !== null && 'exception' in error ? reasonOf(error.exception) : 'unknown';
}

/** A value of a decimal or integer string with several values (VR DS, IS), or null. */
export function decimals(set: DataSet, tag: string): number[] {
  const text = set.string(tag);
  if (text === undefined) return [];
  return text
    .split('\\')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
    .filter((value) => Number.isFinite(value));
}

/** A text in the character set of the file, or null where there is none. */
export function text(set: DataSet, tag: string): string | null {
  const element = set.elements[tag];
  if (!element || element.length === 0) return null;
  const bytes = set.byteArray.subarray(element.dataOffset, element.dataOffset + Math.min(element.length, 1000));
  return decodeText(bytes, set.string('x00080005')).slice(0, 200) || null;
}
