import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../../../src/imaging/formats/decode';
import { listHeader } from '../../../../../src/imaging/formats/dicom/listing';
import { encode } from './encode';
import { DEFLATED, EXPLICIT, greyFile, IMPLICIT, type Elements } from './write';

const JPEG_2000 = '1.2.840.10008.1.2.4.90';
const samples = Array.from({ length: 400 }, (_, i) => (i * 37) % 4096);
const more: Elements = { '00100020': ['LO', 'P-1'], '00281050': ['DS', '2048'], '00281051': ['DS', '4096'] };

/** The meta information of one file before the data set of another. */
function mixed(meta: Buffer, set: Buffer): Buffer {
  const end = (file: Buffer) => 144 + file.readUInt32LE(140);
  return Buffer.concat([meta.subarray(0, end(meta)), set.subarray(end(set))]);
}

describe('a data set that is written otherwise than its transfer syntax says', () => {
  test.each([
    ['implicit, and says explicit', EXPLICIT, IMPLICIT],
    ['explicit, and says implicit', IMPLICIT, EXPLICIT],
  ])('is read as it is written: %s', async (_name, says, is) => {
    const file = mixed(greyFile(samples, more, says), greyFile(samples, more, is));
    const raster = await decodeImage(file, null);
    expect([raster.patient, Array.from(raster.data)]).toEqual(['P-1', samples]);
    expect(raster.windows).toMatchObject([{ width: 4096 }]);
    expect(listHeader(file).find(({ tag }) => tag === '(0010,0020)')).toMatchObject({ value: 'P-1' });
  });

  test('compressed pixel data in an implicit data set', async () => {
    const frame = await encode('encodeJpeg2000', { samples: Uint16Array.from(samples), width: 20, channels: 1, bits: 12 });
    const set: Elements = {
      ...more,
      '00280010': ['US', [20]],
      '00280011': ['US', [20]],
      '00280101': ['US', [12]],
      '00280102': ['US', [11]],
      '7fe00010': ['OB', [new Uint8Array(0), frame]],
    };
    const file = mixed(greyFile([], set, JPEG_2000), greyFile([], set, IMPLICIT));
    expect(Array.from((await decodeImage(file, null)).data)).toEqual(samples);
  });

  test('no transfer syntax at all: that of an uncompressed file', async () => {
    const file = greyFile(samples, more);
    const at = file.indexOf(Buffer.from('02001000', 'hex'), 144);
    // The element of the transfer syntax becomes one of the implementation's version.
    file.writeUInt16LE(0x13, at + 2);
    file.write('SH', at + 4);
    expect(Array.from((await decodeImage(file, null)).data)).toEqual(samples);
  });
});

describe('what is wrong, and in which words', () => {
  const outcome = (file: Uint8Array) => decodeImage(file, null);

  test('damage behind the picture costs what lies there', async () => {
    const trailing = greyFile(samples, { ...more, fffcfffc: ['OB', new Uint8Array(64)] });
    for (const syntax of [trailing, greyFile(samples, { ...more, fffcfffc: ['OB', new Uint8Array(64)] }, DEFLATED)]) {
      const whole = await outcome(syntax);
      expect([whole.notes, Array.from(whole.data)]).toEqual([[], samples]);
    }
    const cut = await outcome(trailing.subarray(0, -30));
    expect([cut.notes, Array.from(cut.data)]).toEqual([['part-damaged'], samples]);
  });

  test('bytes that are missing from the picture itself are damage', async () => {
    const file = greyFile(samples, more);
    await expect(outcome(file.subarray(0, -1))).rejects.toMatchObject({ failure: { code: 'image-corrupt' } });
    const frame = await encode('encodeJpegLs', { samples: Uint16Array.from(samples), width: 400, channels: 1, bits: 12 });
    const packed = greyFile([], { '00280011': ['US', [400]], '7fe00010': ['OB', [new Uint8Array(0), frame]] }, '1.2.840.10008.1.2.4.80');
    for (const missing of [9, 30, 60])
      await expect(outcome(packed.subarray(0, -missing))).rejects.toMatchObject({ failure: { code: 'image-corrupt' } });
  });

  test.each<[string, Elements]>([
    ['0', { '00280008': ['IS', '0'] }],
    ['nothing', { '00280008': ['IS', ''] }],
  ])('%s frames are one', async (_name, frames) => {
    expect((await outcome(greyFile(samples, frames))).frames).toEqual([0]);
  });

  test.each([
    [16, 11],
    [12, 3],
    [12, 40],
  ])('%i bits stored up to bit %i: the lowest are taken, with a note', async (stored, high) => {
    const raster = await outcome(greyFile(samples, { '00280101': ['US', [stored]], '00280102': ['US', [high]] }));
    expect([raster.notes, Array.from(raster.data)]).toEqual([['depth-differs'], samples]);
  });
});
