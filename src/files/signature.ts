export const formats = ['PNG', 'JPEG', 'WebP', 'TIFF', 'DICOM'] as const;
export type Format = (typeof formats)[number];

/** What a file is by its first bytes; its name plays no part. */
export type Signature = { readonly kind: 'image'; readonly format: Format } | { readonly kind: 'other'; readonly name: string } | null;

const ascii = (bytes: Uint8Array, at: number, text: string) =>
  bytes.length >= at + text.length && String.fromCharCode(...bytes.subarray(at, at + text.length)) === text;
const starts = (bytes: Uint8Array, ...values: number[]) => values.every((value, i) => bytes[i] === value);

/** Formats that are images or are often met among them, but are not read: named so that the person learns why. */
const others: [name: string, test: (bytes: Uint8Array) => boolean][] = [
  ['the GIF format', (b) => ascii(b, 0, 'GIF8')],
  // The four reserved bytes tell it from a text.
  ['the BMP format', (b) => ascii(b, 0, 'BM') && b.length > 26 && [6, 7, 8, 9].every((at) => b[at] === 0)],
  ['the JPEG 2000 format', (b) => ascii(b, 4, 'jP  ') || starts(b, 0xff, 0x4f, 0xff, 0x51)],
  ['the JPEG XL format', (b) => ascii(b, 4, 'JXL ') || starts(b, 0xff, 0x0a)],
  ['the HEIF format', (b) => ascii(b, 4, 'ftyp')],
  ['the PDF format', (b) => ascii(b, 0, '%PDF')],
  ['the NRRD format', (b) => ascii(b, 0, 'NRRD000')],
  ['the NIfTI format', (b) => ascii(b, 344, 'n+1')],
  ['the PNM format', (b) => b[0] === 0x50 && (b[1] ?? 0) >= 0x31 && (b[1] ?? 0) <= 0x36 && [0x0a, 0x0d, 0x20].includes(b[2] ?? 0)],
];

/** The name of the format without "the" and "format", for a list. */
export const plainName = (name: string): string => name.replace(/^the (.*) format$/, '$1');

/** Bytes that `signature` needs to see. */
export const SIGNATURE_LENGTH = 352;

export function signature(bytes: Uint8Array): Signature {
  const image = (format: Format) => ({ kind: 'image', format }) as const;
  // First of all: the preamble of a DICOM file is free, and some hold the beginning of a TIFF file.
  if (ascii(bytes, 128, 'DICM')) return image('DICOM');
  if (starts(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return image('PNG');
  if (starts(bytes, 0xff, 0xd8, 0xff)) return image('JPEG');
  if (ascii(bytes, 0, 'RIFF') && ascii(bytes, 8, 'WEBP')) return image('WebP');
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((magic) => ascii(bytes, 0, magic))) return image('TIFF');
  if (bareDataSet(bytes)) return image('DICOM');
  const other = others.find(([, test]) => test(bytes));
  return other ? { kind: 'other', name: other[0] } : null;
}

/** DICOM without preamble (PS3.10 asks for one, old archives leave it out): the data set opens with group 0002 or 0008. */
function bareDataSet(bytes: Uint8Array): boolean {
  if (bytes.length < 12 || bytes[1] !== 0 || bytes[3] !== 0) return false;
  const explicit = /^(UL|UI|CS|OB|SH|DA|TM|LO|IS|AE|PN)$/.test(String.fromCharCode(bytes[4] ?? 0, bytes[5] ?? 0));
  // Group 0002 is always explicit.
  if (explicit) return bytes[0] === 2 || bytes[0] === 8;
  return bytes[0] === 8 && implicitElement(bytes);
}

/**
 * An implicit element of group 0008 has a small length in bytes 4 to 7. So have many files of numbers: the value must be what the first
 * elements of that group hold, a length (0008,0000 and 0001) or a short text.
 */
function implicitElement(bytes: Uint8Array): boolean {
  const [element = 0, , length = 0, ...high] = bytes.subarray(2, 8);
  if (high.some((byte) => byte !== 0) || length % 2 === 1) return false;
  // More of the group follows.
  const follows = (at: number) => bytes[at] === 8 && bytes[at + 1] === 0;
  if (element < 2) return length === 4 && follows(12);
  if (length === 0) return follows(8);
  return bytes.subarray(8, 8 + length).every((byte) => byte === 0 || (byte >= 0x20 && byte < 0x7f));
}
