import { eachField, Malformed, text, type Bytes, type Field, type Span } from './fields';

/** A value of a graph that this program did not write. `shape`: a number, the name of a free dimension, or null for an unnamed one. */
export interface ForeignValue {
  readonly name: string;
  /** float32, float16, int64, ... or unknown. */
  readonly type: string;
  readonly shape: readonly (number | string | null)[] | null;
}

/** An initializer whose numbers lie in another file. */
export interface ExternalData {
  /** The TensorProto. */
  readonly tensor: Span;
  /** As the model says, relative to its folder. Not checked here. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** What a model says of itself, without its numbers. */
export interface ForeignModel {
  readonly irVersion: number;
  readonly opset: number;
  readonly producer: string;
  /** Sets of operators that it uses beside the standard one. */
  readonly domains: ReadonlySet<string>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The GraphProto. */
  readonly graph: Span;
  /** Without those that have a value of their own. */
  readonly inputs: readonly ForeignValue[];
  readonly outputs: readonly ForeignValue[];
  /** What the nodes give, in their order, with the operator. */
  readonly made: readonly { readonly name: string; readonly op: string }[];
  readonly initializers: ReadonlySet<string>;
  readonly external: readonly ExternalData[];
  /** Names inside of subgraphs. */
  readonly nested: ReadonlySet<string>;
  /** Bytes of weights by type. */
  readonly weights: ReadonlyMap<string, number>;
}

/** Why a model is not used, as the end of a sentence. */
export class Refused extends Error {}

/** TensorProto.DataType of onnx.proto, with the bytes a number. */
const types: readonly (readonly [string, number])[] = [
  ['unknown', 0],
  ['float32', 4],
  ['uint8', 1],
  ['int8', 1],
  ['uint16', 2],
  ['int16', 2],
  ['int32', 4],
  ['int64', 8],
  ['string', 0],
  ['bool', 1],
  ['float16', 2],
  ['float64', 8],
  ['uint32', 4],
  ['uint64', 8],
  ['complex64', 8],
  ['complex128', 16],
  ['bfloat16', 2],
];
const typeOf = (number: number): readonly [string, number] => types[number] ?? ['unknown', 0];

/** Sets of operators that onnxruntime brings itself; others would need a library of the file's author. */
const KNOWN_DOMAINS = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft']);
/** Names a file that a provider of the runtime would load. */
const REFUSED_OPERATORS = new Set(['EPContext']);
const MAX_DEPTH = 16;
const MAX_NODES = 1_000_000;
const MAX_DIMENSIONS = 16;
const MAX_METADATA = 64;

/** Reads all but the numbers of a model, bounded by the bytes there are. Throws Malformed and Refused. */
export function inspect(bytes: Bytes): ForeignModel {
  const whole = { from: 0, to: bytes.size };
  let irVersion = 0;
  let producer = '';
  const opsets = new Map<string, number>();
  const metadata: Record<string, string> = {};
  const functions: Span[] = [];
  let graph: Span | null = null;
  eachField(bytes, whole, (field) => {
    if (field.number === 1) irVersion = field.value;
    else if (field.number === 2) producer = text(bytes, field);
    else if (field.number === 8) {
      const { key, value } = pair(bytes, field, true);
      opsets.set(key, Number(value));
    } else if (field.number === 14 && Object.keys(metadata).length < MAX_METADATA) {
      const { key, value } = pair(bytes, field, false);
      metadata[key] = value;
    } else if (field.number === 25) functions.push(field);
    else if (field.number === 7) {
      if (graph || field.wire !== 2) throw new Malformed('it holds two graphs');
      graph = { from: field.from, to: field.to };
    }
  });
  if (!graph || irVersion < 3 || irVersion > 100) throw new Malformed('it holds no graph');
  const opset = opsets.get('') ?? opsets.get('ai.onnx') ?? 0;
  if (opset < 9) throw new Refused(`it uses version ${String(opset)} of the ONNX operators, 9 is the oldest that can be used`);
  const scan = new Scan(bytes, new Set(functions.map((each) => domainOf(bytes, each))));
  for (const each of functions) scan.nodesOf(each, 7, 1);
  const found = scan.graph(graph);
  return { irVersion, opset, producer, metadata, graph, ...found };
}

class Scan {
  private readonly bytes: Bytes;
  private readonly functionDomains: ReadonlySet<string>;
  private count = 0;
  private readonly nested = new Set<string>();
  private readonly domains = new Set<string>();

