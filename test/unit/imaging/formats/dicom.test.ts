import { parse } from 'csv-parse/sync';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FailureError } from '../../../../src/contract/result';
import { decodeImage } from '../../../../src/imaging/formats/decode';
import type { Raster } from '../../../../src/imaging/formats/raster';
import { display } from '../../../../src/imaging/window/display';
import { missing, shared } from '../shared';

interface Reference {
  sha256?: string;
  canonical?: string;
  dtype: string;
  voi?: string;
  shape: number[];
  render_mean?: number;
}

const folder = join(shared, 'data/dicom');
const absent = missing('data/dicom');

async function outcome(file: string): Promise<Raster | FailureError> {
  try {
    return await decodeImage(readFileSync(join(folder, file)), null);
  } catch (error) {
    if (error instanceof FailureError) return error;
    throw error;
  }
}

describe.skipIf(absent)('DICOM files', () => {
  const manifest = absent
    ? []
    : parse<{ file: string; photometric: string; bits_stored: string; sign: string }>(readFileSync(join(folder, 'manifest.csv')), {
        columns: true,
      });
  const references = absent ? {} : (JSON.parse(readFileSync(join(folder, 'references.json'), 'utf8')) as Record<string, Reference>);

  test('every file has its verdict', async () => {
    const lines = ['file,verdict'];
    for (const { file } of manifest) {
      const result = await outcome(file);
      lines.push(
        `${file},${result instanceof FailureError ? `${result.failure.code} ${String(result.failure.params['feature'] ?? result.failure.params['reason'] ?? '')}`.trim() : 'read'}`,
      );
    }
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../../../reference/imaging/dicom-verdicts.csv');
  });

  test('stored values of grey single-frame files equal those of the reference decoder', async () => {
    let compared = 0;
    for (const { file, bits_stored, sign } of manifest) {
      const reference = references[file];
      const result = await outcome(file);
      if (result instanceof FailureError || reference?.sha256 === undefined || reference.canonical !== '<i4') continue;
      if (result.channels !== 1 || reference.shape.length !== 2) continue;
      // Signed samples are moved up by half their range.
      const offset = sign === 'signed' ? -(2 ** (Number(bits_stored) - 1)) : 0;
      const values = Int32Array.from(result.data, (value) => value + offset);
      // JPEG decoders differ in rounding. mlut_18 states 12 signed bits, and the reference reads its 16 without extending the sign (PS3.5 8.1.1).
      if (file.startsWith('txv/') || file.endsWith('mlut_18.dcm')) continue;
      expect([file, createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')]).toEqual([file, reference.sha256]);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(20);
  });

  test('what is shown through a window equals the rendering of the reference', async () => {
    const wrong: string[] = [];
    let compared = 0;
    for (const { file } of manifest) {
      const reference = references[file];
      const result = await outcome(file);
      if (result instanceof FailureError || reference?.render_mean === undefined || reference.voi !== 'window 1') continue;
      const { data } = display(result);
      const mean = data.reduce((a, b) => a + b, 0) / data.length;
      if (Math.abs(mean - reference.render_mean) > 0.5) wrong.push(`${file}: ${String(mean)}`);
      compared += 1;
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(10);
  });

  test('a real radiograph, its header and its windows', async () => {
    const result = await outcome('derived/chest-window-list.dcm');
    if (result instanceof FailureError) throw result;
    expect(result).toMatchObject({ width: 440, height: 440, channels: 1, bits: 10, inverted: true, view: 'PA' });
    expect(result.windows.map(({ center, width }) => [center, width])).toEqual([
      [550, 1024],
      [300, 200],
      [700, 400],
    ]);
  });
});
