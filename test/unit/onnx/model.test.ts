import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/onnx/graph';
import { CONTRIB, parseModel, serialiseModel } from '../../../src/onnx/model';
import { unwrap } from '../../../src/contract/result';

function sample(): { graph: Graph; bytes: Uint8Array } {
  const graph = new Graph();
  const x = graph.input('x', ['N', 3]);
  const w = graph.constant('w', [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6.5));
  const axes = graph.ints('axes', [-1, 2 ** 40]);
  const y = graph.node('Made', [x, w, axes], {
    i: { int: -3 },
    f: { float: 0.5 },
    s: { string: 'ä' },
    is: { ints: [1, -2] },
    fs: { floats: [0.25] },
  });
  graph.node('Gelu', [y], {}, { domain: CONTRIB, as: 'y' });
  graph.output('y', ['N', 2]);
  return { graph, bytes: serialiseModel({ opset: 23, graph, metadata: { findings: '["a"]' } }) };
}

describe('ONNX models', () => {
  test('what was written is read back', () => {
    const { graph, bytes } = sample();
    const model = unwrap(parseModel(bytes));
    expect(model.opset).toBe(23);
    expect(model.metadata).toEqual({ findings: '["a"]' });
    expect(model.graph.nodes).toEqual(graph.nodes);
    expect(model.graph.constants).toEqual(graph.constants);
    expect(model.graph.inputs).toEqual(graph.inputs);
    expect(model.graph.outputs).toEqual(graph.outputs);
  });

  test('a model that was read can be written again and gives the same bytes', () => {
    const { bytes } = sample();
    expect(serialiseModel(unwrap(parseModel(bytes)))).toEqual(bytes);
  });

  test('constants are read from bytes at any offset', () => {
    const { bytes, graph } = sample();
    for (let offset = 0; offset < 8; offset++) {
      const shifted = new Uint8Array(bytes.length + offset);
      shifted.set(bytes, offset);
      expect(unwrap(parseModel(shifted.subarray(offset))).graph.constants).toEqual(graph.constants);
    }
  });

  test('damaged bytes give a failure or a model, never an exception', () => {
    const { bytes } = sample();
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
        const damaged = bytes.slice(0, length);
        if (at < length) damaged[at] = value;
        const result = parseModel(damaged);
        expect(result.ok || result.failure.code === 'encoder-corrupt').toBe(true);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test('a name is used once', () => {
    const graph = new Graph();
    graph.input('x', [1]);
    expect(() => graph.constant('x', [1], Float32Array.of(1))).toThrow(/already/);
    expect(() => graph.constant('c', [2], Float32Array.of(1))).toThrow(/shape/);
  });
});
