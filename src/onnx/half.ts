import { Graph, type Node } from './graph';
import type { Model } from './model';

const FLOAT = { int: 1 };
const FLOAT16 = { int: 10 };

/**
 * The same model with the float32 numbers inside it as float16; inputs and outputs stay float32, and so do the nodes whose names are in
 * `exact` and the constants that only they use. `encode` writes float16 bits. Null where a constant is beyond what float16 can hold.
 */
export function toHalf(
  model: Model,
  exact: (node: Node) => boolean,
  encode: (values: Float32Array, into: Uint16Array) => void,
): Model | null {
  const graph = new Graph();
  const { nodes, constants, inputs, outputs } = model.graph;
  const floats = new Set(constants.filter(({ data }) => data instanceof Float32Array).map(({ name }) => name));
  const inHalf = new Set(nodes.filter((node) => !exact(node)).flatMap((node) => node.inputs.filter((name) => floats.has(name))));
  for (const constant of constants) {
    const { name, shape, data } = constant;
    if (!(data instanceof Float32Array) || !inHalf.has(name)) {
      graph.constant(name, shape, data);
      continue;
    }
    if (data.some((value) => Math.abs(value) > 65_504)) return null;
    const halves = new Uint16Array(data.length);
    encode(data, halves);
    graph.constant(name, shape, halves);
  }
  /** Values that are float32; the others made by nodes are float16 or integers. */
  const wide = new Set([...inputs.map(({ name }) => name), ...nodes.filter(exact).flatMap((node) => node.outputs)]);
  const made = new Set([...wide, ...nodes.flatMap((node) => node.outputs)]);
  const casts = new Map<string, string>();
  const cast = (name: string, to: 'half' | 'wide') => {
    const key = `${name}.${to}`;
    const known = casts.get(key) ?? graph.node('Cast', [name], { to: to === 'half' ? FLOAT16 : FLOAT }, { as: key });
    casts.set(key, known);
    return known;
  };
  // An output of the model keeps its name, so what a half node gives for it gets another.
  const given = new Map(outputs.filter(({ name }) => !wide.has(name)).map(({ name }) => [name, `${name}.given`]));
  const rename = (name: string) => given.get(name) ?? name;
  for (const { name, shape } of inputs) graph.input(name, shape);
  for (const node of nodes) {
    const isExact = exact(node);
    const fed = node.inputs.map((name) => {
      if (!made.has(name) || wide.has(name) === isExact) return rename(name);
      return cast(rename(name), isExact ? 'wide' : 'half');
    });
    graph.adopt({ constants: [], nodes: [{ ...node, name: rename(node.name), inputs: fed, outputs: node.outputs.map(rename) }] });
  }
  for (const { name, shape } of outputs) {
    const from = given.get(name);
    if (from !== undefined) graph.node('Cast', [from], { to: FLOAT }, { as: name });
    graph.output(name, shape);
  }
  return { ...model, graph };
}
