import { encodeWithVips } from '../../../src/imaging/formats/vips';
import { dicomFile, BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, type Elements } from '../imaging/formats/dicom/write';
import { encode, type Encoder } from '../imaging/formats/dicom/encode';
import { tiffFile } from '../imaging/formats/write-tiff';

const [WIDTH, HEIGHT] = [96, 72];

/** A picture with an up and a left, of `bits` bits a sample. */
function drawn(bits: number, channel = 0): number[] {
  const top = 2 ** bits - 1;
  return Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const [x, y] = [(i % WIDTH) / WIDTH, Math.floor(i / WIDTH) / HEIGHT];
    const wave = Math.sin(9 * x + channel) * Math.cos(7 * y * y) + (x > 0.7 && y < 0.3 ? 1 : 0) - (x * y > 0.6 ? 1 : 0);
    return Math.round(top * Math.min(1, Math.max(0, 0.5 + 0.2 * wave)));
  });
}

const bytes = (values: readonly number[]) => Uint8Array.from(values);
const words = (values: readonly number[]) => new Uint8Array(Uint16Array.from(values).buffer);

/** A grey DICOM file of 12 bits stored in 16. */
const dicom = (more: Elements, syntax = EXPLICIT) =>
  dicomFile(
    {
      '00280002': ['US', [1]],
      '00280004': ['CS', 'MONOCHROME2'],
      '00280010': ['US', [HEIGHT]],
      '00280011': ['US', [WIDTH]],
      '00280100': ['US', [16]],
      '00280101': ['US', [12]],
      '00280102': ['US', [11]],
      '00280103': ['US', [0]],
      '7fe00010': ['OW', words(drawn(12))],
      ...more,
    },
    syntax,
  );

const window = (center: number, width: number): Elements => ({ '00281050': ['DS', String(center)], '00281051': ['DS', String(width)] });
const rescale = (slope: number, intercept: number): Elements => ({
  '00281053': ['DS', String(slope)],
  '00281052': ['DS', String(intercept)],
});
const lut = (entries: number[], first: number, bits: number): Elements => ({
  '00283002': ['US', [entries.length === 65536 ? 0 : entries.length, first, bits]],
  '00283006': ['OW', words(entries)],
});
/** 4,096 entries that rise as a root does. */
const curve = (top: number) => Array.from({ length: 4096 }, (_, i) => Math.round(top * Math.sqrt(i / 4095)));
const voi = (entries: number[], bits: number): Elements => ({ '00283010': ['SQ', [lut(entries, 0, bits)]] });

const eight: Elements = { '00280100': ['US', [8]], '00280101': ['US', [8]], '00280102': ['US', [7]] };
const colour = (photometric: string, more: Elements = {}): Elements => ({
  ...eight,
  '00280002': ['US', [3]],
  '00280004': ['CS', photometric],
  '00280006': ['US', [0]],
  '7fe00010': ['OW', bytes(drawn(8).flatMap((value, i) => [value, drawn2[i] ?? 0, drawn3[i] ?? 0]))],
  ...more,
});
const [drawn2, drawn3] = [drawn(8, 1), drawn(8, 2)];

const palette = (color: 1 | 2 | 3, entries: number[]): Elements => ({
  [`0028110${String(color)}`]: ['US', [entries.length, 0, 16]],
  [`0028120${String(color)}`]: ['OW', words(entries)],
});

