import { parse } from 'csv-parse/sync';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readingNotes } from '../../../../../src/contract/display-rule';
import { FailureError } from '../../../../../src/contract/result';
import { decodeImage } from '../../../../../src/imaging/formats/decode';
import { readFrame } from '../../../../../src/imaging/formats/dicom/frame';
import { readDicomHeader } from '../../../../../src/imaging/formats/dicom/header';
import { readPixelModule, type PixelModule } from '../../../../../src/imaging/formats/dicom/module';
import { greySamples } from '../../../../../src/imaging/formats/dicom/samples';
import type { Picture, Raster } from '../../../../../src/imaging/formats/raster';
import { defaultView, display } from '../../../../../src/imaging/window/display';
import { missing, shared } from '../../shared';

interface Reference {
  sha256?: string;
  upstream_sha256?: string;
  canonical?: string;
  voi?: string;
  shape: number[];
  render?: string;
  render_mean?: number;
}
interface Point {
  frame: number | null;
  op: 'values' | 'min' | 'max';
  index: (number | [number | null, number | null])[];
  expect: number | number[];
}

const folder = join(shared, 'data/dicom');
const absent = missing('data/dicom');
const bytesOf = (file: string) => readFileSync(join(folder, file));
const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function outcome(file: string): Promise<Raster | FailureError> {
  try {
    return await decodeImage(bytesOf(file), null);
  } catch (error) {
    if (error instanceof FailureError) return error;
    throw error;
  }
}

/** All stored values of a file, before rescale, LUT, window and colour conversion, pixel by pixel. */
async function storedValues(file: string): Promise<{ module: PixelModule; values: Float64Array }> {
  const header = readDicomHeader(bytesOf(file));
  const module = readPixelModule(header.set);
  const { width, height, samples, frames } = module;
  const pixels = width * height;
  const values = new Float64Array(frames * pixels * samples);
  for (let n = 0; n < frames; n++) {
    const frame = await readFrame(header, module, n);
    if (samples === 1) {
      const { data, gain, base } = greySamples(frame, module);
      data.forEach((sample, i) => (values[n * pixels + i] = gain * sample + base));
      continue;
    }
    const at = { interleaved: (i: number, c: number) => 3 * i + c, planar: (i: number, c: number) => i + c * pixels };
    const halved = (i: number, c: number) => 4 * (i >> 1) + (c === 0 ? i & 1 : c + 1);
    for (let i = 0; i < pixels * 3; i++) {
      const index = frame.layout === 'halved' ? halved : at[frame.layout];
      values[n * pixels * 3 + i] = frame.words[index(Math.floor(i / 3), i % 3)] ?? NaN;
    }
  }
  return { module, values };
}

/** Where the reference differs, and why. Each is checked apart or refused with a sentence. */
const differing: Readonly<Record<string, string>> = {
  'pydicom-data/mlut_18.dcm': 'states 12 signed bits; the reference does not extend the sign bit (PS3.5 8.1.1)',
  'pydicom-data/JLSL_16_15_1_1F.dcm': 'states 15 signed bits; the reference does not extend the sign bit (PS3.5 8.1.1)',
  'pydicom/rtdose_1frame.dcm': '32 bits over more than 65,535 values: 65,536 steps',
  'pydicom/badVR.dcm': 'the reference refuses its number of frames',
  'pydicom-data/parametric_map_float.dcm': 'floating point: 65,536 steps',
  'pydicom/JPEG2000-embedded-sequence-delimiter.dcm': 'the damage lies in the header of the code stream: refused',
  'pydicom-data/HTJ2KLossless_08_RGB.dcm': 'the reference cannot read it',
};

