import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../../../src/imaging/formats/decode';
import { defaultView, display } from '../../../../../src/imaging/window/display';
import { missing, shared } from '../../shared';

const folder = join(shared, 'cases/picture');

async function shown(file: string) {
  const raster = await decodeImage(readFileSync(join(folder, file)), null);
  const { data } = display(raster);
  return { mean: Math.round(data.reduce((a, b) => a + b, 0) / data.length), notes: defaultView(raster).notes, raster };
}

/** Small inputs out of public bug reports; what is right stands in the README beside them. */
describe.skipIf(missing('cases/picture'))('headers that were met elsewhere', () => {
  test('a VOI LUT of 12 bits under a descriptor that says 16 shows what the rightly described one shows', async () => {
    expect(await shown('voi_ok.dcm')).toMatchObject({ mean: 129, notes: [] });
    expect(await shown('lut_ohif818.dcm')).toMatchObject({ mean: 129, notes: ['lut-scaled'] });
  });

  test.each(['win_outside.dcm', 'win_zero.dcm'])('%s: a window that shows nothing gives way to percentiles', async (file) => {
    const { mean, notes } = await shown(file);
    expect(mean).toBeGreaterThan(60);
    expect(mean).toBeLessThan(180);
    expect(notes).toEqual(['window-empty']);
  });

  test('a damaged VOI LUT costs the table: the window beside it holds', async () => {
    const { notes, raster } = await shown('lut_short.dcm');
    expect(notes).toEqual(['part-damaged']);
    expect(raster.windows).toMatchObject([{ name: 'file 1', width: 4096 }]);
  });

  test('no frames stated, and a high bit below the stored ones: as pydicom 3 reads them', async () => {
    const mean = ({ data }: { data: Iterable<number> & { length: number } }) => [...data].reduce((a, b) => a + b, 0) / data.length;
    const zero = await shown('frames0.dcm');
    expect(mean(zero.raster)).toBeCloseTo(1530.2231770833334, 6);
    expect([zero.notes, zero.raster.frames]).toEqual([[], [0]]);
    const odd = await shown('bits_highbit_wrong.dcm');
    expect(mean(odd.raster)).toBeCloseTo(1530.2231770833334, 6);
    expect(odd.notes).toEqual(['depth-differs']);
  });

  test.each([
    ['t_zstd.tif', 'TIFF with ZSTD compression'],
    ['t_float32.tif', 'TIFF with floating-point samples'],
    ['jpg12.jpg', 'JPEG with 12 bits'],
  ])('%s is not supported, and not damaged', async (file, feature) => {
    const failure = { code: 'image-unsupported', params: { feature } };
    await expect(decodeImage(readFileSync(join(folder, file)), null)).rejects.toMatchObject({ failure });
  });
});
