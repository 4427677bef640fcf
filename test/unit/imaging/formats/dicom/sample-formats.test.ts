import { describe, expect, test } from 'vitest';
import { countFrames, decodeImage } from '../../../../../src/imaging/formats/decode';
import { display } from '../../../../../src/imaging/window/display';
import { samplesOf } from './samples-of';
import { dicomFile, greyFile, type Elements } from './write';

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
