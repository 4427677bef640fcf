import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { meanColours, SIZE, WIDTH } from '../../unit/encoder/custom/models';
import { collimate, contents, rowsOf, succeed, temporaryFolder } from './command';

const { path: work, remove } = temporaryFolder();
afterAll(remove);
beforeAll(async () => {
  await succeed(work, 'sample', '--out', 'sample', '--count', '24', '--seed', '3');
  writeFileSync(join(work, 'model.onnx'), meanColours({ batch: 1, tokens: true }));
});

test('an ONNX model becomes an encoder, embeds, and is exported with a head', async () => {
  const made = await succeed(
    work,
    'convert',
    'model.onnx',
    '--out',
    'enc',
    '--pooling',
    'mean-tokens',
    '--preprocessing',
    'imagenet',
    '--licence',
    'MIT',
  );
  expect(made).toMatchObject({ d: WIDTH, precision: 'fp32', licence: 'MIT', pooling: 'mean-tokens of features for x' });
  const card = JSON.parse(readFileSync(join(work, 'enc', 'encoder.json'), 'utf8')) as { preprocessing: unknown };
  expect(card.preprocessing).toMatchObject({
    tile: { crop: 'official', size: SIZE, resize: 37 },
    normalise: { kind: 'channels', mean: [0.485, 0.456, 0.406] },
  });
  await succeed(work, 'embed', 'sample/images', '--encoder', 'enc', '--out', 'e.npy', '--index', 'e.csv');
  await succeed(
    work,
    'fit',
    '--embeddings',
    'e.npy',
    '--index',
    'e.csv',
    '--labels',
    'sample/labels.csv',
    '--out',
    'head',
    '--ignore',
    'patient',
  );
  await succeed(work, 'propose', '--head', 'head', '--embeddings', 'e.npy', '--index', 'e.csv', '--out', 'p.csv');
  await succeed(work, 'export', '--head', 'head', '--encoder', 'enc', '--out', 'model', '--check', 'sample/images');
  await succeed(work, 'predict', 'model', 'sample/images', '--out', 'q.csv');
  const proposals = await rowsOf(join(work, 'p.csv'));
  const predictions = await rowsOf(join(work, 'q.csv'));
  expect(predictions).toHaveLength(24);
  predictions.forEach((row, i) => expect(Number(row['cardiomegaly'])).toBeCloseTo(Number(proposals[i]?.['cardiomegaly']), 3));
});

test('preprocessing as JSON, inline or in a file', async () => {
  const given = { size: SIZE, crop: 'squash', mean: 0.4, std: [0.5, 0.6, 0.7] };
  const inline = await succeed(work, 'convert', 'model.onnx', '--out', 'enc-inline', '--preprocessing', JSON.stringify(given));
  writeFileSync(join(work, 'how.json'), JSON.stringify(given));
  const file = await succeed(work, 'convert', 'model.onnx', '--out', 'enc-file', '--preprocessing', 'how.json');
  expect(inline['id']).toBe(file['id']);
  expect(inline['preprocessing']).toMatchObject({ normalise: { kind: 'channels', mean: [0.4, 0.4, 0.4], std: [0.5, 0.6, 0.7] } });
});

test.each([
  [['--input', 'y'], 'model-unsupported', /it has no input called y \(it has x\)/],
  [['--output', 'y'], 'model-unsupported', /it has no value called y \(its outputs are features\)/],
  [
    ['--preprocessing', 'nowhere'],
    'wrong-use',
    /neither a preset \(imagenet, clip, eva-x, xrv, .*\) nor JSON, and as a file it is not there/,
  ],
  [['--preprocessing', '{"size": 7}'], 'wrong-use', /--preprocessing: size/],
  [['--preprocessing', '{"sizes": 224}'], 'wrong-use', /--preprocessing: .*sizes/],
  [['--preprocessing', '{"size": 64}'], 'model-unsupported', /its input is 32 x 32 pixels, not 64 x 64/],
  [['--pooling', 'mean-map'], 'model-failed', /model\.onnx did not run: /],
])('%s is refused with a sentence, and nothing is left behind', async (args, code, words) => {
  const before = await contents(work);
  const { json, stderr } = await collimate(work, 'convert', 'model.onnx', '--out', 'refused', ...args);
  expect(json).toMatchObject({ ok: false, code });
  expect(stderr).toMatch(words);
  // No word of the runtime beside the sentence.
  expect(stderr).not.toMatch(/onnxruntime|\.cc:/);
  expect(await contents(work)).toEqual(before);
});
