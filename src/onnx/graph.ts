/** Attribute values are tagged, since ONNX tells 1 (int) from 1.0 (float) and a list of one from a single value. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] };

export interface Node {
  readonly op: string;
  /** '' is the ONNX standard set; 'com.microsoft' the contrib operators of ONNX Runtime. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** float32, int64, int8, uint8, and float16 as its bits. */
export type ConstantData = Float32Array | BigInt64Array | Int8Array | Uint8Array | Uint16Array;

export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: ConstantData;
}

/** A float32 input or output. A string is a free dimension, e.g. 'N'. */
export interface ValueInfo {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

export interface NodeOptions {
  readonly domain?: string;
  /** The name of the result (made from the operator and a number when absent). */
  readonly as?: string;
}

export const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Collects the parts of a graph in the order in which they run. Names are unique; every method returns the name of its result. */
export class Graph {
  nodes: Node[] = [];
  constants: Constant[] = [];
  inputs: ValueInfo[] = [];
  outputs: ValueInfo[] = [];
  private readonly names = new Set<string>();
  private counter = 0;

  /** Takes over the parts of a graph that was read, so that more can be added to it. */
  adopt(parts: { nodes: readonly Node[]; constants: readonly Constant[] }): void {
    for (const constant of parts.constants) {
      this.claim(constant.name);
      this.constants.push(constant);
    }
    for (const node of parts.nodes) {
      node.outputs.filter((output) => output !== '').forEach((output) => this.claim(output));
      this.nodes.push(node);
    }
  }

  /** Takes out the nodes and constants that no output needs. */
  prune(): void {
    const needed = new Set(this.outputs.map(({ name }) => name));
    const nodes = this.nodes.toReversed().filter(({ inputs, outputs }) => {
      if (!outputs.some((name) => needed.has(name))) return false;
      inputs.forEach((name) => needed.add(name));
      return true;
    });
    this.nodes = nodes.toReversed();
    this.constants = this.constants.filter(({ name }) => needed.has(name));
  }

  input(name: string, shape: ValueInfo['shape']): string {
    this.claim(name);
    this.inputs.push({ name, shape });
    return name;
  }

  /** Declares the value `name`, which a node makes, as an output of the model. */
  output(name: string, shape: ValueInfo['shape']): void {
    this.outputs.push({ name, shape });
  }

  constant(name: string, shape: readonly number[], data: ConstantData): string {
    if (size(shape) !== data.length) throw new Error(`${name}: shape [${shape.join(', ')}] for ${data.length} values`);
    this.claim(name);
    this.constants.push({ name, shape, data });
    return name;
  }

  scalar(name: string, value: number): string {
    return this.constant(name, [], Float32Array.of(value));
  }

  ints(name: string, values: readonly number[]): string {
    return this.constant(name, [values.length], BigInt64Array.from(values, BigInt));
  }

  node(op: string, inputs: readonly string[], attributes: Node['attributes'] = {}, options: NodeOptions = {}): string {
    const name = options.as ?? `${op}_${String(++this.counter)}`;
    this.claim(name);
    this.nodes.push({ op, domain: options.domain ?? '', name, inputs, outputs: [name], attributes });
    return name;
  }

  /** Split into parts of the given sizes: `count` results. */
  split(input: string, sizes: string, axis: number, count: number): string[] {
    const number = String(++this.counter);
    const outputs = Array.from({ length: count }, (_, i) => `Split_${number}_${String(i)}`);
    outputs.forEach((name) => this.claim(name));
    this.nodes.push({
      op: 'Split',
      domain: '',
      name: `Split_${number}`,
      inputs: [input, sizes],
      outputs,
      attributes: { axis: { int: axis } },
    });
    return outputs;
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  private claim(name: string): void {
    if (this.names.has(name)) throw new Error(`the graph has a value called ${name} already`);
    this.names.add(name);
  }
}
