import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Encoder } from '../../../src/encoder/service';
import { hasEvaX } from '../encoder/arrays';
import { missing, shared } from '../imaging/shared';
import { compared, exportBoth, predicted, smallEvaX } from './exported';
import { pictures, redrawn } from './pictures';
import { python, pythonHas, runPython } from './python';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
const model = join(root, 'builtin/model');
const encoders: Encoder[] = [];
let builtin = '';

/** Where the decoders are the same, and where each has its own rounding. */
const SAME = 1e-5;
const LOSSY = 1e-3;

function folderWith(name: string, files: Record<string, Uint8Array>): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  return folder;
}

const above = (differences: Record<string, number>, limit: (name: string) => number) =>
  Object.entries(differences).filter(([name, difference]) => !(difference <= limit(name)));

beforeAll(async () => {
  if (!python) return;
  const { encoder, folder } = await exportBoth(root, 'builtin', 'linear', join(root, 'builtin'));
  encoders.push(encoder);
  builtin = folder;
}, 300_000);

afterAll(async () => {
  for (const encoder of encoders) await encoder.close();
  rmSync(root, { recursive: true });
});

/** What it may leave to its reader: decoders that are not installed or do not know a file, and what Pillow reads with fewer bits. */
const refusal = /needs one of|cannot be decoded|of 16-bit colour with 8 bits only|Pillow does not read it/;

describe.skipIf(!python)('predict.py beside an exported model', () => {
  test('reads what the app reads, and says the same of it', async () => {
    const { differences, onlyApp, onlyPython } = await compared(model, folderWith('pictures', await pictures()));
    expect(above(differences, (name) => (/\.(jpg|webp)$/.test(name) ? LOSSY : SAME))).toEqual([]);
    expect(Object.values(onlyApp).filter((reason) => !/needs one of/.test(reason))).toEqual([]);
    expect(onlyPython).toEqual([]);
    expect(Object.keys(differences).length).toBeGreaterThan(45);
  });

  test('so it does where a window or table shows nothing of the image, or contradicts itself', async () => {
    const { differences, onlyApp, onlyPython } = await compared(model, folderWith('redrawn', await redrawn()));
    expect(above(differences, () => SAME)).toEqual([]);
    expect([Object.values(onlyApp).filter((reason) => !/needs one of/.test(reason)), onlyPython]).toEqual([[], []]);
    expect(Object.keys(differences).length).toBeGreaterThan(6);
  });

  test.each(['data/dicom', 'data/hostile/real16', 'data/cxr/originals'])('so it does of the files in %s', async (folder) => {
    if (missing(folder)) return;
    const { differences, onlyApp, onlyPython } = await compared(model, join(shared, folder));
    expect(above(differences, () => LOSSY)).toEqual([]);
    expect(Object.entries(onlyApp).filter(([, reason]) => !refusal.test(reason))).toEqual([]);
    expect(onlyPython).toEqual([]);
    expect(Object.keys(differences).length).toBeGreaterThan(4);
  });

  test('the lines of the card run as they stand, on a picture', async () => {
    const { 'grey.png': picture = new Uint8Array() } = await pictures();
    writeFileSync(join(model, 'chest.png'), picture);
    const [, lines = ''] = /```python\n([^]*?)```/.exec(readFileSync(join(model, 'README.md'), 'utf8')) ?? [];
    const [row] = predicted(model, join(model, 'chest.png'));
    const printed = runPython(python ?? '', ['-c', lines], model);
    expect(Number(/'Pneumonia': ([\d.e-]+)/.exec(printed)?.[1])).toBeCloseTo(row?.values[0] ?? NaN, 6);
  });

  test('what is no image, and what ends early, is a row with a reason', () => {
    const broken = folderWith('broken', {
      'cut.png': readFileSync(join(model, 'chest.png')).subarray(0, 900),
      'notes.txt': Buffer.from('hello'),
    });
    expect(predicted(model, broken)).toMatchObject([{ path: 'cut.png', status: 'failed', message: /Pillow/ }]);
    expect(predicted(model, join(broken, 'notes.txt'))).toMatchObject([{ status: 'failed', message: /neither PNG/ }]);
  });

  test('the head alone says the same with its encoder', () => {
    const picture = join(model, 'chest.png');
    const [whole] = predicted(model, picture);
    const [alone] = predicted(join(root, 'builtin/head'), '--encoder', builtin, picture);
    alone?.values.forEach((value, i) => expect(Math.abs(value - (whole?.values[i] ?? NaN))).toBeLessThan(1e-4));
    expect(alone?.values).toHaveLength(3);
  });

  test.skipIf(!hasEvaX).each([
    ['fp32', 'linear'],
    ['fp16', 'linear'],
    ['int8', 'linear'],
    ['fp32', 'attentive'],
    ['fp32', 'block'],
    ['int8', 'block'],
  ] as const)('EVA-X in %s with a head of kind %s, whole and the head alone', async (precision, kind) => {
    const out = join(root, `${precision} ${kind}`);
    const { encoder, folder } = await exportBoth(root, await smallEvaX(root, precision), kind, out);
    encoders.push(encoder);
    const {
      'colour.png': colour = new Uint8Array(),
      'turned 6.jpg': turned = new Uint8Array(),
      'plain.dcm': dicom = new Uint8Array(),
    } = await pictures();
    const images = folderWith(`images ${precision} ${kind}`, { 'colour.png': colour, 'turned.jpg': turned, 'plain.dcm': dicom });
    const { differences } = await compared(join(out, 'model'), images);
    expect(Object.keys(differences)).toHaveLength(3);
    // In half precision and int8 the last bit of a sum can move a value by a step; the limits are those of the export.
    const limit = { fp32: SAME, fp16: 1e-3, int8: 5e-3 }[precision];
    expect(above(differences, () => limit)).toEqual([]);
    const whole = predicted(join(out, 'model'), images);
    predicted(join(out, 'head'), '--encoder', folder, images).forEach(({ values }, row) => {
      values.forEach((value, i) => expect(Math.abs(value - (whole[row]?.values[i] ?? NaN))).toBeLessThan(Math.max(limit, 1e-4)));
    });
  });

  test.skipIf(!pythonHas('huggingface_hub'))('the card is one of Hugging Face', () => {
    const script =
      'import sys; from huggingface_hub import ModelCard; d = ModelCard.load(sys.argv[1]).data; print(d.library_name, d.license, d.eval_results[0].metric_value, d.collimate["date"])';
    expect(runPython(python ?? '', ['-c', script, join(model, 'README.md')]).trim()).toBe('onnx other 0.9123 2026-11-30');
  });
});
