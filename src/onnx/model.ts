import proto, { type onnx as schema } from 'onnx-proto';
import { fail, ok, type Result } from '../contract/result';
import type { Attribute, Constant, ConstantData, Graph, Node, ValueInfo } from './graph';

const { onnx } = proto;
const { FLOAT, INT64, INT8, UINT8, FLOAT16 } = onnx.TensorProto.DataType;
const AttributeType = onnx.AttributeProto.AttributeType;

export const CONTRIB = 'com.microsoft';

export interface Model {
  /** Version of the standard operator set; nodes of CONTRIB import version 1 of theirs. */
  readonly opset: number;
  readonly graph: Pick<Graph, 'nodes' | 'constants' | 'inputs' | 'outputs'>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The IR version that goes with an operator set (onnx/docs/Versioning.md); runtimes refuse one that is newer than they know. */
const irVersion = (opset: number): number => (opset >= 23 ? 11 : opset >= 21 ? 10 : opset >= 19 ? 9 : 8);

/** Typed arrays are written as they lie in memory; ONNX wants little-endian, which every platform of Node and Electron is. */
const bytesOf = (data: ConstantData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function typeOf(data: ConstantData): number {
  if (data instanceof Float32Array) return FLOAT;
  if (data instanceof BigInt64Array) return INT64;
  if (data instanceof Int8Array) return INT8;
  return data instanceof Uint8Array ? UINT8 : FLOAT16;
}

/** Constants of that many bytes and more can lie in another file; the small ones say how shapes change and stay. */
const LARGE = 1024;

/** The bytes of a model. Large constants that `beside` holds, a model in the same folder, are read from its file and not written again. */
export function serialiseModel(model: Model, beside?: { readonly file: string; readonly bytes: Uint8Array }): Uint8Array {
  const { graph } = model;
  const places = beside ? placesOf(beside.bytes) : new Map<string, Place>();
  const domains = new Set(graph.nodes.map((node) => node.domain));
  const message = {
    irVersion: irVersion(model.opset),
    producerName: 'collimate',
    opsetImport: [
      { domain: '', version: model.opset },
      ...[...domains].filter((domain) => domain !== '').map((domain) => ({ domain, version: 1 })),
    ],
    metadataProps: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: 'collimate',
      node: graph.nodes.map(nodeProto),
      initializer: graph.constants.map((constant) => ({
        name: constant.name,
        dims: [...constant.shape],
        dataType: typeOf(constant.data),
        ...dataOrPlace(constant, places, beside?.file ?? ''),
      })),
      input: graph.inputs.map(valueProto),
      output: graph.outputs.map(valueProto),
    },
  };
  return onnx.ModelProto.encode(message).finish();
}

interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Where in the bytes of a model its constants lie. */
function placesOf(bytes: Uint8Array): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const { name, rawData } of onnx.ModelProto.decode(bytes).graph?.initializer ?? []) {
    // The reader gives views of what it reads, so that their place in memory tells their place in the file.
    if (rawData && rawData.buffer === bytes.buffer) {
      places.set(name ?? '', { offset: rawData.byteOffset - bytes.byteOffset, length: rawData.byteLength });
    }
  }
  return places;
}

