import { Graph } from '../../onnx/graph';
import { CONTRIB, type Model } from '../../onnx/model';
import { TOKENS, type Layout } from './layout';
import { HEAD_WIDTH, ropeTable } from './rope';

/** The numbers of a weight in the checkpoint's own layout (rows are outputs). */
export type ReadWeight = (name: string) => Promise<Float32Array>;

const OPSET = 23;
const EPSILON = { axis: { int: -1 }, epsilon: { float: 1e-6 } };

/**
 * EVA-X as ONNX: input `pixels` [N, 3, 224, 224] already normalised, output `embedding` [N, width]. Three rearrangements that leave the
 * result as it is make it faster (measured, docs of the project): the bias of v goes through the attention unchanged, since its
 * rows sum to 1, and joins the bias of proj; class token and position join one constant; the mean over the tokens comes before
 * the last w3. `expose` names intermediate values to be outputs too: tokens_in, block_<i>, pooled.
 */
export async function evaXModel(layout: Layout, read: ReadWeight, expose: readonly string[] = []): Promise<Model> {
  const graph = new Graph();
  const { width, depth, hidden, kind } = layout;

  const vector = async (name: string) => {
    const data = await read(name);
    return graph.constant(name, [data.length], data);
  };
  const norm = async (x: string, name: string) =>
    graph.node('LayerNormalization', [x, await vector(`${name}.weight`), await vector(`${name}.bias`)], EPSILON);
  const matrix = (name: string, data: Float32Array, rows: number, columns: number) =>
    graph.constant(name, [columns, rows], transpose(data, rows, columns));
  const dense = (x: string, weight: string, bias: string | null) => {
    const product = graph.node('MatMul', [x, weight]);
    return bias === null ? product : graph.node('Add', [product, bias]);
  };

  const pixels = graph.input('pixels', ['N', 3, 224, 224]);
  const stem = graph.constant('stem.weight', [width, 3, 16, 16], await read('patch_embed.proj.weight'));
  const patches = graph.node('Conv', [pixels, stem, await vector('patch_embed.proj.bias')], { strides: { ints: [16, 16] } });
  const flat = graph.node('Reshape', [patches, graph.ints('stem.shape', [0, width, TOKENS - 1])]);
  const sequence = graph.node('Transpose', [flat], { perm: { ints: [0, 2, 1] } });
  // An empty row in front, which the class token fills by way of the position constant.
  const padded = graph.node('Pad', [sequence, graph.ints('stem.pad', [0, 1, 0, 0, 0, 0])]);
  const position = graph.constant('position', [1, TOKENS, width], withClassToken(await read('pos_embed'), await read('cls_token')));
  let x = graph.node('Add', [padded, position], {}, { as: 'tokens_in' });

  const cos = graph.constant('rope.cos', [TOKENS, HEAD_WIDTH / 2], withUnturnedToken(ropeTable(Math.cos), 1));
  const sin = graph.constant('rope.sin', [TOKENS, HEAD_WIDTH / 2], withUnturnedToken(ropeTable(Math.sin), 0));
  const first = graph.ints('rope.first', [0]);
  const turn = (value: string) =>
    graph.node(
      'RotaryEmbedding',
      [value, first, cos, sin],
      { interleaved: { int: 1 }, num_heads: { int: layout.heads }, rotary_embedding_dim: { int: 0 } },
      { domain: CONTRIB },
    );

  const from = graph.ints('patches.from', [1]);
  const to = graph.ints('patches.to', [TOKENS]);
  const axis = graph.ints('patches.axis', [1]);
  const meanOfPatches = (value: string) =>
    graph.node('ReduceMean', [graph.node('Slice', [value, from, to, axis]), axis], { keepdims: { int: 0 } });

  let pooled = '';
  for (let index = 0; index < depth; index++) {
    const block = `blocks.${String(index)}`;
    const normed = await norm(x, `${block}.norm1`);
    const [qWeight, kWeight, vWeight] = await projections(read, block, kind, width);
    const q = turn(dense(normed, matrix(`${block}.q`, qWeight, width, width), await vector(`${block}.attn.q_bias`)));
    const k = turn(dense(normed, matrix(`${block}.k`, kWeight, width, width), null));
    const v = dense(normed, matrix(`${block}.v`, vWeight, width, width), null);
    const attended = graph.node('Attention', [q, k, v], {
      q_num_heads: { int: layout.heads },
      kv_num_heads: { int: layout.heads },
      scale: { float: HEAD_WIDTH ** -0.5 },
    });
    const proj = await read(`${block}.attn.proj.weight`);
    const projBias = carry(proj, await read(`${block}.attn.v_bias`), await read(`${block}.attn.proj.bias`));
    const projected = dense(attended, matrix(`${block}.proj`, proj, width, width), graph.constant(`${block}.proj.bias`, [width], projBias));
    x = graph.node('Add', [x, projected]);

    const second = await norm(x, `${block}.norm2`);
    const { gate, up } = await gates(read, block, kind, width, hidden);
    const gated = dense(
      second,
      matrix(`${block}.gate`, gate.weight, hidden, width),
      graph.constant(`${block}.gate.bias`, [hidden], gate.bias),
    );
    const upward = dense(second, matrix(`${block}.up`, up.weight, hidden, width), graph.constant(`${block}.up.bias`, [hidden], up.bias));
    let h = graph.node('Mul', [graph.node('Mul', [gated, graph.node('Sigmoid', [gated])]), upward]);
    if (kind === 'split') h = await norm(h, `${block}.mlp.ffn_ln`);
    const down = matrix(`${block}.down`, await read(`${block}.mlp.w3.weight`), width, hidden);
    const downBias = await vector(`${block}.mlp.w3.bias`);

    const name = `block_${String(index)}`;
    const isLast = index === depth - 1;
    if (isLast) pooled = graph.node('Add', [meanOfPatches(x), dense(meanOfPatches(h), down, downBias)], {}, { as: 'pooled' });
    if (!isLast || expose.includes(name)) x = graph.node('Add', [x, dense(h, down, downBias)], {}, { as: name });
  }
  graph.node('LayerNormalization', [pooled, await vector(`${layout.norm}.weight`), await vector(`${layout.norm}.bias`)], EPSILON, {
    as: 'embedding',
  });
  graph.output('embedding', ['N', width]);
  for (const name of expose) graph.output(name, name === 'pooled' ? ['N', width] : ['N', TOKENS, width]);
  return { opset: OPSET, graph, metadata: {} };
}

