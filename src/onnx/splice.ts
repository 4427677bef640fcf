import type { Pooling } from '../contract/custom-encoder';
import { eachField, field, text, varintField, type Bytes, type Field, type Piece, type Span } from './fields';
import { Graph } from './graph';
import { Refused, type ForeignModel, type ForeignValue } from './inspect';
import { graphFields } from './model';

/** How a foreign model is made to look like an encoder of ours: `pixels` [N, C, S, S] -> `embedding` [N, d], both float32. */
export interface Wrapping {
  readonly input: string;
  readonly output: string;
  readonly pooling: Pooling;
  readonly channels: 1 | 3;
  readonly size: number;
  /** Features; null while they are not known. */
  readonly d: number | null;
  /** Image by image; has to be so where the model takes only one. */
  readonly single: boolean;
}

/** Names that our part of the graph, or that of an export, needs. */
const OURS = new Set(['pixels', 'embedding', 'image', 'probabilities']);
const PREFIX = 'collimate.';
const FLOAT = { int: 1 };
const FLOAT16 = { int: 10 };
/** ir_version from which an initializer is no input any more. */
const LEAST_IR = 4;

interface Feed {
  readonly channelsLast: boolean;
  readonly half: boolean;
  /** It takes one image at a time, and may have that built into its shapes. */
  readonly single: boolean;
}

/** How the input has to be fed. Throws Refused, with the reason. */
export function feedOf(model: ForeignModel, { input, channels, size }: Pick<Wrapping, 'input' | 'channels' | 'size'>): Feed {
  const found = model.inputs.find(({ name }) => name === input);
  if (!found) {
    const known = model.inputs.map(({ name }) => name).join(', ');
    throw new Refused(`it has no input called ${input} (it has ${known === '' ? 'none' : known})`);
  }
  const other = model.inputs.find(({ name }) => name !== input);
  if (other) throw new Refused(`it wants a second input, ${other.name}`);
  if (!['float32', 'float16'].includes(found.type))
    throw new Refused(`its input ${input} takes ${found.type}, expected float32 or float16`);
  const { shape } = found;
  if (shape && shape.length !== 4)
    throw new Refused(`its input ${input} has ${String(shape.length)} dimensions, expected 4 (images, channels, height, width)`);
  const channelsLast = isChannelsLast(found);
  const [n = null, ...rest] = shape ?? [];
  const [c = null, h = null, w = null] = channelsLast ? [rest[2], rest[0], rest[1]] : rest;
  if (typeof n === 'number' && n !== 1)
    throw new Refused(`it takes exactly ${String(n)} images at once; export it for one, or for any number`);
  if (typeof c === 'number' && c !== channels) throw new Refused(`its input takes ${String(c)} channels, not ${String(channels)}`);
  for (const side of [h, w]) {
    if (typeof side === 'number' && side !== size)
      throw new Refused(`its input is ${String(h ?? 'any')} x ${String(w ?? 'any')} pixels, not ${String(size)} x ${String(size)}`);
  }
  return { channelsLast, half: found.type === 'float16', single: n === 1 };
}

/** [N, H, W, C], which TensorFlow writes. */
export function isChannelsLast({ shape }: ForeignValue): boolean {
  const isChannels = (dimension: number | string | null | undefined) => dimension === 1 || dimension === 3;
  return shape?.length === 4 && isChannels(shape[3]) && !isChannels(shape[1]);
}

