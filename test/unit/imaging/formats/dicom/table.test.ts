import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../../../src/imaging/formats/decode';
import { encode, type Encoder } from './encode';
import { BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, greyFile, type Elements } from './write';

/** The table in the README of src/imaging: each cell that says yes, with a file of that combination. */
const [WIDTH, HEIGHT] = [16, 12];
const PIXELS = WIDTH * HEIGHT;
const uid = (tail: string) => `1.2.840.10008.1.2.4.${tail}`;

interface Coder {
  readonly syntax: string;
  readonly method: Encoder | null;
  readonly options?: object;
  /** Grey levels by which lossy coding may differ, in the mean. */
  readonly loss?: number;
}

const coders: Record<string, Coder> = {
  'Implicit VR Little Endian': { syntax: IMPLICIT, method: null },
  'Explicit VR Little Endian': { syntax: EXPLICIT, method: null },
  'Explicit VR Big Endian': { syntax: BIG_ENDIAN, method: null },
  'Deflated Explicit VR Little Endian': { syntax: DEFLATED, method: null },
  'RLE Lossless': { syntax: '1.2.840.10008.1.2.5', method: 'encodeRle' },
  'JPEG Baseline': { syntax: uid('50'), method: 'encodeJpeg', options: { lossy: true, quality: 100 }, loss: 2 },
  'JPEG Extended': { syntax: uid('51'), method: 'encodeJpeg', options: { lossy: true, quality: 100 }, loss: 2 },
  'JPEG Lossless': { syntax: uid('57'), method: 'encodeJpeg', options: { lossy: false, predictor: 4 } },
  'JPEG Lossless SV1': { syntax: uid('70'), method: 'encodeJpeg' },
  'JPEG-LS Lossless': { syntax: uid('80'), method: 'encodeJpegLs' },
  'JPEG-LS Near-lossless': { syntax: uid('81'), method: 'encodeJpegLs', options: { lossy: true, allowedLossyError: 1 }, loss: 1 },
  'JPEG 2000 Lossless': { syntax: uid('90'), method: 'encodeJpeg2000' },
  'JPEG 2000': { syntax: uid('91'), method: 'encodeJpeg2000', options: { lossy: true, rate: 2 }, loss: 3 },
  'HTJ2K Lossless': { syntax: uid('201'), method: 'encodeHtJpeg2000' },
  'HTJ2K Lossless RPCL': { syntax: uid('202'), method: 'encodeHtJpeg2000', options: { lossy: false, progressionOrder: 2 } },
  HTJ2K: { syntax: uid('203'), method: 'encodeHtJpeg2000' },
};
const all = Object.keys(coders);
const native = all.slice(0, 4);

/** Smooth, so that what is lossy has little to lose; every value but the ends is met. */
const ramp = (bits: number, channels: 1 | 3) =>
  Array.from({ length: PIXELS * channels }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    const rising = (((pixel % WIDTH) + channel) / (WIDTH + 2) + Math.floor(pixel / WIDTH) / HEIGHT) / 2;
    return Math.floor((channel === 1 ? 1 - rising : rising) * (2 ** bits - 1));
  });

async function file(name: string, photometric: string, values: number[], bits: number, more: Elements = {}): Promise<Buffer> {
  const { syntax, method, options } = coders[name] as Coder;
  const channels = photometric.startsWith('MONO') || photometric.startsWith('PAL') ? 1 : 3;
  const samples = bits > 8 ? Uint16Array.from(values) : Uint8Array.from(values);
  // A stream that says what its colours are is believed: those that are to be YBR_FULL by the data set alone must not.
  const ybr = photometric === 'YBR_FULL';
  const drawn = { samples, width: WIDTH, channels, bits, photometric: ybr ? photometric : 'RGB' } as const;
  const sampling = photometric === 'YBR_FULL_422' ? { sampleFactor: 1 } : {};
  const written = method && (await encode(method, drawn, { ...options, ...sampling, ...(ybr ? { allowMct: false } : {}) }));
  const stream = written && ybr ? withoutAdobe(written) : written;
  return greyFile(
    [],
    {
      '00280002': ['US', [channels]],
      '00280004': ['CS', photometric],
      '00280006': ['US', [0]],
      '00280010': ['US', [HEIGHT]],
      '00280011': ['US', [WIDTH]],
      '00280100': ['US', [bits > 8 ? 16 : 8]],
      '00280101': ['US', [bits]],
      '00280102': ['US', [bits - 1]],
      '7fe00010': stream ? ['OB', [new Uint8Array(0), stream]] : ['OW', new Uint8Array(samples.buffer)],
      ...more,
    },
    syntax,
  );
}

/** Adobe's marker segment APP14, which the encoder of lossless JPEG writes first: colours are RGB. */
const withoutAdobe = (stream: Uint8Array) =>
  stream[2] === 0xff && stream[3] === 0xee ? Buffer.concat([stream.subarray(0, 2), stream.subarray(4 + (stream[5] ?? 0))]) : stream;

/** By how much the picture differs: the most without loss, the mean with it, less what may be lost. */
async function excess(name: string, bytes: Buffer, expected: readonly number[]): Promise<number> {
  const { data } = await decodeImage(bytes, null);
  if (data.length !== expected.length) return Infinity;
  const differences = expected.map((value, i) => Math.abs(value - (data[i] ?? NaN)));
  const loss = coders[name]?.loss;
  if (loss === undefined) return differences.reduce((most, each) => Math.max(most, each), 0);
  return differences.reduce((sum, each) => sum + each, 0) / differences.length - loss;
}

