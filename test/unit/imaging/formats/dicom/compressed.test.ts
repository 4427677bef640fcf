import { describe, expect, test } from 'vitest';
import { countFrames, decodeImage } from '../../../../../src/imaging/formats/decode';
import { encode } from './encode';
import { samplesOf } from './samples-of';
import { greyFile, type Elements } from './write';

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
    const frames = await Promise.all(
      [1, 2, 3].map(async (seed) => encode(method, { samples: picture(seed), width, channels: 1, bits: 12 })),
    );
    const many = file(frames, { '00280008': ['IS', '3'] });
    expect(countFrames(many)).toBe(3);
    for (const [n, seed] of [1, 2, 3].entries()) expect(await samplesOf(many, n)).toEqual(Array.from(picture(seed)));
    const [first = new Uint8Array(0)] = frames;
    expect(await samplesOf(file([first.subarray(0, 100), first.subarray(100, 200), first.subarray(200)]))).toEqual(Array.from(picture(1)));
  });

  test('a stream with more bits than the header states wins, with a note, where its samples need them', async () => {
    const deep = Uint16Array.from(picture(1), (value) => 16 * value + 15);
    const drawn = { width, channels: 1, bits: 16 } as const;
    const raster = await decodeImage(file([await encode(method, { ...drawn, samples: deep })]), null);
    expect([raster.bits, raster.notes, Array.from(raster.data)]).toEqual([16, ['depth-differs'], Array.from(deep)]);
    const shallow = await decodeImage(file([await encode(method, { ...drawn, samples: picture(1) })]), null);
    expect([shallow.bits, shallow.notes, Array.from(shallow.data)]).toEqual([12, [], Array.from(picture(1))]);
  });

  test('a header that states another size is refused, larger or smaller', async () => {
    const frame = await encode(method, { samples: picture(1), width, channels: 1, bits: 12 });
    for (const rows of [height - 1, height + 1, 60_000, 1]) {
      await expect(decodeImage(file([frame], { '00280010': ['US', [rows]] }), null)).rejects.toMatchObject({
        failure: { code: 'image-corrupt' },
      });
    }
  });

  test('no damage to the stream brings anything but a picture or a refusal, and the next file is read', { timeout: 60_000 }, async () => {
    const frame = await encode(method, { samples: picture(1), width, channels: 1, bits: 12 });
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
