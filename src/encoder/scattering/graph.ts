import {
  SCATTERING_CELLS,
  SCATTERING_LEVELS as LEVELS,
  SCATTERING_ORIENTATIONS as ORIENTATIONS,
  scatteringMaps,
} from '../../contract/scattering';
import { Graph } from '../../onnx/graph';
import type { Model } from '../../onnx/model';
import { CELLS, halvingMatrix, KERNEL, kernelBank, poolingMatrix, SIZE } from './kernels';

const FLOAT = { int: 1 };
const FLOAT16 = { int: 10 };
export const SCATTERING_WIDTH = scatteringMaps().length * SCATTERING_CELLS ** 2;

/** Input `pixels` [N, 1, 128, 128] normalised, output `embedding` [N, 3856]. See README.md for the definition. */
export function scatteringModel(): Model {
  const graph = new Graph();
  const sizeAt = (level: number) => SIZE / 2 ** level;
  const bank = graph.constant('kernels', [2 * ORIENTATIONS, 1, KERNEL, KERNEL], kernelBank());
  const halvings = LEVELS.slice(0, -1).map((level) =>
    twoSided(graph, `halve.${String(level)}`, sizeAt(level) / 2, sizeAt(level), halvingMatrix),
  );
  const poolings = LEVELS.map((level) => twoSided(graph, `pool.${String(level)}`, CELLS, sizeAt(level), poolingMatrix));
  const parts = graph.ints('parts', [ORIENTATIONS, ORIENTATIONS]);

  const apply = (x: string, step: Sides | undefined) => {
    if (!step) throw new Error('no such level');
    return graph.node('MatMul', [step.left, graph.node('MatMul', [x, step.right])]);
  };
  const pool = (x: string, level: number) => apply(x, poolings[level]);
  const halve = (x: string, level: number) => apply(x, halvings[level]);
  /** The modulus of the wavelet transform of single maps: [M, 1, n, n] -> [M, 6, n, n]. */
  const modulus = (x: string) => {
    const pads = Array.from({ length: 4 }, () => (KERNEL - 1) / 2);
    const complex = graph.node('Conv', [x, bank], { pads: { ints: pads } });
    const [real, imaginary] = graph.split(complex, parts, 1, 2);
    const square = (part = '') => graph.node('Mul', [part, part]);
    return graph.node('Sqrt', [graph.node('Add', [square(real), square(imaginary)])]);
  };
  const reshape = (x: string, channels: number, level: number) => {
    const name = `shape.${String(channels)}.${String(level)}`;
    const shape = graph.has(name) ? name : graph.ints(name, [-1, channels, sizeAt(level), sizeAt(level)]);
    return graph.node('Reshape', [x, shape]);
  };

  let image = graph.input('pixels', ['N', 1, SIZE, SIZE]);
  const maps = [pool(image, 0)];
  for (const first of LEVELS) {
    if (first > 0) image = halve(image, first - 1);
    let u = modulus(image);
    maps.push(pool(u, first));
    for (const second of LEVELS.slice(first + 1)) {
      u = halve(u, second - 1);
      const each = modulus(reshape(u, 1, second));
      maps.push(pool(reshape(each, ORIENTATIONS ** 2, second), second));
    }
  }
  const all = graph.node('Concat', maps, { axis: { int: 1 } });
  const magnitude = graph.node('Mul', [graph.node('Abs', [all]), graph.scalar('ten', 10)]);
  const log = graph.node('Log', [graph.node('Add', [magnitude, graph.scalar('one', 1)])]);
  const signed = graph.node('Mul', [graph.node('Sign', [all]), log]);
  const cells = graph.node('AveragePool', [signed], { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } });
  const flat = graph.node('Flatten', [cells]);
  graph.node('Cast', [graph.node('Cast', [flat], { to: FLOAT16 })], { to: FLOAT }, { as: 'embedding' });
  graph.output('embedding', ['N', SCATTERING_WIDTH]);
  return { opset: 18, graph, metadata: {} };
}

interface Sides {
  readonly left: string;
  readonly right: string;
}

/** A [rows, n] matrix and its transpose as constants, for X -> A X A'. */
function twoSided(graph: Graph, name: string, rows: number, n: number, make: (n: number) => Float32Array): Sides {
  const matrix = make(n);
  const transposed = Float32Array.from({ length: matrix.length }, (_, i) => matrix[(i % rows) * n + Math.floor(i / rows)] ?? 0);
  return { left: graph.constant(name, [rows, n], matrix), right: graph.constant(`${name}.transposed`, [n, rows], transposed) };
}
