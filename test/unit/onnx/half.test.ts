import { describe, expect, test } from 'vitest';
import { encodeHalves } from '../../../src/contract/float16';
import { Graph } from '../../../src/onnx/graph';
import { toHalf } from '../../../src/onnx/half';
import { unwrap } from '../../../src/contract/result';
import { parseModel, serialiseModel, type Model } from '../../../src/onnx/model';

function model(factor: number): Model {
  const graph = new Graph();
  const x = graph.input('x', ['N', 2]);
  const axis = graph.ints('axis', [1]);
  const y = graph.node('Mul', [x, graph.scalar('factor', factor)], {}, { as: 'y' });
  const sum = graph.node('ReduceSum', [y, axis], {}, { as: 'sum' });
  graph.node('Add', [sum, graph.scalar('one', 1)], {}, { as: 'z' });
  graph.output('y', ['N', 2]);
  graph.output('z', ['N', 1]);
  return { opset: 18, graph, metadata: { note: 'kept' } };
}

describe('a model in float16', () => {
  test('has half constants inside, float32 at its ends and where it is to be exact', () => {
    const half = toHalf(model(3), ({ name }) => name === 'z', encodeHalves);
    const read = unwrap(parseModel(serialiseModel(half as Model)));
    expect(read.metadata).toEqual({ note: 'kept' });
    const constants = Object.fromEntries(read.graph.constants.map(({ name, data }) => [name, data]));
    // 3 = 1.5 x 2: sign 0, exponent 15 + 1, mantissa 512
    expect(constants).toEqual({ axis: BigInt64Array.of(1n), factor: Uint16Array.of((16 << 10) | 512), one: Float32Array.of(1) });
    expect(read.graph.inputs.concat(read.graph.outputs).map(({ name }) => name)).toEqual(['x', 'y', 'z']);
    expect(read.graph.nodes.map(({ op, inputs, outputs }) => `${op}(${inputs.join()}) -> ${outputs.join()}`)).toEqual([
      'Cast(x) -> x.half',
      'Mul(x.half,factor) -> y.given',
      'ReduceSum(y.given,axis) -> sum',
      'Cast(sum) -> sum.wide',
      'Add(sum.wide,one) -> z',
      'Cast(y.given) -> y',
    ]);
  });

  test('is none where a number does not fit', () => {
    expect(toHalf(model(65_505), () => false, encodeHalves)).toBe(null);
    expect(toHalf(model(65_505), ({ name }) => name === 'y', encodeHalves)).not.toBe(null);
  });
});
