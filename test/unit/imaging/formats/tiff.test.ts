import { expect, test } from 'vitest';
import { sentence } from '../../../../src/contract/catalogue';
import { FailureError } from '../../../../src/contract/result';
import { decodeImage } from '../../../../src/imaging/formats/decode';
import { tiffFile } from './write-tiff';

/** A whole file that says it is packed by another method. */
function packedBy(coding: number): Buffer {
  const file = tiffFile([{ width: 8, data: Uint8Array.from({ length: 64 }, (_, i) => i) }]);
  const directory = file.readUInt32LE(4);
  for (let entry = 0; entry < file.readUInt16LE(directory); entry++) {
    const at = directory + 2 + 12 * entry;
    if (file.readUInt16LE(at) === 259) file.writeUInt16LE(coding, at + 8);
  }
  return file;
}

test.each([0, 6, 9, 10, 32766, 32809, 32909, 33003, 34661, 34676, 34712, 34887, 34892, 34925, 50000, 50002, 52546, 65000])(
  'the compression %i is not supported, which is no damage',
  async (coding) => {
    const failure = await decodeImage(packedBy(coding), null).then(
      () => null,
      (error: unknown) => (error instanceof FailureError ? error.failure : null),
    );
    expect(failure?.code).toBe('image-unsupported');
    expect(failure && sentence({ ...failure, params: { ...failure.params, file: 'a.tif' } })).toMatch(
      /^a\.tif uses TIFF with .*compression.*, which is not supported\. Convert it/,
    );
  },
);
