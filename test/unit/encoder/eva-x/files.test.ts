import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { sentence } from '../../../../src/contract/catalogue';
import { unwrap } from '../../../../src/contract/result';
import { readHead } from '../../../../src/head-files/head-folder';
import { convertCheckpoint, type Conversion } from '../../../../src/encoder/eva-x/convert';
import { openSession } from '../../../../src/encoder/session';
import { maxDifference } from '../arrays';

// Written by PyTorch and safetensors: test/reference/encoder/evax_files.py. All hold the same weights.
const reference = resolve(import.meta.dirname, '../../../reference/encoder/evax');
const expected = JSON.parse(readFileSync(join(reference, 'expected.json'), 'utf8')) as {
  packed: number[];
  split: number[];
  heads: Record<string, { 'head.weight': number[]; 'head.bias': number[] }>;
};
const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
for (const name of readdirSync(reference).filter((file) => file.endsWith('.gz'))) {
  writeFileSync(join(root, name.slice(0, -3)), gunzipSync(readFileSync(join(reference, name))));
}

const convert = (name: string, more: Partial<Conversion> = {}) =>
  convertCheckpoint({
    checkpoint: join(root, name),
    precision: 'fp32',
    place: () => join(root, `${name}.encoder`),
    overwrite: true,
    ...more,
  });

const pixels = { shape: [1, 3, 224, 224], data: Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(i / 7) * 1.5) };

async function embeddingOf(model: string): Promise<Float32Array> {
  const session = unwrap(await openSession(model, 'cpu', 1));
  const outputs = unwrap(await session.run({ pixels }));
  await session.close();
  return outputs.embedding?.data ?? new Float32Array();
}

describe('one encoder in every kind of file', () => {
  const files = [
    'zip.pt',
    'zip-bfloat16.pt',
    'zip-float16-protocol4.pt',
    'legacy-bfloat16.pt',
    'legacy-views.pt',
    'shared-storage.pt',
    'column-major.pt',
    'float32.safetensors',
    'bfloat16.safetensors',
    'model-ema-5.pth',
    'head-14.pth',
    'wrapped-nested.pt',
    'wrapped-compiled.safetensors',
    'head-sequential.pth',
  ];
  test.each(files)('%s', async (name) => {
    const made = unwrap(await convert(name));
    expect(maxDifference(await embeddingOf(made.model), Float32Array.from(expected.packed))).toBeLessThanOrEqual(1e-5);
    expect(made.card.id).toBe(unwrap(await convert('zip.pt')).card.id);
  });

  test('the layout of B', async () => {
    const made = unwrap(await convert('split.pt'));
    expect(maxDifference(await embeddingOf(made.model), Float32Array.from(expected.split))).toBeLessThanOrEqual(2e-5);
  });

  test.each(['rope-axes-swapped.pt', 'rope-other-base-bfloat16.pt', 'rope-of-a-block-swapped.pt'])(
    '%s: another rotary table is refused',
    async (name) => {
      const result = await convert(name);
      expect(result.ok ? null : result.failure.code).toBe('checkpoint-rope-differs');
      expect(result.ok ? '' : sentence(result.failure)).toMatch(/^The rotary table in rope-.* differs from that of EVA-X by [\d.e-]+\./);
    },
  );
});

describe('the head of a fine-tuned file', () => {
  test.each([
    ['model-ema-5.pth', 5, 'multilabel'],
    ['head-14.pth', 14, 'multilabel'],
    ['head-3.pth', 3, 'multiclass'],
    ['head-sequential.pth', 14, 'multilabel'],
  ] as const)(
    '%s: a ready head with %i outputs, numbered until somebody says what they are, the numbers those of the file',
    async (name, classes, task) => {
      const made = unwrap(await convert(name));
      const head = unwrap(await readHead(made.folder));
      const findings = Array.from({ length: classes }, (_, i) => `output ${String(i + 1)}`);
      expect(head.file).toMatchObject({ kind: 'logistic', task, findings, encoder: { id: made.card.id, d: 64 }, projection: null });
      expect(made.card.head).toEqual({ findings, task, named: 'by number' });
      const numbers = expected.heads[String(classes)];
      expect(head.tensors.weight).toEqual({ shape: [classes, 64], data: Float32Array.from(numbers?.['head.weight'] ?? []) });
      expect(head.tensors.bias?.data).toEqual(Float32Array.from(numbers?.['head.bias'] ?? []));
      expect(unwrap(await readHead(unwrap(await convert(name)).folder)).file.id).toBe(head.file.id);
    },
  );

  test('named as asked', async () => {
    const choice = { findings: ['Normal', 'Bacterial', 'Viral'], task: 'multilabel' as const };
    const made = unwrap(await convert('head-3.pth', choice));
    expect(unwrap(await readHead(made.folder)).file).toMatchObject(choice);
    expect(made.card.head?.named).toBe('by hand');
    const wrong = await convert('head-3.pth', { findings: ['one', 'two'] });
    expect(wrong.ok ? '' : sentence(wrong.failure)).toMatch(/^The head of head-3\.pth has 3 findings, 2 were named\./);
  });

  test('a file without a head gives none', async () => {
    const made = unwrap(await convert('zip.pt'));
    expect(made.card.head).toBe(null);
    expect(readdirSync(made.folder).sort()).toEqual(['encoder.json', 'model.onnx', 'model.tokens.onnx']);
  });
});
