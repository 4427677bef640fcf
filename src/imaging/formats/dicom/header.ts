import { parseDicom, type DataSet } from 'dicom-parser';
import { inflateRawSync } from 'node:zlib';
import { corrupt, limits, unsupported } from '../bounds';
import { decodeText } from './charset';
import { EXPLICIT, IMPLICIT, syntaxName, transferSyntax, type TransferSyntax } from './syntax';

export interface DicomHeader {
  readonly set: DataSet;
  readonly syntax: TransferSyntax;
}

/** Parses the data set of a syntax that is read. Every way in which the parser gives up becomes image-corrupt. */
export function readDicomHeader(file: Uint8Array): DicomHeader {
  const { set, uid } = parseDataSet(file);
  const syntax = transferSyntax(uid);
  return syntax ? { set, syntax } : unsupported(`the transfer syntax ${syntaxName(uid)}`);
}

/** The data set of any syntax: what is compressed is the picture alone. */
export function parseDataSet(file: Uint8Array): { set: DataSet; uid: string; bigEndian: boolean } {
  const set = parse(file);
  const uid = set.string('x00020010')?.trim() ?? bareSyntax(file);
  return { set, uid, bigEndian: transferSyntax(uid)?.bigEndian === true };
}

function parse(file: Uint8Array): DataSet {
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
  try {
    const preamble = Buffer.from(file.subarray(128, 132)).toString('latin1') === 'DICM';
    if (preamble) return parseDicom(file, { inflater });
    if (file[0] === 2) return parseDicom(Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), file]), { inflater });
    return parseDicom(file, { TransferSyntaxUID: bareSyntax(file) });
  } catch (error) {
    if (tooLarge) return unsupported(`a deflated data set of more than ${String(limits.inflatedBytes / 1e6)} MB`);
    return corrupt('its DICOM header breaks off', reasonOf(error));
  }
}

/** Without file meta information the first element shows whether value representations are written. */
const bareSyntax = (file: Uint8Array) => (/^[A-Z]{2}$/.test(String.fromCharCode(file[4] ?? 0, file[5] ?? 0)) ? EXPLICIT : IMPLICIT);

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
