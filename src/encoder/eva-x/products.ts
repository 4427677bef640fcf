import type { Graph } from '../../onnx/graph';
import { CONTRIB } from '../../onnx/model';

/** y = W x + bias, in the checkpoint's own layout: a row of the weight an output. */
export interface Dense {
  readonly name: string;
  readonly weight: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly bias: Float32Array | null;
}

/** How the products of one activation with its weights are computed; `site` names the activation. */
export interface Arithmetic {
  /** Gain and bias of a LayerNorm go into the products behind it, so that what is quantised has no outlying channels. */
  readonly folds: boolean;
  products(graph: Graph, x: string, site: string, layers: readonly Dense[]): string[];
}

export const float32: Arithmetic = {
  folds: false,
  products: (graph, x, _site, layers) =>
    layers.map(({ name, weight, rows, columns, bias }) => {
      const product = graph.node('MatMul', [x, graph.constant(name, [columns, rows], transpose(weight, rows, columns))]);
      return bias ? graph.node('Add', [product, graph.constant(`${name}.bias`, [rows], bias)]) : product;
    }),
};

/** float32 with folded gains; the least and largest value of every activation become outputs of the model, see `rangeNames`. */
export const calibrating: Arithmetic = {
  folds: true,
  products(graph, x, site, layers) {
    const [low, high] = rangeNames(site);
    // All axes, by leaving them out.
    graph.node('ReduceMin', [x], { keepdims: { int: 0 } }, { as: low });
    graph.node('ReduceMax', [x], { keepdims: { int: 0 } }, { as: high });
    graph.output(low, []);
    graph.output(high, []);
    return float32.products(graph, x, site, layers);
  },
};

export const rangeNames = (site: string) => [`${site}.low`, `${site}.high`] as const;
export const sitesOf = (outputs: readonly string[]): string[] =>
  outputs.filter((name) => name.endsWith('.low')).map((name) => name.slice(0, -'.low'.length));

export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Weights as int8 with one scale a column, activations as uint8 with scales that are fixed beforehand: the pair for which processors
 * have fast instructions, and an embedding does not depend on the images beside it in its batch.
 */
export const int8 = (ranges: ReadonlyMap<string, Range>): Arithmetic => ({
  folds: true,
  products(graph, x, site, layers) {
    const range = ranges.get(site);
    if (!range) throw new Error(`no range of ${site} was measured`);
    const { scale, zero } = quantiserOf(range);
    const scaleName = graph.scalar(`${site}.scale`, scale);
    const zeroName = graph.constant(`${site}.zero`, [], Uint8Array.of(zero));
    const quantised = graph.node('QuantizeLinear', [x, scaleName, zeroName]);
    return layers.map(({ name, weight, rows, columns, bias }) => {
      const { values, scales } = quantiseRows(weight, rows, columns);
      const inputs = [
        quantised,
        graph.constant(name, [columns, rows], values),
        scaleName,
        graph.constant(`${name}.scale`, [rows], scales),
        zeroName,
        '',
        ...(bias ? [graph.constant(`${name}.bias`, [rows], bias)] : []),
      ];
      return graph.node('MatMulIntegerToFloat', inputs, {}, { domain: CONTRIB });
    });
  },
});

/** uint8 = round(value / scale) + zero; the range always holds 0. */
function quantiserOf({ low, high }: Range): { scale: number; zero: number } {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = Math.fround(Math.max((to - from) / 255, 1e-12));
  return { scale, zero: Math.round(-from / scale) };
}

/** Symmetric int8 with one scale a row of `weight` [rows, columns]; the values transposed, [columns, rows]. */
function quantiseRows(weight: Float32Array, rows: number, columns: number): { values: Int8Array; scales: Float32Array } {
  const values = new Int8Array(weight.length);
  const scales = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    let largest = 0;
    for (let c = 0; c < columns; c++) largest = Math.max(largest, Math.abs(weight[r * columns + c] ?? 0));
    const scale = Math.fround(Math.max(largest / 127, 1e-12));
    scales[r] = scale;
    for (let c = 0; c < columns; c++) values[c * rows + r] = Math.round((weight[r * columns + c] ?? 0) / scale);
  }
  return { values, scales };
}

/** [rows, columns] -> [columns, rows] */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c] ?? 0;
  return out;
}