describe.skipIf(absent)('the DICOM collection', () => {
  const manifest = absent ? [] : parse<{ file: string; status: string }>(bytesOf('manifest.csv'), { columns: true });
  const references = absent ? {} : (json('references.json') as Record<string, Reference>);

  test('every file has its verdict', async () => {
    const lines = ['file,verdict'];
    const wrong: string[] = [];
    for (const { file, status } of manifest) {
      const result = await outcome(file);
      const failure = result instanceof FailureError ? result.failure : null;
      const reason = failure && `${failure.code} ${String(failure.params['feature'] ?? failure.params['reason'] ?? '')}`.trim();
      lines.push(`${file},${reason ?? 'read'}`);
      const expected = status === 'no image' ? reason !== null : status !== 'decodes' || file in differing || reason === null;
      if (!expected) wrong.push(`${file}: ${status}, but ${reason ?? 'read'}`);
    }
    expect(wrong).toEqual([]);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../../../../reference/imaging/dicom-verdicts.csv');
  });

  test('stored values equal those of the reference decoders, all frames, grey and colour', async () => {
    let compared = 0;
    for (const { file } of manifest) {
      const reference = references[file];
      if (reference?.sha256 === undefined || reference.canonical !== '<i4' || file in differing) continue;
      const { values } = await storedValues(file);
      expect([file, sha256(new Uint8Array(Int32Array.from(values).buffer))]).toEqual([file, reference.sha256]);
      compared += 1;
    }
    expect(compared).toBe(56);
  });

  // The hashes are those of display rule 0, but where the notes tell why the picture is another one.
  test('what is shown keeps its bytes', async () => {
    const lines = ['file,display,notes'];
    for (const { file } of manifest) {
      const raster = await outcome(file);
      if (raster instanceof FailureError) continue;
      const view = defaultView(raster);
      lines.push(`${file},${sha256(display(raster, view).data)},${readingNotes(view.notes).join(' ')}`);
    }
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../../../../reference/imaging/dicom-displays.csv');
  });

  test('wide samples are within half a step of the reference', async () => {
    const { values } = await storedValues('pydicom-data/parametric_map_float.dcm');
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(Math.abs(mean - 0.58698)).toBeLessThan(1e-5);
    expect(values.reduce((a, b) => Math.max(a, b), 0)).toBeCloseTo(0.9415791630744934, 12);
    const dose = (await storedValues('pydicom/rtdose_1frame.dcm')).values;
    const top = dose.reduce((a, b) => Math.max(a, b), 0);
    const bottom = dose.reduce((a, b) => Math.min(a, b), top);
    [1249000, 1249000, 1250000].forEach((value, i) =>
      expect(Math.abs((dose[i] ?? 0) - value)).toBeLessThanOrEqual((top - bottom) / 65535 / 2 + 1e-6),
    );
  });

  test('HTJ2K equals what pydicom with pylibjpeg-openjpeg 2.6 reads', async () => {
    const { values } = await storedValues('pydicom-data/HTJ2KLossless_08_RGB.dcm');
    expect(sha256(Uint8Array.from(values))).toBe('9d87240604f5d7522c6a8056ace6cefc2c8d6d0b07bd6e7303d5e5b21af9a49e');
  });

  test("single values that pydicom's own tests assert", async () => {
    const points = json('upstream-points.json') as Record<string, Point[]>;
    for (const [file, asserted] of Object.entries(points)) {
      if (file in differing) continue;
      const { module, values } = await storedValues(file);
      const { width, height, samples } = module;
      for (const { frame, op, index, expect: expected } of asserted) {
        const found = pick(values, (frame ?? 0) * width * height * samples, [height, width, samples], index);
        const value = op === 'min' ? Math.min(...found) : op === 'max' ? Math.max(...found) : found;
        expect([file, index, value]).toEqual([file, index, op === 'values' && !Array.isArray(expected) ? [expected] : expected]);
      }
    }
  });

  test("values after the rescale equal cornerstone3D's hashes", async () => {
    let compared = 0;
    for (const [file, { upstream_sha256: expected }] of Object.entries(references)) {
      const result = await outcome(file);
      if (expected === undefined || result instanceof FailureError || result.channels !== 1) continue;
      const { slope, intercept } = result.rescale;
      const values = Int16Array.from(result.data, (sample) => slope * sample + intercept);
      expect([file, sha256(new Uint8Array(values.buffer))]).toEqual([file, expected]);
      compared += 1;
    }
    expect(compared).toBe(8);
  });

  test('what is shown equals the rendering of the reference', async () => {
    const wrong: string[] = [];
    let compared = 0;
    for (const [file, { render, render_mean: mean, voi }] of Object.entries(references)) {
      if (render === undefined || mean === undefined) continue;
      const result = await outcome(file);
      if (result instanceof FailureError) continue;
      // Without a window the reference spreads the whole range, which is a preset here and not the default.
      const shown = display(voi === 'min-max' ? { ...result, windows: [spread(result)] } : result);
      const expected = display(await decodeImage(readFileSync(join(folder, render)), null));
      const small = boxAverage(shown, expected.width, expected.height);
      expect([file, shown.channels]).toEqual([file, expected.channels]);
      const difference = small.reduce((sum, value, i) => sum + Math.abs(value - (expected.data[i] ?? 0)), 0) / small.length;
      if (!(difference < 2)) wrong.push(`${file}: ${difference.toFixed(2)}`);
      compared += 1;
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(55);
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

/** Numpy's indexing, as far as the points use it: numbers and one-step slices, negative ones from the end. */
function pick(values: Float64Array, from: number, shape: number[], index: Point['index']): number[] {
  const ranges = shape.map((length, axis) => {
    const at = index[axis];
    const wrap = (n: number) => (n < 0 ? n + length : n);
    if (typeof at === 'number') return [wrap(at)];
    const [start, end] = at ?? [null, null];
    const first = start === null ? 0 : wrap(start);
    return Array.from({ length: (end === null ? length : wrap(end)) - first }, (_, i) => first + i);
  });
  const [rows = [], columns = [], channels = []] = ranges;
  const [, width = 1, samples = 1] = shape;
  return rows.flatMap((y) => columns.flatMap((x) => channels.map((c) => values[from + (y * width + x) * samples + c] ?? NaN)));
}

/** From the least sample to the largest. */
function spread({ data }: Raster) {
  let low = 65535;
  let high = 0;
  for (const sample of data) {
    low = Math.min(low, sample);
    high = Math.max(high, sample);
  }
  return { name: 'min-max', center: low + (high - low) / 2 + 0.5, width: high - low + 1 };
}

/** Pillow's BOX filter, with which the renderings were made small. */
function boxAverage({ width, height, channels, data }: Picture, toWidth: number, toHeight: number): number[] {
  const inputs = (n: number, to: number, i: number) => {
    const scale = Math.max(n / to, 1);
    const center = ((i + 0.5) * n) / to;
    const first = Math.max(Math.trunc(center - scale / 2 + 0.5), 0);
    const end = Math.min(Math.trunc(center + scale / 2 + 0.5), n);
    return Array.from({ length: end - first }, (_, k) => first + k).filter((k) => Math.abs((k + 0.5 - center) / scale) <= 0.5);
  };
  const columns = Array.from({ length: toWidth }, (_, x) => inputs(width, toWidth, x));
  const out: number[] = [];
  for (let y = 0; y < toHeight; y++) {
    const rows = inputs(height, toHeight, y);
    for (const column of columns) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const v of rows) for (const u of column) sum += data[(v * width + u) * channels + c] ?? 0;
        out.push(sum / rows.length / column.length);
      }
    }
  }
  return out;
}
