import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countFrames, decodeImage } from '../../../../../src/imaging/formats/decode';
import { display } from '../../../../../src/imaging/window/display';
import { missing, shared } from '../../shared';
import { dicomFile, greyFile, type Elements } from './write';

const samplesOf = async (file: Uint8Array, frame: number | null = null) => Array.from((await decodeImage(file, frame)).data);
const colour = (photometric: string, bytes: number[], width: number, more: Elements = {}) =>
  greyFile([], {
    '00280002': ['US', [3]],
    '00280004': ['CS', photometric],
    '00280006': ['US', [0]],
    '00280011': ['US', [width]],
    '00280100': ['US', [8]],
    '00280101': ['US', [8]],
    '00280102': ['US', [7]],
    '7fe00010': ['OW', Uint8Array.from(bytes)],
    ...more,
  });

describe('sample formats', () => {
  test('one bit, from the least significant one on, across frames that begin inside a byte', async () => {
    const file = greyFile([], {
      '00280008': ['IS', '3'],
      '00280011': ['US', [3]],
      '00280100': ['US', [1]],
      '00280101': ['US', [1]],
      '00280102': ['US', [0]],
      '7fe00010': ['OB', Uint8Array.from([0b01_110_101, 0b1])],
    });
    expect(countFrames(file)).toBe(3);
    expect(await Promise.all([0, 1, 2].map(async (frame) => samplesOf(file, frame)))).toEqual([
      [1, 0, 1],
      [0, 1, 1],
      [1, 0, 1],
    ]);
    expect(Array.from(display(await decodeImage(file, 0)).data)).toEqual([255, 0, 255]);
  });

  test.each([
    [0, [5, 65_540, 70_000]],
    [1, [-70_000, 0, 3]],
  ])('32 bits, pixel representation %s', async (representation, values) => {
    const file = greyFile([], {
      '00280011': ['US', [values.length]],
      '00280100': ['US', [32]],
      '00280101': ['US', [32]],
      '00280102': ['US', [31]],
      '00280103': ['US', [representation]],
      '7fe00010': ['OW', new Uint8Array(Int32Array.from(values).buffer)],
    });
    const { data, rescale } = await decodeImage(file, null);
    const step = (Math.max(...values) - Math.min(...values)) / 65535;
    values.forEach((value, i) =>
      expect(Math.abs((data[i] ?? NaN) * rescale.slope + rescale.intercept - value)).toBeLessThanOrEqual(step / 2 + 1e-9),
    );
  });

  test('32 bits that span no more than 16 are exact; numbers that are none become the least', async () => {
    const common: Elements = { '00280011': ['US', [3]], '00280100': ['US', [32]], '00280101': ['US', [32]], '00280102': ['US', [31]] };
    const whole = await decodeImage(
      greyFile([], { ...common, '7fe00010': ['OW', new Uint8Array(Uint32Array.from([4e9, 4e9 + 7, 4e9 + 65535]).buffer)] }),
      null,
    );
    expect([Array.from(whole.data), whole.rescale]).toEqual([[0, 7, 65535], { slope: 1, intercept: 4e9 }]);
    const { '7fe00010': _, ...rest } = { ...common, '7fe00010': null };
    const float = dicomFile({
      '00280002': ['US', [1]],
      '00280004': ['CS', 'MONOCHROME2'],
      '00280010': ['US', [1]],
      ...rest,
      '7fe00008': ['OF', new Uint8Array(Float32Array.from([NaN, 0.25, 0.75]).buffer)],
    });
    expect(await samplesOf(float)).toEqual([0, 0, 65535]);
  });

  test('bits outside the stored ones are left out, wherever they lie', async () => {
    const overlay: Elements = { '00280101': ['US', [12]], '00280102': ['US', [11]] };
    expect(await samplesOf(greyFile([0xf123, 0x0fff], overlay))).toEqual([0x123, 0xfff]);
    expect(await samplesOf(greyFile([0x123f, 0xfff0], { ...overlay, '00280102': ['US', [15]] }))).toEqual([0x123, 0xfff]);
    // -1 and -2048 of 12 signed bits.
    expect(await samplesOf(greyFile([0x0fff, 0x0800], { ...overlay, '00280103': ['US', [1]] }))).toEqual([2047, 0]);
  });

  test('frames one after the other', async () => {
    const file = greyFile([1, 2, 3, 4, 5, 6], { '00280008': ['IS', '3'], '00280011': ['US', [2]] });
    expect(countFrames(file)).toBe(3);
    expect(await samplesOf(file, 2)).toEqual([5, 6]);
    await expect(decodeImage(file, 3)).rejects.toMatchObject({ failure: { code: 'image-corrupt' } });
  });
});