describe('MONOCHROME2', () => {
  const deep = all.filter((name) => !name.startsWith('JPEG Baseline') && name !== 'JPEG Extended');
  test.each([...all.map((name) => [name, 8] as const), ...deep.flatMap((name) => [12, 16].map((bits) => [name, bits] as const))])(
    '%s, %i bits',
    async (name, bits) => {
      const values = ramp(bits, 1);
      // What is lost grows with the range.
      const more = coders[name]?.loss === undefined || bits === 8 ? 0 : 2 ** (bits - 10);
      expect(await excess(name, await file(name, 'MONOCHROME2', values, bits), values)).toBeLessThanOrEqual(more);
    },
  );
});

describe('PALETTE COLOR', () => {
  // The tables turn an index into a colour that tells a wrong index: three different slopes. Lossy indices mean nothing.
  const tables = [0, 1, 2].map((c) => Uint16Array.from({ length: 256 }, (_, i) => (c === 1 ? 255 - i : c === 2 ? i >> 1 : i) << 8));
  const palette: Elements = Object.fromEntries(
    tables.flatMap((table, c) => [
      [`0028110${String(c + 1)}`, ['US', [256, 0, 16]]],
      [`0028120${String(c + 1)}`, ['OW', new Uint8Array(table.buffer)]],
    ]),
  ) as Elements;
  test.each(all)('%s', async (name) => {
    const values = ramp(8, 1);
    const expected = values.flatMap((i) => tables.map((table) => (table[i] ?? 0) >> 8));
    expect(await excess(name, await file(name, 'PALETTE COLOR', values, 8, palette), expected)).toBeLessThanOrEqual(0);
  });
});

describe('RGB', () => {
  test.each(all)('%s', async (name) => {
    const values = ramp(8, 3);
    expect(await excess(name, await file(name, 'RGB', values, 8), values)).toBeLessThanOrEqual(0);
  });
});

/** PS3.3 C.7.6.3.1.2, as it stands there: Y, CB and CR of a colour. */
const ybrOf = ([r = 0, g = 0, b = 0]: number[]) => [
  0.299 * r + 0.587 * g + 0.114 * b,
  -0.1687 * r - 0.3313 * g + 0.5 * b + 128,
  0.5 * r - 0.4187 * g - 0.0813 * b + 128,
];
const pixelsOf = (values: readonly number[]) => Array.from({ length: PIXELS }, (_, i) => values.slice(3 * i, 3 * i + 3));
const clipped = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
/** Colours that rounding and the ends of the range leave as they are, to two levels. */
const muted = ramp(8, 3).map((value) => 40 + Math.floor(value * 0.7));
const full = pixelsOf(muted).flatMap((rgb) => ybrOf(rgb).map(clipped));

describe('YBR_FULL', () => {
  test.each(all.filter((name) => !name.startsWith('HTJ2K')))('%s', async (name) => {
    // Lossy JPEG transforms RGB itself, and its stream says so. (The encoder of HTJ2K does, too, which is then YBR_RCT.)
    const given = coders[name]?.syntax === uid('50') || coders[name]?.syntax === uid('51') ? muted : full;
    expect(await excess(name, await file(name, 'YBR_FULL', given, 8), muted)).toBeLessThanOrEqual(2);
  });
});

describe('two pixels that share their differences', () => {
  const partial = pixelsOf(muted).flatMap((rgb) =>
    ybrOf(rgb).map((value, c) => clipped(c === 0 ? 16 + (value * 219) / 255 : 128 + ((value - 128) * 224) / 255)),
  );
  test.each(native.flatMap((name) => [[name, 'YBR_FULL_422'] as const, [name, 'YBR_PARTIAL_422'] as const]))(
    '%s, %s',
    async (name, photometric) => {
      const three = photometric === 'YBR_FULL_422' ? full : partial;
      const pairs = Array.from({ length: PIXELS / 2 }, (_, i) => three.slice(6 * i, 6 * i + 6));
      const halved = pairs.flatMap(([y0 = 0, b0 = 0, r0 = 0, y1 = 0, b1 = 0, r1 = 0]) => [y0, y1, (b0 + b1) >> 1, (r0 + r1) >> 1]);
      // Neighbours differ in colour by what the ramp rises in one step.
      expect(await excess(name, await file(name, photometric, halved, 8), muted)).toBeLessThanOrEqual(16);
    },
  );
});

describe('YBR_FULL_422 in a stream that halves them itself', () => {
  test.each(['JPEG Baseline', 'JPEG Extended'])('%s', async (name) => {
    const bytes = await file(name, 'YBR_FULL_422', muted, 8);
    // T.81 B.2.2: the first component has twice the samples of the others in a row.
    const frame = bytes.findIndex((_, at) => bytes[at] === 0xff && (bytes[at + 1] === 0xc0 || bytes[at + 1] === 0xc1));
    expect([11, 14, 17].map((at) => bytes[frame + at])).toEqual([0x21, 0x11, 0x11]);
    expect(await excess(name, bytes, muted)).toBeLessThanOrEqual(3);
  });
});

describe('YBR_RCT and YBR_ICT: the transformation is the stream’s own', () => {
  test.each([
    ['JPEG 2000 Lossless', 'YBR_RCT'],
    ['JPEG 2000', 'YBR_ICT'],
    ['HTJ2K Lossless', 'YBR_RCT'],
    ['HTJ2K Lossless RPCL', 'YBR_RCT'],
    ['HTJ2K', 'YBR_RCT'],
  ])('%s, %s', async (name, photometric) => {
    const values = ramp(8, 3);
    const bytes = await file(name, photometric, values, 8);
    expect(await excess(name, bytes, values)).toBeLessThanOrEqual(0);
    // A.6.1, COD: the last byte of SGcod says that it was used.
    const cod = bytes.indexOf(Buffer.from([0xff, 0x52]));
    expect(bytes[cod + 8]).toBe(1);
  });
});
