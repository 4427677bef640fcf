import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sentence } from '../../../src/contract/catalogue';
import { BUILTIN_IDS } from '../../../src/contract/encoder-identity';
import { HeadFile, type Head } from '../../../src/contract/head';
import { embeddingName } from '../../../src/contract/jobs/encoder';
import { unwrap } from '../../../src/contract/result';
import { convertCheckpoint } from '../../../src/encoder/eva-x/convert';
import { openExportedModel } from '../../../src/encoder/exported';
import { createEncoder, type Encoder } from '../../../src/encoder/service';
import { readSafetensors } from '../../../src/onnx/safetensors';
import { evaX, hasEvaX, maxDifference } from './arrays';
import { cardFacts, probabilitiesOf, syntheticHead } from './heads';
import { factsOf, syntheticImaging, syntheticTile } from './tiles';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
const context = new AbortController();
const images = Array.from({ length: 40 }, (_, i) => `image ${String(i)}`);
const sources = images.map((name) => ({ file: `/x/${name}`, frame: null }));
const encoders: Encoder[] = [];
afterAll(async () => {
  for (const encoder of encoders) await encoder.close();
  rmSync(root, { recursive: true });
});

/** An encoder with all images embedded. */
async function start(folder: string) {
  const encoder = createEncoder({ profile: join(root, 'profile'), imaging: syntheticImaging().imaging }, () => undefined);
  encoders.push(encoder);
  const { card } = unwrap(await encoder.handlers.open({ folder, provider: 'cpu', threads: 1 }, context));
  unwrap(await encoder.handlers.embed({ items: sources.map((source) => ({ key: source.file, source })) }, context));
  const names = images.map((name) => embeddingName(factsOf(name).sha256, null));
  const { rows } = unwrap(await encoder.handlers.fetch({ names }, context));
  const write = (out: string, head: Head, more: { parts?: 'model' | 'head'; overwrite?: boolean; probabilities?: Float32Array } = {}) =>
    encoder.handlers.exportModel(
      {
        out,
        parts: 'model',
        head: head.file,
        headTensors: head.tensors,
        check: sources,
        probabilities: Float32Array.from(probabilitiesOf(head, rows)),
        overwrite: false,
        card: cardFacts,
        ...more,
      } as Parameters<typeof encoder.handlers.exportModel>[0],
      context,
    );
  return { card, rows, write, encoder: { id: card.id, d: card.outputs.embedding } };
}

