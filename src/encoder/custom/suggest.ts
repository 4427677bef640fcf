import { basename, extname } from 'node:path';
import { presets, type CustomEncoder, type CustomModel, type Pooling } from '../../contract/custom-encoder';
import type { Precision } from '../../contract/encoder-card';
import { isChannelsLast } from '../../onnx/splice';
import type { ForeignModel, ForeignValue } from '../../onnx/inspect';
import type { ForeignFile } from './foreign-file';

/** Values inside a graph that are listed; any other can be named. */
const LISTED = 400;
const USUAL_SIZE = 224;

/** What a person is shown of a model, with what is likely meant filled in. */
export function describe({ path, bytes, model }: ForeignFile): CustomModel {
  const { inputs, outputs, made, producer, opset } = model;
  return {
    file: basename(path),
    bytes: bytes.size + model.external.reduce((sum, { length }) => sum + length, 0),
    producer,
    opset,
    nodes: made.length,
    precision: precisionOf(model),
    inputs: [...inputs],
    outputs: [...outputs],
    inner: made.slice(-LISTED).reverse(),
    suggestion: suggest(path, model),
  };
}

/** By what most of the weights are stored in. */
export function precisionOf({ weights }: ForeignModel): Precision {
  const share = (...types: string[]) => types.reduce((sum, type) => sum + (weights.get(type) ?? 0), 0) / total;
  const total = [...weights.values()].reduce((sum, bytes) => sum + bytes, 0) || 1;
  if (share('int8', 'uint8') > 0.25) return 'int8';
  return share('float16', 'bfloat16') > 0.5 ? 'fp16' : 'fp32';
}

function suggest(path: string, { inputs, outputs }: ForeignModel): CustomEncoder {
  const input = inputs.find(({ shape }) => shape?.length === 4) ?? inputs[0];
  // A row an image is what is wanted; else tokens or a map, which can be made one.
  const output = [2, 3, 4].flatMap((rank) => outputs.find(({ shape }) => shape?.length === rank) ?? [])[0] ?? outputs[0];
  const [channels, size] = input ? channelsAndSize(input) : [3 as const, USUAL_SIZE];
  const preset = presets.find((each) => each.channels === channels) ?? presets[0];
  return {
    name: basename(path, extname(path)).slice(0, 80) || 'Encoder',
    input: input?.name ?? '',
    output: output?.name ?? '',
    pooling: output ? poolingFor(output) : 'as-is',
    channels,
    preprocessing: {
      tile: {
        crop: 'official',
        resize: Math.min(1024, Math.round((size * 256) / 224)),
        size,
        colour: channels === 1 ? 'luma' : 'keep',
        filter: 'pillow-bicubic',
      },
      normalise: preset?.normalise ?? { kind: 'fixed', mean: 0, std: 1 },
    },
    licence: '',
  };
}

function channelsAndSize(value: ForeignValue): [1 | 3, number] {
  const [, c, h, w] = isChannelsLast(value) ? [null, value.shape?.[3], value.shape?.[1], value.shape?.[2]] : (value.shape ?? []);
  const side = typeof h === 'number' ? h : typeof w === 'number' ? w : USUAL_SIZE;
  return [c === 1 ? 1 : 3, Math.min(1024, Math.max(16, side))];
}

function poolingFor({ shape }: ForeignValue): Pooling {
  if (shape?.length === 3) {
    const tokens = shape[1];
    // A square of patches has no class token; one more than a square has one.
    return typeof tokens === 'number' && Number.isInteger(Math.sqrt(tokens)) ? 'mean-tokens' : 'class-token';
  }
  return shape?.length === 4 && (shape[2] !== 1 || shape[3] !== 1) ? 'mean-map' : 'as-is';
}