const dicoms: Record<string, Buffer> = {
  plain: dicom({}),
  implicit: dicom({}, IMPLICIT),
  'big endian': dicom(window(2000, 3000), BIG_ENDIAN),
  deflated: dicom(window(2000, 3000), DEFLATED),
  monochrome1: dicom({ '00280004': ['CS', 'MONOCHROME1'], ...window(1800, 2500) }),
  'two windows': dicom({ '00281050': ['DS', '1500\\3000'], '00281051': ['DS', '1200\\400'] }),
  'linear exact': dicom({ ...window(2000.5, 1500), '00281056': ['CS', 'LINEAR_EXACT'] }),
  sigmoid: dicom({ ...window(2000, 1500), '00281056': ['CS', 'SIGMOID'] }),
  'rescaled, window of values': dicom({ ...rescale(0.5, -1000), ...window(30, 1200) }),
  'falling rescale': dicom({ ...rescale(-2, 4095), ...window(100, 5000) }),
  'signed, padded': dicom({
    '00280103': ['US', [1]],
    '00280120': ['US', [0xf800]],
    '7fe00010': ['OW', words(drawn(12).map((value, i) => (i % WIDTH < 20 ? 0xf800 : (value - 2048) & 0xffff)))],
  }),
  'overlay in the high bits': dicom({ '7fe00010': ['OW', words(drawn(12).map((value, i) => value | (i % 3 === 0 ? 0xf000 : 0)))] }),
  'stored above': dicom({ '00280102': ['US', [15]], '7fe00010': ['OW', words(drawn(12).map((value) => value << 4))] }),
  'modality table': dicom({ '00283000': ['SQ', [lut(curve(65535), 0, 16)]] }),
  'VOI table of 16 bits': dicom(voi(curve(65535), 16)),
  'VOI table of 15 bits that says 16': dicom(voi(curve(32767), 16)),
  'eight bits': dicom({ ...eight, '7fe00010': ['OW', bytes(drawn(8))] }),
  'eight bits, windowed': dicom({ ...eight, ...window(128, 100), '7fe00010': ['OW', bytes(drawn(8))] }),
  'eight bits, inverted': dicom({ ...eight, '00280004': ['CS', 'MONOCHROME1'], '7fe00010': ['OW', bytes(drawn(8))] }),
  'one bit': dicom({
    '00280100': ['US', [1]],
    '00280101': ['US', [1]],
    '00280102': ['US', [0]],
    '7fe00010': ['OW', packed(drawn(1))],
  }),
  'thirty-two bits': dicom({
    '00280100': ['US', [32]],
    '00280101': ['US', [32]],
    '00280102': ['US', [31]],
    '7fe00010': ['OW', new Uint8Array(Uint32Array.from(drawn(12), (value) => value * 100_000).buffer)],
  }),
  'two frames': dicom({
    '00280008': ['IS', '2'],
    '52009230': ['SQ', [{ '00289132': ['SQ', [window(1500, 2000)]] }, { '00289132': ['SQ', [window(2500, 1000)]] }]],
    '7fe00010': ['OW', words([...drawn(12), ...drawn(12, 2)])],
  }),
  rgb: dicom(colour('RGB')),
  'planes of colour': dicom(colour('RGB', { '00280006': ['US', [1]], '7fe00010': ['OW', bytes([...drawn(8), ...drawn2, ...drawn3])] })),
  ybr: dicom(colour('YBR_FULL')),
  'ybr, halved': dicom(
    colour('YBR_FULL_422', {
      '7fe00010': [
        'OW',
        bytes(drawn(8).flatMap((value, i) => (i % 2 === 0 ? [value, drawn(8)[i + 1] ?? 0, drawn2[i] ?? 0, drawn3[i] ?? 0] : []))),
      ],
    }),
  ),
  'colour of 16 bits': dicom({
    ...colour('RGB'),
    '00280100': ['US', [16]],
    '00280101': ['US', [16]],
    '00280102': ['US', [15]],
    '7fe00010': ['OW', words(drawn(16).flatMap((value) => [value, value >> 1, value >> 2]))],
  }),
  palette: dicom({
    ...eight,
    '00280004': ['CS', 'PALETTE COLOR'],
    ...palette(
      1,
      Array.from({ length: 256 }, (_, i) => i * 257),
    ),
    ...palette(
      2,
      Array.from({ length: 256 }, (_, i) => 65535 - i * 200),
    ),
    ...palette(
      3,
      Array.from({ length: 256 }, (_, i) => i * i),
    ),
    '7fe00010': ['OW', bytes(drawn(8))],
  }),
};

/** Their own windows and tables are not followed, or not as they stand. */
const contradicting: Record<string, Buffer> = {
  threshold: dicom(window(2000, 1)),
  'window of stored values beside a rescale': dicom({ ...rescale(1, -32768), ...window(2048, 4096) }),
  'window outside': dicom(window(60_000, 100)),
  'window of width 0': dicom(window(2000, 0)),
  'VOI table of 12 bits that says 16': dicom(voi(curve(4095), 16)),
  'VOI table of 16 bits that says 10': dicom(voi(curve(65535), 10)),
  'VOI table that is black throughout, beside a window': dicom({
    ...voi(
      Array.from({ length: 4096 }, () => 0),
      12,
    ),
    ...window(2000, 3000),
  }),
  'VOI table cut short, beside a window': dicom({
    '00283010': ['SQ', [{ '00283002': ['US', [4096, 0, 12]], '00283006': ['OW', words(curve(4095).slice(0, 100))] }]],
    ...window(2000, 3000),
  }),
};

/** Compressed, under a header that states `stored` bits. */
async function compressed(method: Encoder, tail: string, bits: number, stored = bits): Promise<Buffer> {
  const samples = bits > 8 ? Uint16Array.from(drawn(bits)) : bytes(drawn(bits));
  const stream = await encode(method, { samples, width: WIDTH, channels: 1, bits });
  return dicom(
    {
      '00280100': ['US', [bits > 8 ? 16 : 8]],
      '00280101': ['US', [stored]],
      '00280102': ['US', [stored - 1]],
      '7fe00010': ['OB', [new Uint8Array(), stream]],
    },
    `1.2.840.10008.1.2.${tail}`,
  );
}

