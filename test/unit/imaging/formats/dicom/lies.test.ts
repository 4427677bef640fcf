import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../../../src/imaging/formats/decode';
import { DEFLATED, greyFile, type Elements } from './write';

describe('headers that lie', () => {
  const refusal = (code: string) => ({ failure: { code } });
  test.each<[string, Elements, string]>([
    ['65,535 x 65,535', { '00280010': ['US', [65535]], '00280011': ['US', [65535]] }, 'image-too-large'],
    ['more rows than there are', { '00280010': ['US', [5000]] }, 'image-corrupt'],
    ['no rows', { '00280010': ['US', [0]] }, 'image-corrupt'],
    ['2^31 frames', { '00280008': ['IS', '2147483647'] }, 'image-corrupt'],
    ['more bits stored than allocated', { '00280101': ['US', [20]] }, 'image-unsupported'],
    ['fewer frames than none', { '00280008': ['IS', '-3'] }, 'image-unsupported'],
    ['24 bits allocated', { '00280100': ['US', [24]] }, 'image-unsupported'],
    ['four samples', { '00280002': ['US', [4]] }, 'image-unsupported'],
    ['three samples of grey', { '00280002': ['US', [3]] }, 'image-unsupported'],
    ['HSV', { '00280004': ['CS', 'HSV'], '00280002': ['US', [3]] }, 'image-unsupported'],
    ['a palette that is not there', { '00280004': ['CS', 'PALETTE COLOR'] }, 'image-corrupt'],
  ])('%s: %s %s', async (_name, more, code) => {
    await expect(decodeImage(greyFile([1, 2, 3], more), null)).rejects.toMatchObject(refusal(code));
  });

  test('an encapsulated syntax around native pixels, and the reverse', async () => {
    await expect(decodeImage(greyFile([1, 2], {}, '1.2.840.10008.1.2.4.90'), null)).rejects.toMatchObject(refusal('image-unsupported'));
    const fragments: Elements = { '7fe00010': ['OB', [new Uint8Array(0), Uint8Array.from([1, 2, 3, 4])]] };
    await expect(decodeImage(greyFile([1, 2], fragments), null)).rejects.toMatchObject(refusal('image-unsupported'));
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

  test('a deflated data set that unpacks to more than it may', async () => {
    const file = (megabytes: number) => greyFile([1, 2, 3], { '7fe10010': ['OB', new Uint8Array(megabytes * 1e6)] }, DEFLATED);
    await expect(decodeImage(file(301), null)).rejects.toMatchObject(refusal('image-unsupported'));
    expect((await decodeImage(file(3), null)).data).toEqual(Uint16Array.from([1, 2, 3]));
  });

  test('sequences nested without end', async () => {
    const open = Buffer.from('0800401153510000fffffffffeff00e0ffffffff', 'hex');
    const whole = greyFile([1]);
    const meta = whole.subarray(0, 144 + whole.readUInt32LE(140));
    const file = Buffer.concat([meta, ...Array.from({ length: 100_000 }, () => open)]);
    await expect(decodeImage(file, null)).rejects.toMatchObject(refusal('image-corrupt'));
  });
});
