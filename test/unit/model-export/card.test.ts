import { describe, expect, test } from 'vitest';
import type { EncoderCard } from '../../../src/contract/encoder-card';
import { modelCard, type ModelCardFacts } from '../../../src/model-export/card';
import { infoOf, metadataOf, readInfo } from '../../../src/model-export/metadata';
import { syntheticHead } from '../encoder/heads';

const encoder: EncoderCard = {
  format: 'collimate-encoder',
  version: 1,
  id: 'e'.repeat(64),
  name: 'EVA-X S',
  kind: 'eva-x',
  variant: 'small',
  input: { name: 'pixels', channels: 3, size: 224 },
  preprocessing: {
    tile: { crop: 'official', resize: 256, size: 224, colour: 'keep', filter: 'pillow-bicubic' },
    normalise: { kind: 'fixed', mean: 0.49185243, std: 0.28509309 },
  },
  pooling: 'mean',
  precision: 'fp32',
  outputs: { embedding: 384 },
  source: { file: 'eva_x_small.pt', sha256: 'a'.repeat(64) },
  licence: 'not stated',
  head: null,
};
const head = syntheticHead({ id: encoder.id, d: 384 }, 'multilabel', null).file;
const facts: ModelCardFacts = {
  parts: 'model',
  encoder,
  head,
  project: 'Chest\n# Injected heading',
  labels: { Pneumonia: 7 },
  metrics: ['AUROC 0.91'],
  checked: 24,
  maxDifference: 2e-6,
};

describe('the model card', () => {
  test("begins the receiver's work: the lines of Python name the shape and the outputs of this file", () => {
    const text = modelCard(facts);
    expect(text).toContain('image = numpy.zeros((1, 3, 224, 224), numpy.float32)');
    expect(text).toContain('model.run(["probabilities"], {"image": image})');
    expect(modelCard({ ...facts, parts: 'head' })).not.toContain('model.onnx');
  });
  test('says what a receiver must know', () => {
    const text = modelCard(facts);
    expect(text).toContain('not a medical device');
    expect(text).toContain('no licence is stated');
    expect(text).toContain('export the head alone');
    expect(text).toContain("run on 24 images of the project; its probabilities differ from the app's by at most 2.0e-6");
    expect(text).toContain('float32 [N, 3, 224, 224]');
    expect(text).toContain('| Pneumonia | 1 | 39 | 7 |');
    expect(text).toContain('AUROC 0.91');
    expect(text).toContain(encoder.id);
  });

  test('names of people are text, never markup', () => {
    const text = modelCard(facts);
    expect(text).not.toMatch(/^# Injected/m);
    expect(text).toContain('Effusion \\| small');
  });

  test('the head alone says whose embeddings it needs', () => {
    const text = modelCard({ ...facts, parts: 'head' });
    expect(text).toContain('holds none of the weights of EVA-X');
    expect(text).not.toContain('contains EVA-X weights');
  });

  test('the built-in encoder carries no such warning', () => {
    expect(modelCard({ ...facts, encoder: { ...encoder, kind: 'scattering', source: null } })).not.toContain('no licence is stated');
  });
});

describe('metadata of an exported model', () => {
  test('is read back', () => {
    const info = infoOf(encoder, head);
    expect(readInfo(metadataOf(info), 'x')).toEqual({ ok: true, value: info });
  });

  test('what is missing or no JSON is refused', () => {
    const metadata = metadataOf(infoOf(encoder, head));
    for (const key of Object.keys(metadata)) {
      const { [key]: _, ...rest } = metadata;
      expect(readInfo(rest, 'x').ok).toBe(false);
    }
    expect(readInfo({ ...metadata, findings: '[' }, 'x').ok).toBe(false);
    expect(readInfo({ ...metadata, preprocessing: '{}' }, 'x').ok).toBe(false);
  });
});
