/** How the samples of a transfer syntax are coded. PS3.5 annex A. */
export type Coding = 'native' | 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

export interface TransferSyntax {
  readonly name: string;
  readonly coding: Coding;
  readonly bigEndian: boolean;
}

export const IMPLICIT = '1.2.840.10008.1.2';
export const EXPLICIT = '1.2.840.10008.1.2.1';
export const DEFLATED = '1.2.840.10008.1.2.1.99';

/** The element with the picture, by what it holds. */
export const pixelTags = { integer: 'x7fe00010', float: 'x7fe00008', double: 'x7fe00009' } as const;

const syntax = (name: string, coding: Coding, bigEndian = false): TransferSyntax => ({ name, coding, bigEndian });

/** The transfer syntaxes that are read, by UID. */
const read: Readonly<Record<string, TransferSyntax>> = {
  [IMPLICIT]: syntax('Implicit VR Little Endian', 'native'),
  [EXPLICIT]: syntax('Explicit VR Little Endian', 'native'),
  [DEFLATED]: syntax('Deflated Explicit VR Little Endian', 'native'),
  '1.2.840.10008.1.2.2': syntax('Explicit VR Big Endian', 'native', true),
  '1.2.840.10008.1.2.5': syntax('RLE Lossless', 'rle'),
  '1.2.840.10008.1.2.4.50': syntax('JPEG Baseline', 'jpeg'),
  '1.2.840.10008.1.2.4.51': syntax('JPEG Extended', 'jpeg'),
  '1.2.840.10008.1.2.4.57': syntax('JPEG Lossless', 'jpeg'),
  '1.2.840.10008.1.2.4.70': syntax('JPEG Lossless SV1', 'jpeg'),
  '1.2.840.10008.1.2.4.80': syntax('JPEG-LS Lossless', 'jpeg-ls'),
  '1.2.840.10008.1.2.4.81': syntax('JPEG-LS Near-lossless', 'jpeg-ls'),
  '1.2.840.10008.1.2.4.90': syntax('JPEG 2000 Lossless', 'jpeg-2000'),
  '1.2.840.10008.1.2.4.91': syntax('JPEG 2000', 'jpeg-2000'),
  '1.2.840.10008.1.2.4.201': syntax('HTJ2K Lossless', 'htj2k'),
  '1.2.840.10008.1.2.4.202': syntax('HTJ2K Lossless RPCL', 'htj2k'),
  '1.2.840.10008.1.2.4.203': syntax('HTJ2K', 'htj2k'),
};

/** Names of those that are not, for the sentence. */
const refused: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2.4.52': 'JPEG Extended (processes 3 and 5)',
  '1.2.840.10008.1.2.4.53': 'JPEG Spectral Selection',
  '1.2.840.10008.1.2.4.55': 'JPEG Full Progression',
  '1.2.840.10008.1.2.4.92': 'JPEG 2000 Multi-component',
  '1.2.840.10008.1.2.4.93': 'JPEG 2000 Multi-component',
  '1.2.840.10008.1.2.4.94': 'JPIP Referenced',
  '1.2.840.10008.1.2.4.95': 'JPIP Referenced Deflate',
  '1.2.840.10008.1.2.4.100': 'MPEG-2',
  '1.2.840.10008.1.2.4.101': 'MPEG-2',
  '1.2.840.10008.1.2.4.102': 'MPEG-4',
  '1.2.840.10008.1.2.4.103': 'MPEG-4',
  '1.2.840.10008.1.2.4.110': 'JPEG XL',
  '1.2.840.10008.1.2.4.111': 'JPEG XL',
  '1.2.840.10008.1.2.4.112': 'JPEG XL',
};

export const transferSyntax = (uid: string): TransferSyntax | null => read[uid] ?? null;
export const syntaxName = (uid: string): string => read[uid]?.name ?? refused[uid] ?? uid;