  constructor(bytes: Bytes, functionDomains: ReadonlySet<string>) {
    this.bytes = bytes;
    this.functionDomains = functionDomains;
  }

  graph(span: Span): Omit<ForeignModel, 'irVersion' | 'opset' | 'producer' | 'metadata' | 'graph'> {
    const { bytes } = this;
    const inputs: ForeignValue[] = [];
    const outputs: ForeignValue[] = [];
    const made: { name: string; op: string }[] = [];
    const initializers = new Set<string>();
    const external: ExternalData[] = [];
    const weights = new Map<string, number>();
    eachField(bytes, span, (field) => {
      if (field.number === 1) made.push(...this.node(field, 0));
      else if (field.number === 5) {
        const tensor = readTensor(bytes, field);
        initializers.add(tensor.name);
        weights.set(tensor.type, (weights.get(tensor.type) ?? 0) + tensor.bytes);
        if (tensor.external) external.push(tensor.external);
      } else if (field.number === 11) inputs.push(readValue(bytes, field));
      else if (field.number === 12) outputs.push(readValue(bytes, field));
      else if (field.number === 15) throw new Refused('it holds sparse weights');
    });
    const fed = inputs.filter(({ name }) => !initializers.has(name));
    return { inputs: fed, outputs, made, initializers, external, nested: this.nested, domains: this.domains, weights };
  }

  /** The nodes of a function (field 7) or a subgraph (field 1). */
  nodesOf(span: Span, number: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new Refused('its graphs are nested too deeply');
    eachField(this.bytes, span, (field) => {
      if (field.number === number) for (const { name } of this.node(field, depth)) this.nested.add(name);
      else if (number === 1 && field.number === 5) {
        const tensor = readTensor(this.bytes, field);
        if (tensor.external) throw new Refused('a graph inside of it keeps weights in another file');
        this.nested.add(tensor.name);
      } else if (number === 1 && (field.number === 11 || field.number === 12)) this.nested.add(readValue(this.bytes, field).name);
    });
  }

  private node(span: Span, depth: number): { name: string; op: string }[] {
    const { bytes } = this;
    if (++this.count > MAX_NODES) throw new Refused('it has more than a million nodes');
    const outputs: string[] = [];
    const inputs: string[] = [];
    let op = '';
    let domain = '';
    eachField(bytes, span, (field) => {
      if (field.number === 1) inputs.push(text(bytes, field));
      else if (field.number === 2) outputs.push(text(bytes, field));
      else if (field.number === 4) op = text(bytes, field);
      else if (field.number === 7) domain = text(bytes, field);
      else if (field.number === 5) this.attribute(field, depth);
    });
    if (!KNOWN_DOMAINS.has(domain) && !this.functionDomains.has(domain)) {
      throw new Refused(`it uses the operator ${op} of ${domain}, which only a library of its author could run`);
    }
    if (domain !== '' && domain !== 'ai.onnx') this.domains.add(domain);
    if (REFUSED_OPERATORS.has(op)) throw new Refused(`it uses the operator ${op}, which loads code or data from elsewhere`);
    // A subgraph may use what lies outside of it.
    if (depth > 0) for (const name of inputs) this.nested.add(name);
    return outputs.filter((name) => name !== '').map((name) => ({ name, op }));
  }