function dataOrPlace({ name, data }: Constant, places: ReadonlyMap<string, Place>, file: string) {
  const place = places.get(name);
  if (!place || place.length !== data.byteLength || place.length < LARGE) return { rawData: bytesOf(data) };
  const entries = { location: file, offset: String(place.offset), length: String(place.length) };
  return {
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}

/** Reads a model of the kind that `serialiseModel` writes: constants as raw bytes, no subgraphs. */
export function parseModel(bytes: Uint8Array): Result<Model> {
  try {
    const message = onnx.ModelProto.decode(bytes);
    const graph = message.graph;
    if (!graph) return fail('encoder-corrupt', { reason: 'the model holds no graph' });
    const standard = message.opsetImport.find((entry) => (entry.domain ?? '') === '');
    return ok({
      opset: Number(standard?.version ?? 0),
      metadata: Object.fromEntries(message.metadataProps.map((entry) => [entry.key ?? '', entry.value ?? ''])),
      graph: {
        nodes: (graph.node ?? []).map(readNode),
        constants: (graph.initializer ?? []).map(readConstant),
        inputs: (graph.input ?? []).map(readValue),
        outputs: (graph.output ?? []).map(readValue),
      },
    });
  } catch (error) {
    // protobufjs throws RangeError and Error on bytes that are no message.
    return fail('encoder-corrupt', { reason: 'the model is not an ONNX file of this program' }, String(error));
  }
}

/** The fields of a GraphProto that hold these parts: they may stand before or behind those of another graph. Nodes have no names, which could be taken. */
export const graphFields = (graph: Model['graph']): Uint8Array =>
  onnx.GraphProto.encode({
    node: graph.nodes.map((node) => nodeProto({ ...node, name: '' })),
    initializer: graph.constants.map(({ name, shape, data }) => ({
      name,
      dims: [...shape],
      dataType: typeOf(data),
      rawData: bytesOf(data),
    })),
    input: graph.inputs.map(valueProto),
    output: graph.outputs.map(valueProto),
  }).finish();

const nodeProto = (node: Node) => ({
  opType: node.op,
  domain: node.domain,
  name: node.name,
  input: [...node.inputs],
  output: [...node.outputs],
  attribute: Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
});

function attributeProto(name: string, value: Attribute) {
  if ('int' in value) return { name, type: AttributeType.INT, i: value.int };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('string' in value) return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value.string) };
  if ('ints' in value) return { name, type: AttributeType.INTS, ints: [...value.ints] };
  return { name, type: AttributeType.FLOATS, floats: [...value.floats] };
}

const valueProto = (value: ValueInfo) => ({
  name: value.name,
  type: {
    tensorType: {
      elemType: FLOAT,
      shape: { dim: value.shape.map((n) => (typeof n === 'string' ? { dimParam: n } : { dimValue: n })) },
    },
  },
});

function readNode(node: schema.INodeProto): Node {
  return {
    op: node.opType ?? '',
    domain: node.domain ?? '',
    name: node.name ?? '',
    inputs: node.input ?? [],
    outputs: node.output ?? [],
    attributes: Object.fromEntries((node.attribute ?? []).map((entry) => [entry.name ?? '', readAttribute(entry)])),
  };
}

function readAttribute(entry: schema.IAttributeProto): Attribute {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the other types are refused alike
  switch (entry.type) {
    case AttributeType.INT:
      return { int: Number(entry.i ?? 0) };
    case AttributeType.FLOAT:
      return { float: entry.f ?? 0 };
    case AttributeType.STRING:
      return { string: new TextDecoder().decode(entry.s ?? new Uint8Array()) };
    case AttributeType.INTS:
      return { ints: (entry.ints ?? []).map(Number) };
    case AttributeType.FLOATS:
      return { floats: entry.floats ?? [] };
    default:
      throw new Error(`attribute ${String(entry.name)} of type ${String(entry.type)}`);
  }
}

/** Bytes a number. */
const widths = new Map<number, number>([
  [FLOAT, 4],
  [INT64, 8],
  [INT8, 1],
  [UINT8, 1],
  [FLOAT16, 2],
]);

function dataOf(type: number | null | undefined, buffer: ArrayBufferLike, offset: number, count: number): ConstantData {
  if (type === FLOAT) return new Float32Array(buffer, offset, count);
  if (type === INT64) return new BigInt64Array(buffer, offset, count);
  if (type === INT8) return new Int8Array(buffer, offset, count);
  return type === UINT8 ? new Uint8Array(buffer, offset, count) : new Uint16Array(buffer, offset, count);
}

function readConstant(tensor: schema.ITensorProto): Constant {
  const name = tensor.name ?? '';
  const raw = tensor.rawData ?? new Uint8Array();
  const shape = (tensor.dims ?? []).map(Number);
  const width = widths.get(tensor.dataType ?? 0) ?? 0;
  const count = shape.reduce((product, n) => product * n, 1);
  if (width === 0 || count * width !== raw.byteLength)
    throw new Error(`constant ${name}: ${raw.byteLength} bytes for [${shape.join(', ')}]`);
  // Inside a file the bytes lie at any offset; a typed array needs an aligned one. (A Buffer's slice would be no copy.)
  const { buffer, byteOffset } = raw.byteOffset % width === 0 ? raw : new Uint8Array(raw);
  const data = dataOf(tensor.dataType, buffer, byteOffset, count);
  return { name, shape, data };
}

function readValue(value: schema.IValueInfoProto): ValueInfo {
  const dims = value.type?.tensorType?.shape?.dim ?? [];
  return { name: value.name ?? '', shape: dims.map((dim) => (dim.dimParam ? dim.dimParam : Number(dim.dimValue ?? 0))) };
}
