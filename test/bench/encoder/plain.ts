import { Graph } from '../../../src/onnx/graph';
import type { Model } from '../../../src/onnx/model';
import { tokensOf, type Layout } from '../../../src/encoder/eva-x/layout';
import type { ReadWeight } from '../../../src/encoder/eva-x/graph';
import { GRID, HEAD_WIDTH, ropeTable } from '../../../src/encoder/eva-x/rope';

const TOKENS = tokensOf({ grid: GRID });

/** EVA-X written down step by step with standard operators, as an exporter would: what the encoder's own graph is compared with. */
export async function plainModel({ width, depth, heads, hidden, kind }: Layout, read: ReadWeight): Promise<Model> {
  const graph = new Graph();
  const epsilon = { axis: { int: -1 }, epsilon: { float: 1e-6 } };
  const axes = (name: string, ...values: number[]) => (graph.has(name) ? name : graph.ints(name, values));
  const vector = async (name: string) => {
    const data = await read(name);
    return graph.constant(name, [data.length], data);
  };
  const norm = async (x: string, name: string) =>
    graph.node('LayerNormalization', [x, await vector(`${name}.weight`), await vector(`${name}.bias`)], epsilon);
  const linear = async (x: string, name: string, rows: number, columns: number, bias: string | null = `${name}.bias`) => {
    const weight = graph.node('Transpose', [graph.constant(`${name}.weight`, [rows, columns], await read(`${name}.weight`))], {
      perm: { ints: [1, 0] },
    });
    const product = graph.node('MatMul', [x, weight]);
    return bias === null ? product : graph.node('Add', [product, graph.has(bias) ? bias : await vector(bias)]);
  };

  const stem = graph.constant('stem', [width, 3, 16, 16], await read('patch_embed.proj.weight'));
  const pixels = graph.input('pixels', ['N', 3, 224, 224]);
  const patches = graph.node('Conv', [pixels, stem, await vector('patch_embed.proj.bias')], { strides: { ints: [16, 16] } });
  const flat = graph.node('Transpose', [graph.node('Reshape', [patches, axes('flat', 0, width, TOKENS - 1)])], {
    perm: { ints: [0, 2, 1] },
  });
  const count = graph.node('Shape', [pixels], { start: { int: 0 }, end: { int: 1 } });
  const shape = graph.node('Concat', [count, axes('one.width', 1, width)], { axis: { int: 0 } });
  const token = graph.node('Expand', [graph.constant('cls', [1, 1, width], await read('cls_token')), shape]);
  const position = graph.constant('pos', [1, TOKENS, width], await read('pos_embed'));
  let x = graph.node('Add', [graph.node('Concat', [token, flat], { axis: { int: 1 } }), position]);

  const table = (turn: (angle: number) => number) => {
    const half = ropeTable(turn, GRID);
    return Float32Array.from({ length: (TOKENS - 1) * HEAD_WIDTH }, (_, i) => half[i >> 1] ?? 0);
  };
  const cos = graph.constant('cos', [TOKENS - 1, HEAD_WIDTH], table(Math.cos));
  const sin = graph.constant('sin', [TOKENS - 1, HEAD_WIDTH], table(Math.sin));
  const rotate = (value: string) => {
    const [first = '', rest = ''] = graph.split(value, axes('class.rest', 1, TOKENS - 1), 2, 2);
    const pairs = graph.node('Reshape', [rest, axes('pairs', 0, 0, 0, HEAD_WIDTH / 2, 2)]);
    const [even = '', odd = ''] = graph.split(pairs, axes('one.one', 1, 1), 4, 2);
    const swapped = graph.node('Concat', [graph.node('Neg', [odd]), even], { axis: { int: 4 } });
    const turned = graph.node('Reshape', [swapped, axes('unpaired', 0, 0, 0, HEAD_WIDTH)]);
    const sum = graph.node('Add', [graph.node('Mul', [rest, cos]), graph.node('Mul', [turned, sin])]);
    return graph.node('Concat', [first, sum], { axis: { int: 2 } });
  };
  const headed = (value: string) =>
    graph.node('Transpose', [graph.node('Reshape', [value, axes('heads', 0, 0, heads, HEAD_WIDTH)])], { perm: { ints: [0, 2, 1, 3] } });
  const scale = graph.scalar('scale', HEAD_WIDTH ** -0.5);

  for (let i = 0; i < depth; i++) {
    const block = `blocks.${String(i)}`;
    const y = await norm(x, `${block}.norm1`);
    let [q, k, v] = ['', '', ''];
    if (kind === 'packed') {
      const fused = await linear(y, `${block}.attn.qkv`, 3 * width, width, null);
      [q = '', k = '', v = ''] = graph.split(fused, axes('qkv', width, width, width), 2, 3);
      q = graph.node('Add', [q, await vector(`${block}.attn.q_bias`)]);
      v = graph.node('Add', [v, await vector(`${block}.attn.v_bias`)]);
    } else {
      q = await linear(y, `${block}.attn.q_proj`, width, width, `${block}.attn.q_bias`);
      k = await linear(y, `${block}.attn.k_proj`, width, width, null);
      v = await linear(y, `${block}.attn.v_proj`, width, width, `${block}.attn.v_bias`);
    }
    const turnedK = graph.node('Transpose', [rotate(headed(k))], { perm: { ints: [0, 1, 3, 2] } });
    const scores = graph.node('MatMul', [graph.node('Mul', [rotate(headed(q)), scale]), turnedK]);
    const mixed = graph.node('MatMul', [graph.node('Softmax', [scores], { axis: { int: -1 } }), headed(v)]);
    const joined = graph.node('Reshape', [graph.node('Transpose', [mixed], { perm: { ints: [0, 2, 1, 3] } }), axes('joined', 0, 0, width)]);
    x = graph.node('Add', [x, await linear(joined, `${block}.attn.proj`, width, width)]);
    const z = await norm(x, `${block}.norm2`);
    let [gate, up] = ['', ''];
    if (kind === 'packed')
      [gate = '', up = ''] = graph.split(await linear(z, `${block}.mlp.w12`, 2 * hidden, width), axes('gates', hidden, hidden), 2, 2);
    else [gate, up] = [await linear(z, `${block}.mlp.w1`, hidden, width), await linear(z, `${block}.mlp.w2`, hidden, width)];
    let h = graph.node('Mul', [graph.node('Mul', [gate, graph.node('Sigmoid', [gate])]), up]);
    if (kind === 'split') h = await norm(h, `${block}.mlp.ffn_ln`);
    x = graph.node('Add', [x, await linear(h, `${block}.mlp.w3`, width, hidden)]);
  }
  const tokens = graph.node('Slice', [x, axes('from', 1), axes('to', TOKENS), axes('axis', 1)]);
  const mean = graph.node('ReduceMean', [tokens, axes('axis', 1)], { keepdims: { int: 0 } });
  graph.node('LayerNormalization', [mean, await vector('norm.weight'), await vector('norm.bias')], epsilon, { as: 'embedding' });
  graph.output('embedding', ['N', width]);
  return { opset: 20, graph, metadata: {} };
}
