import { describe, expect, test } from 'vitest';
import type { EncoderCard } from '../../../src/contract/encoder-card';
import { modelCard, type ModelCardFacts } from '../../../src/model-export/card';
import { infoOf, metadataOf, readInfo } from '../../../src/model-export/metadata';
import { cardFacts, syntheticHead } from '../encoder/heads';

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
  ...cardFacts,
  parts: 'model',
  encoder,
  head,
  project: 'Chest\n# Injected heading',
  labels: { Pneumonia: 7 },
  needs: { opset: 18, irVersion: 8, domains: [] },
  files: { 'model.onnx': 'b'.repeat(64) },
  checked: 24,
  maxDifference: 2e-6,
};

describe('the model card', () => {
  test("begins the receiver's work with a picture, and the head alone with its encoder", () => {
    const text = modelCard(facts);
    expect(text).toContain('python predict.py chest.png');
    expect(text).toContain('model.predict("chest.png")');
    expect(text).not.toContain('zeros');
    const alone = modelCard({ ...facts, parts: 'head', files: {} });
    expect(alone).toContain('python predict.py --encoder ENCODER_DIR chest.png');
    expect(alone).not.toContain('model.onnx');
  });

  test('its first lines are fields for programs, whatever the names hold', () => {
    const [start, ...lines] = modelCard({ ...facts, project: 'a: "b"\n---\u0085\u2028' }).split('\n');
    const end = lines.indexOf('---');
    expect(start).toBe('---');
    const fields = Object.fromEntries(
      lines.slice(0, end).map((line) => {
        const [, key = '', value = ''] = /^([\w-]+): (.*)$/.exec(line) ?? [];
        return [key, JSON.parse(value) as unknown];
      }),
    );
    expect(fields).toMatchObject({
      library_name: 'onnx',
      license: 'other',
      collimate: { version: '1.2.3', date: '2026-11-30', head: head.id, encoder: encoder.id, sha256: facts.files },
    });
    expect(JSON.stringify(fields['model-index'])).toContain('AUROC of Pneumonia, out of fold, n = 40');
    // PyYAML refuses these as they are.
    expect(lines.slice(0, end).join('')).not.toMatch(/[\u007f-\u009f\u2028]/);
  });

  test('states what runs it: ours from onnxruntime 1.17 on, a model of somebody else by its own opset', () => {
    expect(modelCard(facts)).toContain(
      'opset 18, IR version 8, operators of ai.onnx alone. The oldest runtime that it was tried with is onnxruntime 1.17.',
    );
    const foreign = modelCard({ ...facts, needs: { opset: 23, irVersion: 11, domains: ['com.microsoft'] } });
    expect(foreign).toContain('opset 23, IR version 11, operators of ai.onnx and of com.microsoft');
    expect(foreign).not.toContain('onnxruntime 1.17');
    expect(modelCard({ ...facts, encoder: { ...encoder, precision: 'int8' } })).toContain('session.x64quantprecision');
  });

  test('says what a receiver must know', () => {
    const text = modelCard(facts);
    expect(text).toContain('not a medical device');
    expect(text).toContain('no licence is stated');
    expect(text).toContain('export the head alone');
    expect(text).toContain("run on 24 images of the project; its probabilities differ from the app's by at most 2.0e-6");
    expect(text).toContain('float32 [N, 3, 224, 224]');
    expect(text).toContain('| Pneumonia | 1 | 39 | 7 |');
    expect(text).toContain('- Pneumonia: AUROC 0.912 (95 % interval 0.85 to 0.96), n = 40, out of fold');
    expect(text).toContain('Made with Collimate 1.2.3 on 2026-11-30');
    expect(text).toContain(
      'Patients: 31 with images labelled for training, 6 with audit draws; of 2 labelled images the patient is not known.',
    );
    expect(text).toContain('| Pneumonia | 0.71 |');
    expect(text).toContain(`| model.onnx | \`${'b'.repeat(64)}\` |`);
    const bare = modelCard({ ...facts, patients: null, thresholds: [], figures: [] });
    expect(bare).toContain('was not recorded');
    expect(bare.match(/None were measured/g)).toHaveLength(2);
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