/** One bit a pixel, the first in the lowest. */
function packed(bits: readonly number[]): Uint8Array {
  const out = new Uint8Array(bits.length / 8);
  bits.forEach((bit, i) => (out[i >> 3] = (out[i >> 3] ?? 0) | (bit << (i & 7))));
  return out;
}

/** The picture as JPEG with this orientation in EXIF. */
async function jpeg(orientation: number): Promise<Buffer> {
  const written = await encodeWithVips('jpeg', { width: WIDTH, height: HEIGHT, channels: 1, data: bytes(drawn(8)) }, 90);
  const plain = withoutExif(Buffer.from(written));
  // One entry of a little-endian directory: tag 0x112, a short.
  const exif = Buffer.from('45786966000049492a0008000000010012010300010000000000000000000000', 'hex');
  exif.writeUInt16LE(orientation, 24);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(exif.length + 2);
  return Buffer.concat([plain.subarray(0, 2), Buffer.from([0xff, 0xe1]), length, exif, plain.subarray(2)]);
}

/** The encoder's own block would be a second one. */
function withoutExif(file: Buffer): Buffer {
  const at = file.indexOf(Buffer.from('Exif')) - 4;
  return at < 0 ? file : Buffer.concat([file.subarray(0, at), file.subarray(at + 2 + file.readUInt16BE(at + 2))]);
}

/** WhiteIsZero, tag 262. */
function whiteIsZero(file: Buffer): Buffer {
  const out = Buffer.from(file);
  const at = out.indexOf(Buffer.from('060103000100000001', 'hex'));
  out.writeUInt16LE(0, at + 8);
  return out;
}

/** Files of the kinds that are read, by name: small, and made here. */
export async function pictures(): Promise<Record<string, Uint8Array>> {
  const [deep, flat] = [Uint16Array.from(drawn(15)), bytes(drawn(8))];
  const colour = bytes([...flat].flatMap((value, i) => [value, drawn2[i] ?? 0, drawn3[i] ?? 0]));
  const jpegs = await Promise.all(Array.from({ length: 8 }, async (_, i) => [`turned ${String(i + 1)}.jpg`, await jpeg(i + 1)] as const));
  return {
    ...Object.fromEntries(Object.entries(dicoms).map(([name, file]) => [`${name}.dcm`, file])),
    'run lengths.dcm': await compressed('encodeRle', '5', 12),
    'jpeg ls.dcm': await compressed('encodeJpegLs', '4.80', 12),
    'jpeg 2000.dcm': await compressed('encodeJpeg2000', '4.90', 12),
    'lossless jpeg.dcm': await compressed('encodeJpeg', '4.70', 12),
    ...Object.fromEntries(jpegs),
    'grey.png': await encodeWithVips('png', { width: WIDTH, height: HEIGHT, channels: 1, data: flat }, 0),
    'colour.png': await encodeWithVips('png', { width: WIDTH, height: HEIGHT, channels: 3, data: colour }, 0),
    'colour.jpg': await encodeWithVips('jpeg', { width: WIDTH, height: HEIGHT, channels: 3, data: colour }, 90),
    'colour.webp': await encodeWithVips('webp', { width: WIDTH, height: HEIGHT, channels: 3, data: colour }, 90),
    'deep.tif': tiffFile([{ width: WIDTH, data: deep }]),
    'flat.tif': tiffFile([{ width: WIDTH, data: flat }]),
    'colour.tif': tiffFile([{ width: WIDTH, data: colour, channels: 3 }]),
    'deep, white is zero.tif': whiteIsZero(tiffFile([{ width: WIDTH, data: deep }])),
    'flat, white is zero.tif': whiteIsZero(tiffFile([{ width: WIDTH, data: flat }])),
    'pages.tif': tiffFile([
      { width: WIDTH, data: deep },
      { width: 4, data: Uint16Array.from({ length: 12 }, (_, i) => i), subfile: 1 },
      { width: WIDTH, data: Uint16Array.from(drawn(12, 1)) },
    ]),
  };
}

/** Files whose default view is not the one that they state. */
export const redrawn = async (): Promise<Record<string, Uint8Array>> => ({
  ...Object.fromEntries(Object.entries(contradicting).map(([name, file]) => [`${name}.dcm`, file])),
  'jpeg 2000 with more bits than stated.dcm': await compressed('encodeJpeg2000', '4.90', 12, 10),
});