describe('export with the built-in encoder', () => {
  let app: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    app = await start('builtin');
  });

  test.each(['multilabel', 'multiclass'] as const)('%s: the model gives the probabilities of the app', async (task) => {
    const head = syntheticHead(app.encoder, task, 24);
    const out = join(root, task);
    const done = unwrap(await app.write(out, head));
    expect(done.files.map((file) => basename(file))).toEqual(['model.onnx', 'head.safetensors', 'head.json', 'predict.py', 'README.md']);
    expect(readdirSync(out).sort()).toEqual(['README.md', 'head.json', 'head.safetensors', 'model.onnx', 'predict.py']);
    expect(done.checked).toBe(40);
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('opset 18, IR version 8, operators of ai.onnx alone');
    expect(done.maxDifference).toBeLessThan(1e-4);

    const model = unwrap(await openExportedModel(join(out, 'model.onnx'), 'cpu', 1));
    expect(model.info).toEqual({
      preprocessing: app.card.preprocessing,
      findings: head.file.findings,
      task,
      encoder: app.card.id,
      head: head.file.id,
      licence: app.card.licence,
    });
    const tiles = images.slice(0, 8).map((name) => syntheticTile(name, 128, 1));
    const found = unwrap(await model.predict(tiles));
    expect(maxDifference(found, probabilitiesOf(head, app.rows).subarray(0, 24))).toBeLessThan(1e-4);
    await model.close();
    expect(HeadFile.parse(JSON.parse(readFileSync(join(out, 'head.json'), 'utf8')))).toEqual(head.file);
    expect(unwrap(readSafetensors(readFileSync(join(out, 'head.safetensors')), out))).toEqual(head.tensors);
  });

  test.each([[true, false, true] as const, [true, true, true] as const])(
    'findings for which the head of the file speaks (%s, %s, %s) come out as in the app, in the model and in the head alone',
    async (...served) => {
      const head = syntheticHead(app.encoder, 'multilabel', 24, [...served]);
      const done = unwrap(await app.write(join(root, `served ${served.join()}`), head));
      expect(done.maxDifference).toBeLessThan(1e-4);
      const alone = unwrap(await app.write(join(root, `served head ${served.join()}`), head, { parts: 'head' }));
      expect(alone.maxDifference).toBeLessThan(1e-4);
      const own = await app.write(join(root, 'other'), head, {
        probabilities: probabilitiesOf(syntheticHead(app.encoder, 'multilabel', 24), app.rows),
      });
      expect(own.ok ? '' : own.failure.code).toBe('export-check-failed');
    },
  );

  test('the head alone takes embeddings', async () => {
    const out = join(root, 'head');
    const done = unwrap(await app.write(out, syntheticHead(app.encoder, 'multilabel', 24), { parts: 'head' }));
    expect(readdirSync(out).sort()).toEqual(['README.md', 'head.json', 'head.onnx', 'head.safetensors', 'predict.py']);
    expect(done.maxDifference).toBeLessThan(1e-4);
  });

  test('a model that says something else is not written', async () => {
    const head = syntheticHead(app.encoder, 'multilabel', 24);
    const out = join(root, 'wrong');
    for (const wrong of [3e-4, NaN]) {
      const probabilities = probabilitiesOf(head, app.rows);
      probabilities[50] = (probabilities[50] ?? 0) + wrong;
      for (const parts of ['model', 'head'] as const) {
        const result = await app.write(out, head, { probabilities, parts });
        expect(result.ok ? null : result.failure.code).toBe('export-check-failed');
      }
    }
    expect(existsSync(out)).toBe(false);
  });

  test('what exists is refused, or replaced if asked', async () => {
    const head = syntheticHead(app.encoder, 'multilabel', 24);
    const out = join(root, 'again');
    mkdirSync(out);
    writeFileSync(join(out, 'mine.txt'), 'stays');
    unwrap(await app.write(out, head));
    const refused = await app.write(out, head);
    expect(refused.ok ? null : refused.failure.code).toBe('output-exists');
    unwrap(await app.write(out, head, { overwrite: true }));
    expect(readFileSync(join(out, 'mine.txt'), 'utf8')).toBe('stays');
  });

  test('a head of another encoder is refused', async () => {
    const result = await app.write(join(root, 'foreign'), syntheticHead({ ...app.encoder, id: 'f'.repeat(64) }, 'multilabel', 24));
    expect(result.ok ? null : result.failure.code).toBe('head-foreign');
    const text = result.ok ? '' : sentence(result.failure);
    expect(text).toContain('test (id ffffffffffff)');
    expect(text).toContain(`Built-in scattering (id ${app.card.id.slice(0, 12)})`);
    expect(text).toMatch(/Embed the images with the encoder of the head, or fit a head on these embeddings\.$/);
  });

  test.each(BUILTIN_IDS)('a head that was fitted when the encoder had the id %s is its own', async (id) => {
    const done = unwrap(await app.write(join(root, `alias ${id}`), syntheticHead({ ...app.encoder, id }, 'multilabel', 24)));
    expect(done.maxDifference).toBeLessThan(1e-4);
  });

  test('a place that cannot be written is a sentence', async () => {
    const file = join(root, 'a file');
    writeFileSync(file, '');
    const result = await app.write(join(file, 'below'), syntheticHead(app.encoder, 'multilabel', 24));
    expect(result.ok ? null : result.failure.code).toBe('folder-not-writable');
  });
});

describe.skipIf(!hasEvaX)('export with EVA-X', () => {
  test('grey tiles of one channel become three in the model as in the app', async () => {
    const made = unwrap(
      await convertCheckpoint({
        checkpoint: join(evaX, 'micro-split.pt'),
        precision: 'fp32',
        place: () => join(root, 'eva-x'),
        overwrite: false,
      }),
    );
    const app = await start(made.folder);
    const head = syntheticHead(app.encoder, 'multilabel', null);
    const out = join(root, 'eva-x model');
    const done = unwrap(await app.write(out, head));
    expect(done.maxDifference).toBeLessThan(1e-4);
    const card = readFileSync(join(out, 'README.md'), 'utf8');
    expect(card).toContain('contains EVA-X weights, for which no licence is stated');
    expect(unwrap(await app.write(join(root, 'eva-x head'), head, { parts: 'head' })).maxDifference).toBeLessThan(1e-4);
  });
});
