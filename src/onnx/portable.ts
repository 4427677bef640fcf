import { halfOf } from '../contract/float16';
import { Graph, type Constant, type Node } from './graph';
import { CONTRIB, type Model } from './model';

/** The version of the standard operators in which exported models are written, and the IR version that goes with it. */
export const PORTABLE_OPSET = 18;
export const PORTABLE_IR = 8;

const FLOAT16 = 10;

/** What a rewriting works with. Names of what it adds begin with the node's own. */
interface Rewriting {
  readonly node: Node;
  readonly graph: Graph;
  readonly constants: ReadonlyMap<string, Constant>;
  /** Adds an operator; `as` is the name of its result behind the node's own, '' the result of the node itself. */
  readonly step: (op: string, inputs: readonly string[], as: string, attributes?: Node['attributes']) => string;
  readonly ints: (name: string, values: readonly number[]) => string;
  readonly isHalf: (value: string) => boolean;
}

const rewritings: Readonly<Record<string, (part: Rewriting) => void>> = {
  '.Attention': attention,
  [`${CONTRIB}.RotaryEmbedding`]: rotary,
  [`${CONTRIB}.MatMulIntegerToFloat`]: integerProduct,
};

/**
 * A model of ours in operators that other runtimes and older ones have too: version 18 of the ONNX standard set alone. What it uses beyond
 * those is written out; integer products become DequantizeLinear and MatMul, which runtimes join to integer products again where they can.
 */
export function portable({ graph: { nodes, constants, inputs, outputs }, metadata }: Model): Model {
  const graph = new Graph();
  for (const { name, shape } of inputs) graph.input(name, shape);
  graph.adopt({ nodes: [], constants });
  const known = new Map(constants.map((constant) => [constant.name, constant]));
  const half = new Set(constants.filter(({ data }) => data instanceof Uint16Array).map(({ name }) => name));
  const add = (node: Node): string => {
    graph.adopt({ nodes: [node], constants: [] });
    const { to } = node.attributes;
    const isHalf = to && 'int' in to ? to.int === FLOAT16 : node.inputs.some((name) => half.has(name));
    if (isHalf) for (const name of node.outputs) half.add(name);
    return node.name;
  };
  for (const node of nodes) {
    const rewrite = rewritings[`${node.domain}.${node.op}`];
    if (!rewrite) {
      if (node.domain !== '') throw new Error(`${node.op} of ${node.domain} has no form in standard operators`);
      add(node);
      continue;
    }
    const { name } = node;
    rewrite({
      node,
      graph,
      constants: known,
      step(op, from, part, attributes = {}) {
        const as = part === '' ? name : `${name}.${part}`;
        return add({ op, domain: '', name: as, inputs: from, outputs: [as], attributes });
      },
      ints: (part, values) => graph.ints(`${name}.${part}`, values),
      isHalf: (value) => half.has(value),
    });
  }
  for (const { name, shape } of outputs) graph.output(name, shape);
  // Tables that were written in another shape.
  graph.prune();
  return { opset: PORTABLE_OPSET, graph, metadata };
}

/** Softmax(scale q k') v for each head, of q, k, v [N, T, d]. */
function attention({ node, graph, step, ints, isHalf }: Rewriting): void {
  const [q = '', k = '', v = ''] = node.inputs;
  const shape = ints('heads', [0, 0, intOf(node, 'q_num_heads'), -1]);
  const heads = (x: string, part: string, perm: readonly number[]) =>
    step('Transpose', [step('Reshape', [x, shape], `${part}.heads`)], part, { perm: { ints: perm } });
  const scale = floatOf(node, 'scale');
  const factor = `${node.name}.scale`;
  // The scale of ours is a power of two, the same in half precision; it comes first, lest scores grow beyond that.
  if (isHalf(q)) graph.constant(factor, [], Uint16Array.of(halfOf(scale)));
  else graph.scalar(factor, scale);
  const scaled = step('Mul', [heads(q, 'q', [0, 2, 1, 3]), factor], 'q.scaled');
  const scores = step('MatMul', [scaled, heads(k, 'k', [0, 2, 3, 1])], 'scores');
  const weights = step('Softmax', [scores], 'weights', { axis: { int: -1 } });
  const mixed = step('MatMul', [weights, heads(v, 'v', [0, 2, 1, 3])], 'mixed');
  step('Reshape', [step('Transpose', [mixed], 'turned', { perm: { ints: [0, 2, 1, 3] } }), ints('whole', [0, 0, -1])], '');
}

/** Pairs (a, b) of neighbours in each head become (a cos - b sin, a sin + b cos); tables [T, pairs], from the first row on. */
function rotary({ node, graph, constants, step, ints }: Rewriting): void {
  const [x = '', , cos = '', sin = ''] = node.inputs;
  if (intOf(node, 'interleaved') !== 1) throw new Error('a rotary embedding of another order');
  const wide = (name: string): string => {
    const table = constants.get(name);
    const [rows = 0, pairs = 0] = table?.shape ?? [];
    const as = `${name}.wide`;
    return graph.has(as) || !table ? as : graph.constant(as, [rows, 1, pairs, 1], table.data);
  };
  const [, pairs = 0] = constants.get(cos)?.shape ?? [];
  const split = step('Reshape', [x, ints('pairs', [0, 0, intOf(node, 'num_heads'), pairs, 2])], 'split');
  const half = (part: string, at: number) =>
    step('Slice', [split, ints(`${part}.from`, [at]), ints(`${part}.to`, [at + 1]), ints(`${part}.axis`, [4])], part);
  const [a, b] = [half('a', 0), half('b', 1)];
  const product = (value: string, table: string, part: string) => step('Mul', [value, wide(table)], part);
  const first = step('Sub', [product(a, cos, 'a.cos'), product(b, sin, 'b.sin')], 'first');
  const second = step('Add', [product(b, cos, 'b.cos'), product(a, sin, 'a.sin')], 'second');
  const joined = step('Concat', [first, second], 'joined', { axis: { int: -1 } });
  step('Reshape', [joined, ints('whole', [0, 0, -1])], '');
}

/** uint8 activations with one scale times int8 weights with one a column. */
function integerProduct({ node, graph, constants, step }: Rewriting): void {
  const [x = '', weight = '', scale = '', scales = '', zero = '', , bias] = node.inputs;
  const shared = `${x}.float`;
  const value = graph.has(shared) ? shared : graph.node('DequantizeLinear', [x, scale, zero], {}, { as: shared });
  // Its zeros could be left out, but onnxruntime 1.17 then ends with the whole process.
  const columns = constants.get(scales)?.data.length ?? 0;
  const zeros = graph.constant(`${node.name}.zeros`, [columns], new Int8Array(columns));
  const weights = step('DequantizeLinear', [weight, scales, zeros], 'weight', { axis: { int: 1 } });
  if (bias === undefined) step('MatMul', [value, weights], '');
  else step('Add', [step('MatMul', [value, weights], 'product'), bias], '');
}

function intOf({ attributes, op }: Node, name: string): number {
  const value = attributes[name];
  if (!value || !('int' in value)) throw new Error(`${op} without ${name}`);
  return value.int;
}

function floatOf({ attributes, op }: Node, name: string): number {
  const value = attributes[name];
  if (!value || !('float' in value)) throw new Error(`${op} without ${name}`);
  return value.float;
}