/** The model as pieces of its own bytes and of its data files. Throws Refused. */
export function wrap(bytes: Bytes, model: ForeignModel, wrapping: Wrapping): Piece[] {
  const { input, output, channels, size, d } = wrapping;
  const feed = feedOf(model, wrapping);
  const inside = new Set(model.made.map(({ name }) => name));
  if (!inside.has(output)) {
    const known = model.outputs.map(({ name }) => name).join(', ');
    throw new Refused(`it has no value called ${output} (its outputs are ${known})`);
  }
  const names = new Set([...inside, ...model.initializers, input]);
  const taken = [...names].filter((name) => OURS.has(name) || name.startsWith(PREFIX));
  const hidden = taken.find((name) => model.nested.has(name));
  if (hidden !== undefined) throw new Refused(`a graph inside of it uses the name ${hidden}; give that value another one`);
  const renamed = new Map(taken.map((name) => [name, `foreign.${name}`]));
  const clash = [...renamed.values()].find((name) => names.has(name));
  if (clash !== undefined) throw new Refused(`it uses the name ${clash}`);
  const nameOf = (name: string) => renamed.get(name) ?? name;

  const { opset } = model;
  const begin = new Graph();
  const end = new Graph();
  const body = () => [graphFields(begin), ...kept(bytes, model, nameOf), graphFields(end)];
  if (!wrapping.single) {
    lead(begin, begin.input('pixels', ['N', channels, size, size]), nameOf(input), feed);
    pool(end, nameOf(output), 'embedding', wrapping.pooling, opset);
    end.output('embedding', ['N', d ?? 'd']);
    return assemble(bytes, model, body());
  }
  // Image after image, by the Scan operator: each goes through the whole model alone.
  const item = begin.input(`${PREFIX}item`, [channels, size, size]);
  const one = reshape(begin, 'Unsqueeze', item, `${PREFIX}one`, opset);
  lead(begin, one, nameOf(input), feed);
  pool(end, nameOf(output), `${PREFIX}pooled`, wrapping.pooling, opset);
  reshape(end, 'Squeeze', `${PREFIX}pooled`, `${PREFIX}row`, opset);
  end.output(`${PREFIX}row`, [d ?? 'd']);
  const outer = new Graph();
  outer.input('pixels', ['N', channels, size, size]);
  outer.output('embedding', ['N', d ?? 'd']);
  return assemble(bytes, model, [...field(2, [utf8('collimate')]), ...field(1, scanNode(body())), graphFields(outer)]);
}

/** Images as the model wants them, under the name of its input. */
function lead(graph: Graph, from: string, to: string, { channelsLast, half }: Feed): void {
  const turned = channelsLast ? graph.node('Transpose', [from], { perm: { ints: [0, 2, 3, 1] } }, { as: `${PREFIX}turned` }) : from;
  graph.node('Cast', [turned], { to: half ? FLOAT16 : FLOAT }, { as: to });
}

/** The model's output as one row an image. */
function pool(graph: Graph, from: string, to: string, pooling: Pooling, opset: number): void {
  const wide = graph.node('Cast', [from], { to: FLOAT }, { as: `${PREFIX}wide` });
  const rows = {
    'as-is': () => wide,
    'class-token': () => slice(graph, wide, 0, 1, opset),
    'mean-tokens': () => mean(graph, wide, [1], opset),
    'mean-patches': () => mean(graph, slice(graph, wide, 1, 2 ** 31 - 1, opset), [1], opset),
    'mean-map': () => mean(graph, wide, [2, 3], opset),
  }[pooling]();
  graph.node('Flatten', [rows], { axis: { int: 1 } }, { as: to });
}

// Operators whose attributes became inputs: Slice in version 10, Squeeze and Unsqueeze in 13, ReduceMean in 18.

function slice(graph: Graph, from: string, start: number, stop: number, opset: number): string {
  const options = { as: `${PREFIX}slice` };
  if (opset < 10) {
    return graph.node('Slice', [from], { axes: { ints: [1] }, starts: { ints: [start] }, ends: { ints: [stop] } }, options);
  }
  const ints = (name: string, value: number) => graph.ints(`${PREFIX}slice.${name}`, [value]);
  return graph.node('Slice', [from, ints('starts', start), ints('ends', stop), ints('axes', 1)], {}, options);
}

function mean(graph: Graph, from: string, axes: readonly number[], opset: number): string {
  const options = { as: `${PREFIX}mean` };
  const keepdims = { int: 0 };
  if (opset < 18) return graph.node('ReduceMean', [from], { axes: { ints: axes }, keepdims }, options);
  return graph.node('ReduceMean', [from, graph.ints(`${PREFIX}mean.axes`, axes)], { keepdims }, options);
}

