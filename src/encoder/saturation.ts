import { Graph } from '../onnx/graph';
import { CONTRIB, serialiseModel } from '../onnx/model';

const COLUMNS = 64;
const ROWS = 8;

/**
 * A product of the largest uint8 and int8 numbers. Processors without VNNI or AMX add pairs of such products in 16 bits (vpmaddubsw), where
 * they saturate: the sum comes out too small.
 */
export const saturationTest = {
  bytes: (): Uint8Array => {
    const graph = new Graph();
    const x = graph.input('x', [ROWS, COLUMNS]);
    const one = graph.scalar('one', 1);
    const zero = graph.constant('zero', [], Uint8Array.of(0));
    const quantised = graph.node('QuantizeLinear', [x, one, zero]);
    const weight = graph.constant('weight', [COLUMNS, COLUMNS], new Int8Array(COLUMNS * COLUMNS).fill(127));
    const scales = graph.constant('scales', [COLUMNS], new Float32Array(COLUMNS).fill(1));
    graph.node('MatMulIntegerToFloat', [quantised, weight, one, scales, zero], {}, { domain: CONTRIB, as: 'y' });
    graph.output('y', [ROWS, COLUMNS]);
    return serialiseModel({ opset: 18, graph, metadata: {} });
  },
  input: { shape: [ROWS, COLUMNS], data: new Float32Array(ROWS * COLUMNS).fill(255) },
  /** What exact arithmetic gives, everywhere. */
  expected: COLUMNS * 255 * 127,
};