async function projections(read: ReadWeight, block: string, kind: Layout['kind'], width: number) {
  if (kind === 'split') {
    return [
      await read(`${block}.attn.q_proj.weight`),
      await read(`${block}.attn.k_proj.weight`),
      await read(`${block}.attn.v_proj.weight`),
    ] as const;
  }
  const fused = await read(`${block}.attn.qkv.weight`);
  const part = width * width;
  return [fused.subarray(0, part), fused.subarray(part, 2 * part), fused.subarray(2 * part)] as const;
}

async function gates(read: ReadWeight, block: string, kind: Layout['kind'], width: number, hidden: number) {
  if (kind === 'split') {
    return {
      gate: { weight: await read(`${block}.mlp.w1.weight`), bias: await read(`${block}.mlp.w1.bias`) },
      up: { weight: await read(`${block}.mlp.w2.weight`), bias: await read(`${block}.mlp.w2.bias`) },
    };
  }
  const weight = await read(`${block}.mlp.w12.weight`);
  const bias = await read(`${block}.mlp.w12.bias`);
  // The first half is the gate.
  return {
    gate: { weight: weight.subarray(0, hidden * width), bias: bias.subarray(0, hidden) },
    up: { weight: weight.subarray(hidden * width), bias: bias.subarray(hidden) },
  };
}

/** [rows, columns] -> [columns, rows] */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c] ?? 0;
  return out;
}

/** W v + bias in float64. */
function carry(weight: Float32Array, value: Float32Array, bias: Float32Array): Float32Array {
  return bias.map((start, row) => {
    let sum = start;
    for (let c = 0; c < value.length; c++) sum += (weight[row * value.length + c] ?? 0) * (value[c] ?? 0);
    return sum;
  });
}

function withClassToken(position: Float32Array, token: Float32Array): Float32Array {
  return position.map((value, i) => value + (token[i] ?? 0));
}

/** A first row for the class token, which is not turned. */
function withUnturnedToken(table: Float64Array, value: number): Float32Array {
  const out = new Float32Array(table.length + HEAD_WIDTH / 2).fill(value, 0, HEAD_WIDTH / 2);
  out.set(table, HEAD_WIDTH / 2);
  return out;
}
