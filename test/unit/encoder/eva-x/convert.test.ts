import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { unwrap } from '../../../../src/contract/result';
import { openCheckpoint } from '../../../../src/encoder/checkpoint/checkpoint';
import { openSource } from '../../../../src/encoder/checkpoint/source';
import { readDirectory, readEntry } from '../../../../src/encoder/checkpoint/zip';
import { convertCheckpoint, type Conversion } from '../../../../src/encoder/eva-x/convert';
import { openEncoderFolder } from '../../../../src/encoder/folder';
import { readHead } from '../../../../src/head-files/head-folder';
import { openSession } from '../../../../src/encoder/session';
import { readSafetensors } from '../../../../src/onnx/safetensors';
import { propose } from '../../../../src/trainer/heads/formula';
import { startNodeBackend } from '../../../../src/trainer/host/node';
import { matrix } from '../../../../src/trainer/matrix';
import { evaX, hasEvaX, maxDifference, readNpyFile } from '../arrays';

const reference = resolve(import.meta.dirname, '../../../reference/encoder');
const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));

const convert = (name: string, more: Partial<Conversion> = {}) =>
  convertCheckpoint({
    checkpoint: name.includes('/') ? name : join(evaX, name),
    precision: 'fp32',
    place: (id) => join(root, id),
    overwrite: true,
    ...more,
  });

async function embeddingOf(model: string): Promise<Float32Array> {
  const session = unwrap(await openSession(model, 'cpu', 1));
  const outputs = unwrap(await session.run({ pixels: readNpyFile(join(evaX, 'input.npy')) }));
  await session.close();
  return outputs.embedding?.data ?? new Float32Array();
}

/** A copy of a checkpoint with one weight changed, and its checksum with it. */
async function patched(name: string, weight: string, change: (bytes: Buffer) => void): Promise<string> {
  const path = join(evaX, name);
  const checkpoint = unwrap(await openCheckpoint(path));
  const storage = checkpoint.weights.get(weight)?.storage ?? '';
  await checkpoint.close();
  const source = unwrap(await openSource(path));
  const entry = [...(await readDirectory(source)).values()].find((one) => one.name.endsWith(`/data/${storage}`));
  if (!entry) throw new Error(weight);
  const before = Buffer.from(await readEntry(source, entry, 2 ** 28));
  await source.close();
  const whole = readFileSync(path);
  const at = whole.indexOf(before);
  const after = Buffer.from(before);
  change(after);
  after.copy(whole, at);
  const [old, now] = [before, after].map((bytes) => {
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(crc32(bytes));
    return crc;
  }) as [Buffer, Buffer];
  for (let i = whole.indexOf(old); i >= 0; i = whole.indexOf(old, i + 4)) now.copy(whole, i);
  const copy = join(root, `${weight}.pt`);
  writeFileSync(copy, whole);
  return copy;
}

