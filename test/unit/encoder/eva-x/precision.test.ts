import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unwrap } from '../../../../src/contract/result';
import { convertCheckpoint, type Conversion } from '../../../../src/encoder/eva-x/convert';
import type { EncoderFolder } from '../../../../src/encoder/folder';
import { openSession } from '../../../../src/encoder/session';
import { parseModel, serialiseModel } from '../../../../src/onnx/model';
import { evaX, hasEvaX, maxDifference, readNpyFile } from '../arrays';
import { syntheticTile } from '../tiles';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));

const tiles = (n: number, from = 0) => Array.from({ length: n }, (_, i) => syntheticTile(`image ${String(from + i)}`, 224, 1));

const convert = (name: string, more: Partial<Conversion> = {}) =>
  convertCheckpoint({
    checkpoint: join(evaX, name),
    precision: 'int8',
    place: (id) => join(root, id),
    overwrite: true,
    calibrate: () => Promise.resolve({ ok: true, value: tiles(16) }),
    ...more,
  });

async function embeddingOf(model: string, batch = 3): Promise<Float32Array> {
  const session = unwrap(await openSession(model, 'cpu', 1));
  const { data } = readNpyFile(join(evaX, 'input.npy'));
  const length = 3 * 224 * 224;
  const rows: number[] = [];
  for (let from = 0; from < 3; from += batch) {
    const pixels = { shape: [batch, 3, 224, 224], data: data.subarray(from * length, (from + batch) * length) };
    rows.push(...(unwrap(await session.run({ pixels })).embedding?.data ?? []));
  }
  await session.close();
  return Float32Array.from(rows);
}

function relativeError(found: Float32Array, expected: Float32Array): number {
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  return norm(found.map((v, i) => v - (expected[i] ?? NaN))) / norm(expected);
}

describe.skipIf(!hasEvaX)('int8', () => {
  const names = ['micro-packed', 'micro-packed-2h', 'micro-split'] as const;
  const made = new Map<string, EncoderFolder>();
  beforeAll(async () => {
    for (const name of names) made.set(name, unwrap(await convert(`${name}.finetuned14.pt`)));
  });
  const folderOf = (name: string) => made.get(name) as EncoderFolder;

  test.each(names)('%s: close to float32 on images it has not seen, which the card tells', (name) => {
    const { quantisation, precision, name: title } = folderOf(name).card;
    expect(precision).toBe('int8');
    expect(title).toMatch(/int8$/);
    expect(quantisation).toMatchObject({ calibrated: 8, measured: 8, decisions: 'head' });
    expect(quantisation?.error).toBeGreaterThan(1e-4);
    expect(quantisation?.error).toBeLessThan(0.02);
    expect(quantisation?.worst).toBeGreaterThanOrEqual(quantisation?.error ?? NaN);
    expect(quantisation?.agreement).toBeGreaterThan(0.95);
  });

  test('the same image gives the same embedding in any batch', async () => {
    const { model } = folderOf('micro-split');
    expect(maxDifference(await embeddingOf(model, 1), await embeddingOf(model, 3))).toBeLessThanOrEqual(1e-5);
  });

  test('a class and an id of its own, which hangs on the images it was calibrated with', async () => {
    const fp32 = unwrap(await convert('micro-packed.finetuned14.pt', { precision: 'fp32' })).card.id;
    const again = unwrap(await convert('micro-packed.finetuned14.pt')).card.id;
    const calibrate = () => Promise.resolve({ ok: true as const, value: tiles(16, 100) });
    const other = unwrap(await convert('micro-packed.finetuned14.pt', { calibrate })).card.id;
    const { id } = folderOf('micro-packed').card;
    expect(again).toBe(id);
    expect(new Set([id, fp32, other]).size).toBe(3);
  });

  test('a quarter of the size, read and written again unchanged', async () => {
    const fp32 = unwrap(await convert('micro-packed-2h.pt', { precision: 'fp32' }));
    const bytes = readFileSync(folderOf('micro-packed-2h').model);
    expect(bytes.length).toBeLessThan(0.6 * readFileSync(fp32.model).length);
    expect(Buffer.from(serialiseModel(unwrap(parseModel(bytes)))).equals(bytes)).toBe(true);
  });

  test('without images: what to do', async () => {
    for (const calibrate of [undefined, () => Promise.resolve({ ok: true as const, value: [] })]) {
      const result = await convert('micro-packed.pt', { calibrate });
      expect(result.ok ? null : result.failure).toMatchObject({
        code: 'wrong-use',
        params: { reason: expect.stringContaining('--calibrate') as string },
      });
    }
    const failed = await convert('micro-packed.pt', {
      calibrate: () => Promise.resolve({ ok: false, failure: { code: 'folder-missing', params: {} } }),
    });
    expect(failed.ok ? null : failed.failure.code).toBe('folder-missing');
  });
});

describe.skipIf(!hasEvaX)('float16', () => {
  test.each(['micro-packed', 'micro-packed-2h', 'micro-split'])(
    '%s: relative error within 1e-3 of float32 with the same rounded weights, half the size, a class of its own',
    async (name) => {
      const half = unwrap(await convert(`${name}.half.pt`, { precision: 'fp16' }));
      const full = unwrap(await convert(`${name}.half.pt`, { precision: 'fp32' }));
      expect(half.card.precision).toBe('fp16');
      expect(half.card.id).not.toBe(full.card.id);
      expect(readFileSync(half.model).length).toBeLessThan(0.6 * readFileSync(full.model).length);
      const [found, exact] = [await embeddingOf(half.model), await embeddingOf(full.model)];
      expect(relativeError(found, exact)).toBeLessThanOrEqual(1e-3);
      expect(maxDifference(found, exact)).toBeLessThanOrEqual(1e-3);
    },
  );

  test('where images are given, what it costs is measured on all of them', async () => {
    const { quantisation } = unwrap(await convert('micro-split.finetuned14.pt', { precision: 'fp16' })).card;
    expect(quantisation).toMatchObject({ calibrated: 0, measured: 16, decisions: 'head' });
    expect(quantisation?.error).toBeGreaterThan(1e-5);
    expect(quantisation?.worst).toBeLessThanOrEqual(1e-3);
    expect(quantisation?.agreement).toBeGreaterThan(0.99);
    const unmeasured = unwrap(await convert('micro-split.finetuned14.pt', { precision: 'fp16', calibrate: undefined })).card;
    expect(unmeasured.quantisation).toBe(undefined);
  });
});