describe('colour', () => {
  test('interleaved and planar RGB', async () => {
    expect(await samplesOf(colour('RGB', [1, 2, 3, 4, 5, 6], 2))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await samplesOf(colour('RGB', [1, 4, 2, 5, 3, 6], 2, { '00280006': ['US', [1]] }))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  // Y, CB, CR of pure red by PS3.3 C.7.6.3.1.2, full and partial range.
  test.each([
    ['YBR_FULL', [76, 85, 255]],
    ['YBR_PARTIAL_422', [81, 90, 240]],
  ])('%s becomes RGB', async (photometric, [y = 0, b = 0, r = 0]) => {
    const bytes = photometric.endsWith('422') ? [y, y, b, r] : [y, b, r, y, b, r];
    const found = await samplesOf(colour(photometric, bytes, 2));
    [255, 0, 0, 255, 0, 0].forEach((value, i) => expect(Math.abs((found[i] ?? NaN) - value)).toBeLessThanOrEqual(2));
  });

  const deep = (photometric: string, values: number[], more: Elements = {}) =>
    colour(photometric, [...new Uint8Array(Uint16Array.from(values).buffer)], 2, {
      '00280100': ['US', [16]],
      '00280101': ['US', [12]],
      '00280102': ['US', [11]],
      ...more,
    });

  test('of 12 bits keeps them, interleaved, planar, big end first, and above bits that are not stored', async () => {
    const stored = [1, 2000, 4095, 17, 0, 300];
    const { data, bits, channels } = await decodeImage(deep('RGB', stored), null);
    expect([Array.from(data), data.BYTES_PER_ELEMENT, bits, channels]).toEqual([stored, 2, 12, 3]);
    expect(await samplesOf(deep('RGB', [1, 17, 2000, 0, 4095, 300], { '00280006': ['US', [1]] }))).toEqual(stored);
    expect(
      await samplesOf(
        deep(
          'RGB',
          stored.map((value) => (value << 4) | 9),
          { '00280102': ['US', [15]] },
        ),
      ),
    ).toEqual(stored);
  });

  test('of 16 bits is shown through one window for the three channels: percentiles 1 to 99 of all samples', async () => {
    const values = Array.from({ length: 600 }, (_, i) => (i * 7919) % 60_001);
    const raster = await decodeImage(
      deep('RGB', values, { '00280011': ['US', [200]], '00280101': ['US', [16]], '00280102': ['US', [15]] }),
      null,
    );
    const sorted = values.toSorted((a, b) => a - b);
    const [low = 0, high = 0] = [sorted[5], sorted[593]];
    const expected = values.map((value) =>
      value <= low ? 0 : value > high ? 255 : Math.floor(((value - low) / (high - low)) * 255 + 0.5),
    );
    expect(Array.from(display(raster).data)).toEqual(expected);
  });

  test('YBR_FULL of 12 bits becomes RGB: pure red at full depth', async () => {
    const [y, b, r] = [0.299, -0.168736, 0.5].map((share, i) => Math.min(4095, Math.round(share * 4095 + (i > 0 ? 2048 : 0)))) as [
      number,
      number,
      number,
    ];
    const found = await samplesOf(deep('YBR_FULL', [y, b, r, y, b, r]));
    [4095, 0, 0, 4095, 0, 0].forEach((value, i) => expect(Math.abs((found[i] ?? NaN) - value)).toBeLessThanOrEqual(3));
  });

  test.each<[string, Elements]>([
    ['YBR_FULL_422', {}],
    ['RGB', { '00280100': ['US', [32]], '00280101': ['US', [32]], '00280102': ['US', [31]] }],
  ])('%s of too many bits is refused by name', async (photometric, more) => {
    await expect(decodeImage(deep(photometric, Array<number>(24).fill(1), more), null)).rejects.toMatchObject({
      failure: { code: 'image-unsupported' },
    });
  });

  test('colour that is grey throughout becomes one channel', async () => {
    expect(await decodeImage(colour('RGB', [7, 7, 7, 9, 9, 9], 2), null)).toMatchObject({ channels: 1, data: Uint8Array.from([7, 9]) });
  });
});

describe('palettes', () => {
  const palette = (bits: number, entries: number, data: 'plain' | 'segmented', channels: Uint8Array[], first = 0) => {
    const elements: Elements = { '00280004': ['CS', 'PALETTE COLOR'] };
    channels.forEach((bytes, i) => {
      elements[`0028110${String(i + 1)}`] = ['US', [entries, first, bits]];
      elements[`0028${data === 'plain' ? '120' : '122'}${String(i + 1)}`] = ['OW', bytes];
    });
    return elements;
  };
  const words = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer);

  test('entries of 16 bits give their upper eight; indices beyond the table its ends', async () => {
    const table = palette(16, 3, 'plain', [words(0, 0x8000, 0xff00), words(0xffff, 0, 0), words(0x1234, 0x5678, 0x9abc)], 10);
    expect(await samplesOf(greyFile([0, 10, 11, 12, 99], table))).toEqual([
      0, 255, 0x12, 0, 255, 0x12, 128, 0, 0x56, 255, 0, 0x9a, 255, 0, 0x9a,
    ]);
  });

  test('entries of 8 bits, packed or one to a word', async () => {
    const expected = [1, 4, 7, 2, 5, 8, 3, 6, 9];
    const packed = [Uint8Array.from([1, 2, 3, 0]), Uint8Array.from([4, 5, 6, 0]), Uint8Array.from([7, 8, 9, 0])];
    expect(await samplesOf(greyFile([0, 1, 2], palette(8, 3, 'plain', packed)))).toEqual(expected);
    expect(await samplesOf(greyFile([0, 1, 2], palette(8, 3, 'plain', [words(1, 2, 3), words(4, 5, 6), words(7, 8, 9)])))).toEqual(
      expected,
    );
  });

  // Discrete 0 and 256, linear over 4 to 1280, the first segment again: 0, 256, 512, 768, 1024, 1280, 0, 256.
  test('segments: discrete, linear, indirect', async () => {
    const wide = words(0, 2, 0, 256, 1, 4, 1280, 2, 1, 0, 0);
    const stored = [0, 1, 2, 3, 4, 5, 6, 7];
    const found = await samplesOf(greyFile(stored, palette(16, 8, 'segmented', [wide, wide, words(0, 8, 1, 2, 3, 4, 5, 6, 7, 8)])));
    expect(found.filter((_, i) => i % 3 === 0)).toEqual([0, 1, 2, 3, 4, 5, 0, 1]);
    const narrow = Uint8Array.from([0, 2, 0, 10, 1, 4, 50, 2, 1, 0, 0, 0, 0, 0]);
    const flat = Uint8Array.from([0, 1, 7, 1, 7, 7]);
    const bytes = await samplesOf(greyFile(stored, palette(8, 8, 'segmented', [narrow, flat, flat])));
    expect(bytes.filter((_, i) => i % 3 === 0)).toEqual([0, 10, 20, 30, 40, 50, 0, 10]);
  });

  test.each([
    ['a linear segment first', words(1, 4, 100)],
    ['too few entries', words(0, 2, 1, 2)],
    ['an indirect segment to itself', words(0, 1, 5, 2, 9, 6, 0)],
    ['an indirect segment outside', words(0, 1, 5, 2, 9, 60000, 9)],
    ['empty segments without end', words(...Array.from({ length: 40_000 }, () => 0))],
    ['an unknown segment', words(0, 1, 5, 9, 1, 1)],
  ])('%s is refused', async (_name, segments) => {
    const file = greyFile([0], palette(16, 8, 'segmented', [segments, segments, segments]));
    await expect(decodeImage(file, null)).rejects.toMatchObject({ failure: { code: 'image-corrupt' } });
  });
});

/** The encoders of the same module as the decoders: its own JavaScript, so that the two ends are told apart. */
async function encode(
  method: 'encodeJpeg' | 'encodeJpegLs' | 'encodeJpeg2000' | 'encodeHtJpeg2000',
  samples: Uint16Array,
  width: number,
  bits: number,
) {
  const { NativeCodecs, Context } = createRequire(import.meta.url)('dcmjs-codecs') as {
    NativeCodecs: { initializeAsync(): Promise<void> } & Record<
      typeof method,
      (context: unknown, options: object) => { getEncodedBuffer(): Uint8Array }
    >;
    Context: new (settings: object) => unknown;
  };
  await NativeCodecs.initializeAsync();
  const context = new Context({
    width,
    height: samples.length / width,
    bitsAllocated: 16,
    bitsStored: bits,
    samplesPerPixel: 1,
    pixelRepresentation: 0,
    planarConfiguration: 0,
    photometricInterpretation: 'MONOCHROME2',
    decodedBuffer: new Uint8Array(samples.buffer),
  });
  return Uint8Array.from(NativeCodecs[method](context, { lossy: false }).getEncodedBuffer());
}

const syntaxes = [
  ['1.2.840.10008.1.2.4.70', 'encodeJpeg'],
  ['1.2.840.10008.1.2.4.80', 'encodeJpegLs'],
  ['1.2.840.10008.1.2.4.90', 'encodeJpeg2000'],
  ['1.2.840.10008.1.2.4.201', 'encodeHtJpeg2000'],
] as const;

describe.each(syntaxes)('compressed frames, %s', (syntax, method) => {
  const [width, height] = [48, 40];
  const picture = (seed: number) => Uint16Array.from({ length: width * height }, (_, i) => (i * 37 + seed * 911 + (i % width) ** 2) % 4096);
  const file = (fragments: Uint8Array[], more: Elements = {}) =>
    greyFile(
      [],
      {
        '00280010': ['US', [height]],
        '00280011': ['US', [width]],
        '00280101': ['US', [12]],
        '00280102': ['US', [11]],
        '7fe00010': ['OB', [new Uint8Array(0), ...fragments]],
        ...more,
      },
      syntax,
    );

  test('every frame is the picture that went in; a frame may lie in several fragments', async () => {
    const frames = await Promise.all([1, 2, 3].map(async (seed) => encode(method, picture(seed), width, 12)));
    const many = file(frames, { '00280008': ['IS', '3'] });
    expect(countFrames(many)).toBe(3);
    for (const [n, seed] of [1, 2, 3].entries()) expect(await samplesOf(many, n)).toEqual(Array.from(picture(seed)));
    const [first = new Uint8Array(0)] = frames;
    expect(await samplesOf(file([first.subarray(0, 100), first.subarray(100, 200), first.subarray(200)]))).toEqual(Array.from(picture(1)));
  });

  test('a header that states another size is refused, larger or smaller', async () => {
    const frame = await encode(method, picture(1), width, 12);
    for (const rows of [height - 1, height + 1, 60_000, 1]) {
      await expect(decodeImage(file([frame], { '00280010': ['US', [rows]] }), null)).rejects.toMatchObject({
        failure: { code: 'image-corrupt' },
      });
    }
  });

  test('no damage to the stream brings anything but a picture or a refusal, and the next file is read', { timeout: 60_000 }, async () => {
    const frame = await encode(method, picture(1), width, 12);
    let refused = 0;
    for (let n = 0; n < 60; n++) {
      const damaged = n < 20 ? frame.slice(0, Math.floor((frame.length * n) / 20)) : Uint8Array.from(frame);
      if (n >= 20) damaged[(n * 7919) % damaged.length] = (n * 31) % 256;
      const outcome = await decodeImage(file([damaged]), null).then(
        ({ data }) => data.length,
        (error: { failure?: { code: string } }) => error.failure?.code ?? 'another error',
      );
      expect(outcome).toSatisfy((value) => value === width * height || /^image-(corrupt|unsupported|too-large|none)$/.test(String(value)));
      refused += typeof outcome === 'string' ? 1 : 0;
    }
    expect(refused).toBeGreaterThan(15);
    expect(await samplesOf(file([frame]))).toEqual(Array.from(picture(1)));
  });
});

describe('compressed colour of more than 8 bits, as other encoders write it', () => {
  const { width, height, cases } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../../reference/imaging/deep-colour.json'), 'utf8'),
  ) as { width: number; height: number; cases: { name: string; syntax: string; bits: number; stream: string }[] };
  const drawn = (bits: number) => Array.from({ length: width * height * 3 }, (_, i) => (i * 131 + (i % 3) * 1000) % 2 ** bits);
  const smooth = Array.from({ length: width * height }, (_, i) => Math.floor(((i % width) * 4095) / (width - 1))).flatMap((v) => [
    v,
    4095 - v,
    2048,
  ]);

  const read = ({ name, syntax, bits, stream }: (typeof cases)[number]) =>
    decodeImage(
      greyFile(
        [],
        {
          '00280002': ['US', [3]],
          '00280004': ['CS', name.includes('lossy') ? 'YBR_FULL' : 'RGB'],
          '00280006': ['US', [0]],
          '00280010': ['US', [height]],
          '00280011': ['US', [width]],
          '00280101': ['US', [bits]],
          '00280102': ['US', [bits - 1]],
          '7fe00010': ['OB', [new Uint8Array(0), Buffer.from(stream, 'base64')]],
        },
        syntax,
      ),
      null,
    );
  const named = (pattern: RegExp) => cases.filter(({ name }) => pattern.test(name));

  test.each(named(/^HTJ2K|^JPEG-LS|^JPEG Lossless/))('$name', async (one) => {
    const raster = await read(one);
    expect(raster).toMatchObject({ width, height, channels: 3, bits: one.bits });
    expect(Array.from(raster.data)).toEqual(drawn(one.bits));
  });

  test.each(named(/lossy/))('$name', async (one) => {
    const { data } = await read(one);
    // Fewer samples are kept for the differences than for the brightness, so edges of colour are soft.
    const error = smooth.reduce((sum, value, i) => sum + Math.abs(value - (data[i] ?? NaN)), 0) / smooth.length;
    expect(error).toBeLessThan(40);
  });

  test.each(named(/^JPEG 2000/))('$name is refused: its decoder would drop the upper byte', async (one) => {
    await expect(read(one)).rejects.toMatchObject({ failure: { code: 'image-unsupported' } });
  });
});

describe('headers that lie', () => {
  const refusal = (code: string) => ({ failure: { code } });
  test.each<[string, Elements, string]>([
    ['65,535 x 65,535', { '00280010': ['US', [65535]], '00280011': ['US', [65535]] }, 'image-too-large'],
    ['more rows than there are', { '00280010': ['US', [5000]] }, 'image-corrupt'],
    ['no rows', { '00280010': ['US', [0]] }, 'image-corrupt'],
    ['2^31 frames', { '00280008': ['IS', '2147483647'] }, 'image-corrupt'],
    ['more bits stored than allocated', { '00280101': ['US', [20]] }, 'image-corrupt'],
    ['24 bits allocated', { '00280100': ['US', [24]] }, 'image-unsupported'],
    ['four samples', { '00280002': ['US', [4]] }, 'image-unsupported'],
    ['three samples of grey', { '00280002': ['US', [3]] }, 'image-corrupt'],
    ['HSV', { '00280004': ['CS', 'HSV'], '00280002': ['US', [3]] }, 'image-unsupported'],
    ['a palette that is not there', { '00280004': ['CS', 'PALETTE COLOR'] }, 'image-corrupt'],
  ])('%s: %s %s', async (_name, more, code) => {
    await expect(decodeImage(greyFile([1, 2, 3], more), null)).rejects.toMatchObject(refusal(code));
  });

  test('an encapsulated syntax around native pixels, and the reverse', async () => {
    await expect(decodeImage(greyFile([1, 2], {}, '1.2.840.10008.1.2.4.90'), null)).rejects.toMatchObject(refusal('image-corrupt'));
    const fragments: Elements = { '7fe00010': ['OB', [new Uint8Array(0), Uint8Array.from([1, 2, 3, 4])]] };
    await expect(decodeImage(greyFile([1, 2], fragments), null)).rejects.toMatchObject(refusal('image-corrupt'));
  });

  test.each(['1.2.840.10008.1.2.4.100', '1.2.840.10008.1.2.4.110', '1.2.3.4'])('transfer syntax %s is refused by name', async (syntax) => {
    await expect(decodeImage(greyFile([1], {}, syntax), null)).rejects.toMatchObject(refusal('image-unsupported'));
  });

  test('an offset table that points outside', async () => {
    const table = Buffer.alloc(8);
    table.writeUInt32LE(0xfffffff0, 4);
    const more: Elements = {
      '00280008': ['IS', '2'],
      '7fe00010': ['OB', [table, Uint8Array.from([0xff, 0xd8]), Uint8Array.from([1, 2]), Uint8Array.from([3, 4])]],
    };
    await expect(decodeImage(greyFile([1, 2], more, '1.2.840.10008.1.2.4.70'), 1)).rejects.toMatchObject(refusal('image-corrupt'));
  });
});

test('what the header says of patient, study, view and machine, with notes', async () => {
  const raster = await decodeImage(
    greyFile([1, 2], {
      '00080020': ['DA', '20260316'],
      '00080070': ['LO', 'Maker'],
      '00100020': ['LO', 'P-1 '],
      '00185101': ['CS', 'LL'],
      '0020000d': ['UI', '1.2.3'],
      '60000010': ['US', [1]],
      '60003000': ['OW', Uint8Array.from([1, 0])],
    }),
    null,
  );
  expect(raster).toMatchObject({ patient: 'P-1', study: '1.2.3', view: 'LL', studyDate: '2026-03-16', manufacturer: 'Maker' });
  expect(raster.notes).toEqual(['view-lateral', 'overlay-ignored']);
});

describe.skipIf(missing('data/dicom'))('a real radiograph', () => {
  test('its overlay planes are said to be left out', async () => {
    const raster = await decodeImage(readFileSync(join(shared, 'data/dicom/pydicom/examples_overlay.dcm')), null);
    expect(raster.notes).toEqual(['overlay-ignored']);
  });
});