function reshape(graph: Graph, op: 'Squeeze' | 'Unsqueeze', from: string, to: string, opset: number): string {
  if (opset < 13) return graph.node(op, [from], { axes: { ints: [0] } }, { as: to });
  return graph.node(op, [from, graph.ints(`${to}.axes`, [0])], {}, { as: to });
}

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A NodeProto: Scan over the first axis of `pixels` with this body, its rows stacked to `embedding`. */
function scanNode(body: Piece[]): Piece[] {
  const INT = varintField(20, 2);
  const GRAPH = varintField(20, 5);
  return [
    ...field(1, [utf8('pixels')]),
    ...field(2, [utf8('embedding')]),
    ...field(4, [utf8('Scan')]),
    ...field(5, [...field(1, [utf8('num_scan_inputs')]), varintField(3, 1), INT]),
    ...field(5, [...field(1, [utf8('body')]), ...field(6, body), GRAPH]),
  ];
}

/** A model as `wrap` wrote it, with a part before `pixels` and one behind `embedding`, and other inputs, outputs and metadata. */
export function surround(
  bytes: Bytes,
  model: ForeignModel,
  { before, after, metadata }: { before: Graph; after: Graph; metadata: Readonly<Record<string, string>> },
): Piece[] {
  const inside: Piece[] = [];
  eachField(bytes, model.graph, (each) => {
    if (each.number !== 11 && each.number !== 12) inside.push(whole(each));
  });
  const pieces: Piece[] = [];
  eachField(bytes, { from: 0, to: bytes.size }, (each) => {
    if (each.number === 7) pieces.push(...field(7, [graphFields(before), ...inside, graphFields(after)]));
    else if (each.number !== 14) pieces.push(whole(each));
  });
  for (const [key, value] of Object.entries(metadata)) pieces.push(...field(14, [...field(1, [utf8(key)]), ...field(2, [utf8(value)])]));
  return pieces;
}

const copy = ({ from, to }: Span): Piece => ({ data: null, from, to });
const whole = ({ start, to }: Field): Piece => copy({ from: start, to });

/** The model around another graph: without training, with an IR version in which initializers are constants. */
function assemble(bytes: Bytes, model: ForeignModel, graph: Piece[]): Piece[] {
  const pieces: Piece[] = [varintField(1, Math.max(model.irVersion, LEAST_IR))];
  eachField(bytes, { from: 0, to: bytes.size }, (each) => {
    if (each.number === 7) pieces.push(...field(7, graph));
    else if (each.number !== 1 && each.number !== 20) pieces.push(whole(each));
  });
  return pieces;
}

/** The fields of the graph but inputs, outputs and stale shapes; with names that are not ours, and with the numbers of other files inside. */
function kept(bytes: Bytes, model: ForeignModel, nameOf: (name: string) => string): Piece[] {
  const external = new Map(model.external.map((each) => [each.tensor.from, each]));
  const pieces: Piece[] = [];
  eachField(bytes, model.graph, (each) => {
    if (each.number === 11 || each.number === 12 || each.number === 13 || each.number === 14) return;
    if (each.number === 1) pieces.push(...withNames(bytes, each, 1, [1, 2], nameOf));
    else if (each.number === 5) {
      const outside = external.get(each.from);
      if (!outside) return void pieces.push(...withNames(bytes, each, 5, [8], nameOf));
      const { location, offset, length } = outside;
      const tensor: Piece[] = [];
      eachField(bytes, each, (part) => {
        if (part.number === 8) tensor.push(...field(8, [utf8(nameOf(text(bytes, part)))]));
        else if (part.number !== 13 && part.number !== 14) tensor.push(whole(part));
      });
      pieces.push(...field(5, [...tensor, ...field(9, [{ data: location, from: offset, to: offset + length }])]));
    } else pieces.push(whole(each));
  });
  return pieces;
}

/** A message in which these fields are names that may have to change. */
function withNames(bytes: Bytes, message: Field, number: number, fields: readonly number[], nameOf: (name: string) => string): Piece[] {
  let changes = false;
  const parts: Piece[] = [];
  eachField(bytes, message, (part) => {
    const name = fields.includes(part.number) ? text(bytes, part) : '';
    if (nameOf(name) === name) parts.push(whole(part));
    else {
      changes = true;
      parts.push(...field(part.number, [utf8(nameOf(name))]));
    }
  });
  return changes ? field(number, parts) : [whole(message)];
}
