import type { CustomModel } from '../../../../src/contract/custom-encoder';
import type { EncoderCard } from '../../../../src/contract/encoder-card';
import type { Library } from '../../../../src/contract/library';
import type { Weights } from '../../../../src/contract/weights';
import { id } from './project';

export const libraryOf = (): Library => ({
  encoders: [
    {
      card: builtinCard,
      builtin: true,
      bytes: 1_800_000,
      kept: { encoder: builtinCard.id, bytes: 44_000_000, images: 5863, projects: [] },
      speed: { imagesPerSecond: 812, provider: 'cpu', reason: 'Quick enough.', measured: '2026-11-20T10:00:00.000Z' },
    },
    {
      card: evaCard,
      builtin: false,
      bytes: 86_700_000,
      kept: {
        encoder: evaCard.id,
        bytes: 9_000_000,
        images: 5863,
        projects: [{ id: id(7, 'P'), name: 'ChestX-ray14 subset', images: 5863, open: false }],
      },
      speed: null,
    },
  ],
  strays: [{ encoder: 'b'.repeat(64), bytes: 1_000_000, images: 640, projects: [] }],
});

export const customModel: CustomModel = {
  file: 'cxr-encoder.onnx',
  bytes: 346_000_000,
  producer: 'pytorch',
  opset: 17,
  nodes: 1204,
  precision: 'fp32',
  inputs: [{ name: 'pixel_values', type: 'float32', shape: ['batch', 3, 224, 224] }],
  outputs: [
    { name: 'last_hidden_state', type: 'float32', shape: ['batch', 197, 768] },
    { name: 'pooler_output', type: 'float32', shape: ['batch', 768] },
  ],
  inner: [{ name: '/encoder/layer.11/output', op: 'Add' }],
  suggestion: {
    name: 'cxr-encoder',
    input: 'pixel_values',
    output: 'pooler_output',
    pooling: 'as-is',
    channels: 3,
    preprocessing: {
      tile: { crop: 'official', resize: 256, size: 224, colour: 'keep', filter: 'pillow-bicubic' },
      normalise: { kind: 'channels', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    },
    licence: '',
  },
};

export const weightsOf = (): Weights[] =>
  (
    [
      ['eva-x-tiny', 'EVA-X Ti', 24e6],
      ['eva-x-small', 'EVA-X S', 87e6],
      ['eva-x-base', 'EVA-X B', 344e6],
    ] as const
  ).map(([name, title, total]) => ({
    name,
    title,
    file: `${name}.pt`,
    url: `https://huggingface.co/MapleF/eva_x/resolve/main/eva_x_${name.slice(6)}_patch16_merged520k_mim.pt`,
    state: 'absent',
    done: 0,
    total,
    rate: null,
    secondsLeft: null,
    hosts: [],
    failure: null,
    encoder: null,
  }));

export const builtinCard: EncoderCard = {
  format: 'collimate-encoder',
  version: 1,
  id: 'e'.repeat(64),
  name: 'Wavelet scattering',
  kind: 'scattering',
  variant: null,
  input: { name: 'pixels', channels: 1, size: 128 },
  preprocessing: {
    tile: { crop: 'squash', resize: 128, size: 128, colour: 'luma', filter: 'pillow-bicubic' },
    normalise: { kind: 'image', epsilon: 1e-5 },
  },
  pooling: 'mean',
  precision: 'fp32',
  outputs: { embedding: 1000 },
  source: null,
  licence: 'Apache-2.0, part of Collimate.',
  head: null,
};

export const quantisation: EncoderCard['quantisation'] = {
  calibrated: 64,
  measured: 64,
  error: 0.0312,
  worst: 0.0474,
  agreement: 0.972,
  decisions: 'directions',
};

export const evaCard: EncoderCard = {
  ...builtinCard,
  id: 'a'.repeat(64),
  name: 'EVA-X small',
  kind: 'eva-x',
  variant: 'small',
  input: { name: 'pixels', channels: 3, size: 224 },
  preprocessing: {
    tile: { crop: 'official', resize: 256, size: 224, colour: 'keep', filter: 'pillow-bicubic' },
    normalise: { kind: 'fixed', mean: 0.49185243, std: 0.28509309 },
  },
  outputs: { embedding: 384 },
  source: { file: 'eva_x_small_patch16_merged520k_mim.pt', sha256: 'd'.repeat(64) },
  licence: 'The published weights state no licence: ask their authors before you pass them on.',
};