  private attribute(span: Span, depth: number): void {
    eachField(this.bytes, span, (field) => {
      if (field.number === 6 || field.number === 11) this.nodesOf(field, 1, depth + 1);
      else if ((field.number === 5 || field.number === 10) && readTensor(this.bytes, field).external) {
        throw new Refused('an attribute of it keeps its numbers in another file');
      }
    });
  }
}

interface ForeignTensor {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly external: ExternalData | null;
}

function readTensor(bytes: Bytes, tensor: Field): ForeignTensor {
  let name = '';
  let type: readonly [string, number] = ['unknown', 0];
  let isExternal = false;
  let inside = 0;
  const dims: number[] = [];
  const where = new Map<string, string>();
  eachField(bytes, tensor, (field) => {
    if (field.number === 1) dims.push(...dimensions(bytes, field));
    else if (field.number === 2) type = typeOf(field.value);
    else if (field.number === 8) name = text(bytes, field);
    else if (field.number === 14) isExternal = field.value === 1;
    else if (field.number === 13) {
      const { key, value } = pair(bytes, field, false);
      where.set(key, value);
    } else if ([4, 5, 7, 9, 10, 11].includes(field.number)) inside += field.to - field.from;
    if (dims.length > MAX_DIMENSIONS) throw new Malformed(`a tensor of more than ${String(MAX_DIMENSIONS)} dimensions`);
  });
  if (!isExternal) return { name, type: type[0], bytes: inside, external: null };
  const expected = dims.reduce((product, n) => product * n, 1) * type[1];
  const number = (key: string, otherwise: number) => (where.has(key) ? Number(where.get(key)) : otherwise);
  const [offset, length] = [number('offset', 0), number('length', expected)];
  if (![offset, length].every((n) => Number.isSafeInteger(n) && n >= 0) || length !== expected) {
    throw new Malformed(`the weight ${name} does not fit what is said of its file`);
  }
  const { from, to } = tensor;
  return { name, type: type[0], bytes: length, external: { tensor: { from, to }, location: where.get('location') ?? '', offset, length } };
}

/** Packed or one by one. */
function dimensions(bytes: Bytes, { wire, value, from, to }: Field): number[] {
  if (wire === 0) return [value];
  if (to - from > 10 * MAX_DIMENSIONS) throw new Malformed(`a tensor of more than ${String(MAX_DIMENSIONS)} dimensions`);
  const found: number[] = [];
  let number = 0;
  let scale = 1;
  for (const byte of bytes.read(from, to - from)) {
    number += (byte & 127) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    found.push(number);
    [number, scale] = [0, 1];
  }
  return found;
}

function readValue(bytes: Bytes, span: Span): ForeignValue {
  let name = '';
  let type = 'unknown';
  let shape: (number | string | null)[] | null = null;
  eachField(bytes, span, (field) => {
    if (field.number === 1) name = text(bytes, field);
    else if (field.number === 2) {
      eachField(bytes, field, (kind) => {
        if (kind.number !== 1) return;
        eachField(bytes, kind, (part) => {
          if (part.number === 1) [type] = typeOf(part.value);
          else if (part.number === 2) shape = readShape(bytes, part);
        });
      });
    }
  });
  return { name, type, shape };
}

function readShape(bytes: Bytes, span: Span): (number | string | null)[] {
  const shape: (number | string | null)[] = [];
  eachField(bytes, span, (dimension) => {
    let known: number | string | null = null;
    eachField(bytes, dimension, (field) => {
      if (field.number === 1) known = field.value;
      else if (field.number === 2 && field.to > field.from) known = text(bytes, field);
    });
    shape.push(known);
    if (shape.length > MAX_DIMENSIONS) throw new Malformed(`a value of more than ${String(MAX_DIMENSIONS)} dimensions`);
  });
  return shape;
}

function pair(bytes: Bytes, span: Span, isNumber: boolean): { key: string; value: string } {
  let key = '';
  let value = '';
  eachField(bytes, span, (field) => {
    if (field.number === 1) key = text(bytes, field);
    else if (field.number === 2) value = isNumber ? String(field.value) : longText(bytes, field);
  });
  return { key, value };
}

/** Metadata may be long: the findings and the preprocessing of a model of ours. */
function longText(bytes: Bytes, { from, to }: Span): string {
  if (to - from > 2 ** 20) throw new Malformed('a note of more than a megabyte');
  return new TextDecoder().decode(bytes.read(from, to - from));
}

function domainOf(bytes: Bytes, span: Span): string {
  let domain = '';
  eachField(bytes, span, (field) => {
    if (field.number === 10) domain = text(bytes, field);
  });
  return domain;
}
