import { Graph, type Constant } from './graph';
import type { Model } from './model';

const FLOAT = { int: 1 };
const FLOAT16 = { int: 10 };

/**
 * The same model with every float32 number inside it as float16; inputs and outputs stay float32. `encode` writes float16 bits.
 * Null where a constant is beyond what float16 can hold.
 */
export function toHalf(model: Model, encode: (values: Float32Array, into: Uint16Array) => void): Model | null {
  const graph = new Graph();
  const inputs = new Map<string, string>();
  for (const { name, shape } of model.graph.inputs) {
    graph.input(name, shape);
    inputs.set(name, graph.node('Cast', [name], { to: FLOAT16 }, { as: `${name}.half` }));
  }
  const constants: Constant[] = [];
  for (const constant of model.graph.constants) {
    const { data } = constant;
    if (!(data instanceof Float32Array)) {
      constants.push(constant);
      continue;
    }
    if (data.some((value) => Math.abs(value) > 65_504)) return null;
    const halves = new Uint16Array(data.length);
    encode(data, halves);
    constants.push({ ...constant, data: halves });
  }
  const outputs = new Map(model.graph.outputs.map(({ name }) => [name, `${name}.half`]));
  const rename = (name: string) => inputs.get(name) ?? outputs.get(name) ?? name;
  graph.adopt({
    constants,
    nodes: model.graph.nodes.map((node) => ({
      ...node,
      name: rename(node.name),
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
  });
  for (const { name, shape } of model.graph.outputs) {
    graph.node('Cast', [`${name}.half`], { to: FLOAT }, { as: name });
    graph.output(name, shape);
  }
  return { ...model, graph };
}
