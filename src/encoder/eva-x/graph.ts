import { Graph, type Node } from '../../onnx/graph';
import { CONTRIB, type Model } from '../../onnx/model';
import { sizeOf, tokensOf, type Layout } from './layout';
import { float32, type Arithmetic, type Dense } from './products';
import { HEAD_WIDTH, ropeTable } from './rope';

/** The numbers of a weight in the checkpoint's own layout (rows are outputs). */
export type ReadWeight = (name: string) => Promise<Float32Array>;

const OPSET = 23;
const EPSILON = { axis: { int: -1 }, epsilon: { float: 1e-6 } };

/**
 * EVA-X as ONNX: input `pixels` [N, 3, S, S] already normalised, output `embedding` [N, width]. Three rearrangements that leave the
 * result as it is make it faster (measured, docs of the project): the bias of v goes through the attention unchanged, since its
 * rows sum to 1, and joins the bias of proj; class token and position join one constant; the mean over the tokens comes before
 * the last w3. `expose` names intermediate values to be outputs too: tokens_in, block_<i>, pooled. `arithmetic` computes the products of
 * the blocks; stem, attention, norms, residuals and the last w3, which sees one mean an image, are float32 always.
 */
export async function evaXModel(
  layout: Layout,
  read: ReadWeight,
  arithmetic: Arithmetic = float32,
  expose: readonly string[] = [],
): Promise<Model> {
  const graph = new Graph();
  const { width, depth, hidden, kind, grid } = layout;
  const tokens = tokensOf(layout);

  const vector = async (name: string) => {
    const data = await read(name);
    return graph.constant(name, [data.length], data);
  };
  const norm = async (x: string, name: string) =>
    graph.node('LayerNormalization', [x, await vector(`${name}.weight`), await vector(`${name}.bias`)], EPSILON);
  /** A LayerNorm and what takes its gain and bias into the products behind it, where the arithmetic wants that. */
  const foldedNorm = async (x: string, name: string): Promise<{ normed: string; fold: (dense: Dense) => Dense }> => {
    if (!arithmetic.folds) return { normed: await norm(x, name), fold: (dense) => dense };
    const gain = await read(`${name}.weight`);
    const offset = await read(`${name}.bias`);
    const ones = `ones.${String(gain.length)}`;
    if (!graph.has(ones)) graph.constant(ones, [gain.length], new Float32Array(gain.length).fill(1));
    return { normed: graph.node('LayerNormalization', [x, ones], EPSILON), fold: (dense) => foldInto(dense, gain, offset) };
  };

  const pixels = graph.input('pixels', ['N', 3, sizeOf(layout), sizeOf(layout)]);
  const stem = graph.constant('stem.weight', [width, 3, 16, 16], await read('patch_embed.proj.weight'));
  const patches = graph.node('Conv', [pixels, stem, await vector('patch_embed.proj.bias')], { strides: { ints: [16, 16] } });
  const flat = graph.node('Reshape', [patches, graph.ints('stem.shape', [0, width, tokens - 1])]);
  const sequence = graph.node('Transpose', [flat], { perm: { ints: [0, 2, 1] } });
  // An empty row in front, which the class token fills by way of the position constant.
  const padded = graph.node('Pad', [sequence, graph.ints('stem.pad', [0, 1, 0, 0, 0, 0])]);
  const position = graph.constant('position', [1, tokens, width], withClassToken(await read('pos_embed'), await read('cls_token')));
  let x = graph.node('Add', [padded, position], {}, { as: 'tokens_in' });

  const cos = graph.constant('rope.cos', [tokens, HEAD_WIDTH / 2], withUnturnedToken(ropeTable(Math.cos, grid), 1));
  const sin = graph.constant('rope.sin', [tokens, HEAD_WIDTH / 2], withUnturnedToken(ropeTable(Math.sin, grid), 0));
  const first = graph.ints('rope.first', [0]);
  const turn = (value: string) =>
    graph.node(
      'RotaryEmbedding',
      [value, first, cos, sin],
      { interleaved: { int: 1 }, num_heads: { int: layout.heads }, rotary_embedding_dim: { int: 0 } },
      { domain: CONTRIB },
    );

  const from = graph.ints('patches.from', [1]);
  const to = graph.ints('patches.to', [tokens]);
  const axis = graph.ints('patches.axis', [1]);
  const meanOfPatches = (value: string, as: string) =>
    graph.node(
      'ReduceMean',
      [graph.node('Slice', [value, from, to, axis], {}, { as: `${as}.patches` }), axis],
      { keepdims: { int: 0 } },
      { as },
    );

  let pooled = '';
  for (let index = 0; index < depth; index++) {
    const block = `blocks.${String(index)}`;
    const before = await foldedNorm(x, `${block}.norm1`);
    const [qWeight, kWeight, vWeight] = await projections(read, block, kind, width);
    const square = { rows: width, columns: width };
    const qkv = [
      { ...square, name: `${block}.q`, weight: qWeight, bias: await read(`${block}.attn.q_bias`) },
      { ...square, name: `${block}.k`, weight: kWeight, bias: null },
      { ...square, name: `${block}.v`, weight: vWeight, bias: await read(`${block}.attn.v_bias`) },
    ].map(before.fold);
    // The bias of v is added behind the attention.
    const vBias = qkv[2]?.bias ?? new Float32Array(width);
    const withoutBias = qkv.map((layer, i) => (i === 2 ? { ...layer, bias: null } : layer));
    const [q = '', k = '', v = ''] = arithmetic.products(graph, before.normed, `${block}.norm1`, withoutBias);
    const attended = graph.node('Attention', [turn(q), turn(k), v], {
      q_num_heads: { int: layout.heads },
      kv_num_heads: { int: layout.heads },
      scale: { float: HEAD_WIDTH ** -0.5 },
    });
    const proj = await read(`${block}.attn.proj.weight`);
    const projBias = carry(proj, vBias, await read(`${block}.attn.proj.bias`));
    const [projected = ''] = arithmetic.products(graph, attended, `${block}.attended`, [
      { ...square, name: `${block}.proj`, weight: proj, bias: projBias },
    ]);
    x = graph.node('Add', [x, projected]);

    const between = await foldedNorm(x, `${block}.norm2`);
    const gates = (await gateLayers(read, block, kind, width, hidden)).map(between.fold);
    const [gated = '', upward = ''] = arithmetic.products(graph, between.normed, `${block}.norm2`, gates);
    let h = graph.node('Mul', [graph.node('Mul', [gated, graph.node('Sigmoid', [gated])]), upward]);
    let down: Dense = {
      name: `${block}.down`,
      weight: await read(`${block}.mlp.w3.weight`),
      rows: width,
      columns: hidden,
      bias: await read(`${block}.mlp.w3.bias`),
    };
    if (kind === 'split') {
      const inner = await foldedNorm(h, `${block}.mlp.ffn_ln`);
      h = inner.normed;
      down = inner.fold(down);
    }

    const name = `block_${String(index)}`;
    const isLast = index === depth - 1;
    if (isLast) {
      const [last = ''] = float32.products(graph, meanOfPatches(h, 'tail.hidden'), '', [{ ...down, name: 'tail.down' }]);
      pooled = graph.node('Add', [meanOfPatches(x, 'tail.tokens'), last], {}, { as: 'pooled' });
    }
    if (!isLast || expose.includes(name)) {
      const [added = ''] = arithmetic.products(graph, h, `${block}.hidden`, [down]);
      x = graph.node('Add', [x, added], {}, { as: name });
    }
  }
  graph.node('LayerNormalization', [pooled, await vector(`${layout.norm}.weight`), await vector(`${layout.norm}.bias`)], EPSILON, {
    as: 'embedding',
  });
  graph.output('embedding', ['N', width]);
  for (const name of expose) graph.output(name, name === 'pooled' ? ['N', width] : ['N', tokens, width]);
  return { opset: OPSET, graph, metadata: {} };
}

