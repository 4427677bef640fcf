import proto from 'onnx-proto';
import type { CustomEncoder } from '../../../../src/contract/custom-encoder';
import { Graph } from '../../../../src/onnx/graph';
import { serialiseModel, type Model } from '../../../../src/onnx/model';

export const SIZE = 32;
export const WIDTH = 6;
/** [3, WIDTH] */
export const weights = Float32Array.from({ length: 3 * WIDTH }, (_, i) => Math.sin(i + 1));

export interface Shape {
  readonly batch: number | string;
  readonly channelsLast?: boolean;
  readonly input?: string;
  readonly output?: string;
  /** Name of the weight. */
  readonly weight?: string;
  readonly opset?: number;
  /** The whole batch goes into every row. */
  readonly mixes?: boolean;
  /** [N, tokens, WIDTH]: the row itself, and its double as two more tokens. */
  readonly tokens?: boolean;
  /** A batch of one is built into the shapes. */
  readonly baked?: boolean;
}

/** The mean of each channel, times `weights`: an encoder that can be computed by hand. */
export function meanColours(shape: Shape): Uint8Array {
  const { batch, channelsLast = false, input = 'x', output = 'features', weight = 'w', opset = 17 } = shape;
  const graph = new Graph();
  graph.input(input, channelsLast ? [batch, SIZE, SIZE, 3] : [batch, 3, SIZE, SIZE]);
  const axes = channelsLast ? [1, 2] : [2, 3];
  const keepdims = { int: 0 };
  const colours =
    opset < 18
      ? graph.node('ReduceMean', [input], { axes: { ints: axes }, keepdims }, { as: 'colours' })
      : graph.node('ReduceMean', [input, graph.ints('axes', axes)], { keepdims }, { as: 'colours' });
  graph.constant(weight, [3, WIDTH], weights);
  const flat = shape.baked ? graph.node('Reshape', [colours, graph.ints('flat', [1, -1, 3])], {}, { as: 'flat.value' }) : colours;
  const rows = graph.node('MatMul', [flat, weight], {}, { as: shape.baked || shape.mixes || shape.tokens ? 'rows' : output });
  if (shape.mixes) {
    const mean = graph.node('ReduceMean', [rows], { axes: { ints: [0] }, keepdims: { int: 1 } }, { as: 'all' });
    graph.node('Add', [rows, mean], {}, { as: output });
  }
  if (shape.tokens) {
    const one = graph.node('Unsqueeze', [rows, graph.ints('one', [1])], {}, { as: 'token' });
    const double = graph.node('Add', [one, one], {}, { as: 'double' });
    graph.node('Concat', [one, double, double], { axis: { int: 1 } }, { as: output });
  }
  if (shape.baked) graph.node('Reshape', [rows, graph.ints('back', [1, WIDTH])], {}, { as: output });
  graph.output(output, shape.tokens ? [batch, 3, WIDTH] : [batch, WIDTH]);
  const model: Model = { opset, graph, metadata: {} };
  return serialiseModel(model);
}

export const wishFor = (change: Partial<CustomEncoder> = {}): CustomEncoder => ({
  name: 'Mean colours',
  input: 'x',
  output: 'features',
  pooling: 'as-is',
  channels: 3,
  preprocessing: {
    tile: { crop: 'squash', resize: SIZE, size: SIZE, colour: 'keep', filter: 'pillow-bicubic' },
    normalise: { kind: 'channels', mean: [0.1, 0.2, 0.3], std: [0.5, 0.25, 1] },
  },
  licence: 'MIT',
  ...change,
});

/** What the encoder gives for an image of one grey level, by hand. */
export function byHand(grey: number): number[] {
  const { normalise } = wishFor().preprocessing;
  if (normalise.kind !== 'channels') throw new Error('other levels');
  const colours = normalise.mean.map((mean, c) => (grey / 255 - mean) / (normalise.std[c] ?? 1));
  return Array.from({ length: WIDTH }, (_, k) => colours.reduce((sum, value, c) => sum + value * (weights[c * WIDTH + k] ?? 0), 0));
}

/** A model that never ends: a loop of 2^62 turns. */
export function endless(): Uint8Array {
  const { onnx } = proto;
  const model = onnx.ModelProto.decode(meanColours({ batch: 'N', output: 'rows' }));
  const { FLOAT, BOOL, INT64 } = onnx.TensorProto.DataType;
  const tensor = (name: string, elemType: number) => ({ name, type: { tensorType: { elemType } } });
  const scalar = (name: string, elemType: number) => ({ name, type: { tensorType: { elemType, shape: { dim: [] } } } });
  const same = (from: string, to: string) => ({ opType: 'Identity', input: [from], output: [to] });
  const body = {
    name: 'body',
    node: [same('go', 'go.on'), same('carried', 'carried.on')],
    input: [scalar('turn', INT64), scalar('go', BOOL), tensor('carried', FLOAT)],
    output: [scalar('go.on', BOOL), tensor('carried.on', FLOAT)],
  };
  const turns = Buffer.alloc(8);
  turns.writeBigInt64LE(2n ** 62n);
  model.graph?.initializer?.push(
    { name: 'turns', dims: [], dataType: INT64, rawData: turns },
    { name: 'true', dims: [], dataType: BOOL, rawData: Buffer.of(1) },
  );
  model.graph?.node?.push({
    opType: 'Loop',
    input: ['turns', 'true', 'rows'],
    output: ['features'],
    attribute: [{ name: 'body', type: onnx.AttributeProto.AttributeType.GRAPH, g: body }],
  });
  const [output] = model.graph?.output ?? [];
  if (output) output.name = 'features';
  return onnx.ModelProto.encode(model).finish();
}
