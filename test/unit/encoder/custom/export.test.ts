import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { embeddingName } from '../../../../src/contract/jobs/encoder';
import { unwrap } from '../../../../src/contract/result';
import { keepCustom } from '../../../../src/encoder/custom/custom';
import { openExportedModel } from '../../../../src/encoder/exported';
import { createEncoder } from '../../../../src/encoder/service';
import { maxDifference } from '../arrays';
import { cardFacts, probabilitiesOf, syntheticHead } from '../heads';
import { factsOf, syntheticImaging, syntheticTile } from '../tiles';
import { meanColours, SIZE, wishFor, type Shape } from './models';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
const context = new AbortController();
const images = Array.from({ length: 11 }, (_, i) => `image ${String(i)}`);
const sources = images.map((name) => ({ file: `/x/${name}`, frame: null }));

describe('an exported model with an encoder of somebody else', () => {
  const shapes: [string, Shape, 'multilabel' | 'multiclass'][] = [
    ['free batch', { batch: 'N' }, 'multilabel'],
    [
      'one by one, old operators, our names',
      { batch: 1, opset: 9, input: 'image', output: 'probabilities', weight: 'pixels' },
      'multiclass',
    ],
    ['new operators', { batch: 'N', opset: 21, baked: true }, 'multiclass'],
  ];
  test.each(shapes)('%s', async (name, shape, task) => {
    const folder = join(root, name);
    const file = `${folder}.onnx`;
    writeFileSync(file, meanColours(shape));
    const wish = wishFor({ input: shape.input ?? 'x', output: shape.output ?? 'features' });
    const kept = unwrap(await keepCustom({ file, wish, into: root }, () => folder));
    const encoder = createEncoder({ profile: join(root, 'profile'), imaging: syntheticImaging().imaging }, () => undefined);
    try {
      const { card } = unwrap(await encoder.handlers.open({ folder: kept.folder, provider: 'cpu', threads: 1 }, context));
      unwrap(await encoder.handlers.embed({ items: sources.map((source) => ({ key: source.file, source })) }, context));
      const names = images.map((image) => embeddingName(factsOf(image).sha256, null));
      const { rows } = unwrap(await encoder.handlers.fetch({ names }, context));
      const head = syntheticHead({ id: card.id, d: card.outputs.embedding }, task, 3);
      const expected = Float32Array.from(probabilitiesOf(head, rows));
      const out = join(folder, 'exported');
      const request = {
        out,
        head: head.file,
        headTensors: head.tensors,
        check: sources,
        probabilities: expected,
        overwrite: true,
        card: cardFacts,
      };
      for (const parts of ['head', 'model'] as const) {
        const done = unwrap(await encoder.handlers.exportModel({ ...request, parts }, context));
        expect(done.maxDifference).toBeLessThan(1e-4);
      }
      expect(readFileSync(join(out, 'README.md'), 'utf8')).toMatch(/contains the weights of .*\.onnx/);

      const model = unwrap(await openExportedModel(join(out, 'model.onnx'), 'cpu', 1));
      expect(model.info).toMatchObject({ preprocessing: card.preprocessing, findings: head.file.findings, encoder: card.id });
      const found = unwrap(await model.predict(images.slice(0, 3).map((image) => syntheticTile(image, SIZE, 1))));
      expect(maxDifference(found, expected.subarray(0, found.length))).toBeLessThan(1e-4);
      await model.close();
    } finally {
      await encoder.close();
    }
  });
});
