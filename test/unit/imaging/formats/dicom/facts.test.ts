import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../../../src/imaging/formats/decode';
import { missing, shared } from '../../shared';
import { greyFile } from './write';

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