/** From the mean over the tokens on: little work, which float16 would make twice as inexact. */
export const isTail = (node: Node): boolean =>
  node.name === 'embedding' || node.name === 'pooled' || [node.name, ...node.inputs].some((name) => name.startsWith('tail.'));

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

async function gateLayers(read: ReadWeight, block: string, kind: Layout['kind'], width: number, hidden: number): Promise<Dense[]> {
  const layer = (name: string, weight: Float32Array, bias: Float32Array) => ({ name, weight, bias, rows: hidden, columns: width });
  if (kind === 'split') {
    return [
      layer(`${block}.gate`, await read(`${block}.mlp.w1.weight`), await read(`${block}.mlp.w1.bias`)),
      layer(`${block}.up`, await read(`${block}.mlp.w2.weight`), await read(`${block}.mlp.w2.bias`)),
    ];
  }
  const weight = await read(`${block}.mlp.w12.weight`);
  const bias = await read(`${block}.mlp.w12.bias`);
  // The first half is the gate.
  return [
    layer(`${block}.gate`, weight.subarray(0, hidden * width), bias.subarray(0, hidden)),
    layer(`${block}.up`, weight.subarray(hidden * width), bias.subarray(hidden)),
  ];
}

/** W (gain * n + offset) + bias = (W * gain) n + (W offset + bias), n being the normalised values. */
function foldInto(dense: Dense, gain: Float32Array, offset: Float32Array): Dense {
  const { weight, rows, columns, bias } = dense;
  const scaled = weight.map((value, i) => value * (gain[i % columns] ?? 0));
  return { ...dense, weight: scaled, bias: carry(weight, offset, bias ?? new Float32Array(rows)) };
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