describe.skipIf(!hasEvaX)('conversion of EVA-X checkpoints', () => {
  test('an encoder folder with its card, found valid again', async () => {
    const progress: number[] = [];
    const made = unwrap(await convert('micro-split.full.pt', { onProgress: (done, total) => progress.push(done / total) }));
    expect(readdirSync(made.folder).sort()).toEqual(['encoder.json', 'model.onnx', 'model.tokens.onnx']);
    expect(unwrap(await openEncoderFolder(made.folder))).toEqual(made);
    expect(made.card).toMatchObject({
      name: 'EVA-X of width 128, depth 2',
      kind: 'eva-x',
      variant: null,
      input: { channels: 3, size: 224 },
      outputs: { embedding: 128 },
      precision: 'fp32',
      source: { file: 'micro-split.full.pt' },
      head: null,
    });
    expect(made.card.licence).toMatch(/state no licence/);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  test.each(['micro-packed', 'micro-packed-2h', 'micro-split'])(
    '%s: half precision gives the features of the rounded weights',
    async (name) => {
      const made = unwrap(await convert(`${name}.half.pt`));
      const expected = readNpyFile(join(reference, `eva-x-half.${name}.npy`));
      expect(maxDifference(await embeddingOf(made.model), expected.data)).toBeLessThanOrEqual(name === 'micro-split' ? 2e-5 : 1e-5);
    },
  );

  test.each(['micro-packed', 'micro-packed-2h', 'micro-split'])('%s: the old format gives the same encoder', async (name) => {
    const made = unwrap(await convert(`${name}.legacy.pt`));
    expect(made.card.id).toBe(unwrap(await convert(`${name}.pt`)).card.id);
  });

  test('the id hangs on weights and preprocessing, not on the file around them', async () => {
    const idOf = async (name: string, more: Partial<Conversion> = {}) => unwrap(await convert(name, more)).card.id;
    const id = await idOf('micro-packed.pt');
    expect(await idOf('micro-packed.full.pt')).toBe(id);
    expect(await idOf('micro-packed.finetuned14.pt')).toBe(id);
    expect(await idOf('micro-packed.pt', { preparation: { crop: 'squash' } })).not.toBe(id);
    expect(await idOf('micro-packed.half.pt')).not.toBe(id);
  });

  test('a fine-tuned file keeps its head', async () => {
    const made = unwrap(await convert('micro-split.finetuned14.pt', { place: () => join(root, 'tuned') }));
    expect(made.card.head?.findings.length).toBe(14);
    const head = unwrap(readSafetensors(readFileSync(join(made.folder, 'head.safetensors')), made.folder));
    const checkpoint = unwrap(await openCheckpoint(join(evaX, 'micro-split.finetuned14.pt')));
    expect(head.weight?.shape).toEqual([14, 128]);
    expect(head.weight?.data).toEqual(unwrap(await checkpoint.read('head.weight')));
    expect(head.bias?.data).toEqual(unwrap(await checkpoint.read('head.bias')));
    await checkpoint.close();
    expect(maxDifference(await embeddingOf(made.model), readNpyFile(join(evaX, 'micro-split.feature.npy')).data)).toBeLessThanOrEqual(2e-5);
  });

  test.each(['micro-packed', 'micro-packed-2h', 'micro-split'])(
    '%s: the ready head says of the reference images what the reference features say',
    async (name) => {
      unwrap(await startNodeBackend({ backend: 'cpu' }));
      const made = unwrap(await convert(`${name}.finetuned14.pt`, { place: () => join(root, `ready ${name}`) }));
      const head = unwrap(await readHead(made.folder));
      const embedding = await embeddingOf(made.model);
      const d = made.card.outputs.embedding;
      const found = await propose(head, matrix(embedding.length / d, d, embedding));
      const features = readNpyFile(join(evaX, `${name}.feature.npy`)).data;
      // The head's own formula on the features that were computed in float64.
      const [weight, bias] = [head.tensors['weight']?.data ?? [], head.tensors['bias']?.data ?? []];
      expect(found.length).toBe((features.length / d) * 14);
      found.forEach((p, i) => {
        const [row, k] = [Math.floor(i / 14), i % 14];
        let logit = bias[k] ?? NaN;
        for (let c = 0; c < d; c++) logit += (weight[k * d + c] ?? NaN) * (features[row * d + c] ?? NaN);
        expect(Math.abs(p - 1 / (1 + Math.exp(-logit)))).toBeLessThan(1e-5);
      });
    },
  );

  test('another rotary table is refused', async () => {
    const swapped = await patched('micro-packed.pt', 'rope.freqs_cos', (bytes) =>
      bytes
        .swap32()
        .swap32()
        .writeFloatLE(0.5, 64 * 4 * 20),
    );
    const result = await convert(swapped);
    expect(result.ok ? null : result.failure).toMatchObject({
      code: 'checkpoint-rope-differs',
      params: { difference: expect.any(Number) as number },
    });
  });

  test('values that are no numbers are refused', async () => {
    const broken = await patched('micro-packed.pt', 'blocks.1.mlp.w3.weight', (bytes) => bytes.writeFloatLE(NaN, 400));
    const result = await convert(broken);
    expect(result.ok ? null : result.failure).toMatchObject({
      code: 'checkpoint-corrupt',
      params: { reason: expect.stringContaining('blocks.1.mlp.w3.weight') as string },
    });
  });

  test('a flipped bit in a weight is noticed', async () => {
    const whole = readFileSync(join(evaX, 'micro-packed.pt'));
    whole[Math.floor(whole.length / 2)] = (whole[Math.floor(whole.length / 2)] ?? 0) ^ 1;
    const path = join(root, 'flipped.pt');
    writeFileSync(path, whole);
    const result = await convert(path);
    expect(result.ok ? null : result.failure.code).toBe('checkpoint-corrupt');
  });

  test('nothing is left behind by a refusal, an abort, or a place that cannot be written', async () => {
    const into = join(root, 'empty');
    writeFileSync(join(root, 'none.pt'), 'no checkpoint');
    const none = await convert(join(root, 'none.pt'), { place: () => join(into, 'a') });
    expect(none.ok ? null : none.failure.code).toBe('checkpoint-not-one');
    const aborted = await convert('micro-packed.pt', { place: () => join(into, 'b'), signal: AbortSignal.abort() });
    expect(aborted.ok ? null : aborted.failure.code).toBe('stopped');
    const int8 = await convert('micro-packed.pt', { place: () => join(into, 'c'), precision: 'int8' });
    expect(int8.ok ? null : int8.failure.code).toBe('wrong-use');
    expect(() => readdirSync(into)).toThrow(/ENOENT/);
    const file = join(root, 'a file');
    writeFileSync(file, '');
    const blocked = await convert('micro-packed.pt', { place: () => join(file, 'below') });
    expect(blocked.ok ? null : blocked.failure.code).toBe('folder-not-writable');
    const twice = { place: () => join(root, 'once'), overwrite: false };
    unwrap(await convert('micro-packed.pt', twice));
    const second = await convert('micro-packed.pt', twice);
    expect(second.ok ? null : second.failure.code).toBe('output-exists');
  });
});
