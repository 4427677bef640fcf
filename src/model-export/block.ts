import type { Head } from '../contract/head';
import type { Graph, Node } from '../onnx/graph';
import { CONTRIB } from '../onnx/model';

const FLOAT = { int: 1 };
const FLOAT16 = { int: 10 };
const NORM = { axis: { int: -1 }, epsilon: { float: 1e-6 } };
/** Beyond it half precision is infinite; what the head learnt from was cut there. */
const LARGEST_HALF = 65_504;

/** The parts of the head's graph that are built: a constant of its tensors, and a step. */
interface Parts {
  readonly graph: Graph;
  readonly constant: (name: string) => string;
  readonly step: (op: string, inputs: string[], name: string, attributes?: Node['attributes'], domain?: string) => string;
}

/** The fine-tuned last block and LayerNorm of a head of kind block (contract/head): `block_input` [N, T, d] -> what takes the embedding's place, [N, d]. */
export function tunedBlock({ graph, constant, step }: Parts, input: string, { tensors }: Head): string {
  const [count = 0, pairs = 0] = tensors['block.rope.cos']?.shape ?? [];
  const [d = 0] = tensors['norm.gain']?.shape ?? [];
  const width = 2 * pairs;
  const heads = { int: d / width };
  const norm = (x: string, name: string) =>
    step('LayerNormalization', [x, constant(`${name}.gain`), constant(`${name}.bias`)], `${name}.normed`, NORM);
  const dense = (x: string, name: string) => {
    const found = step('MatMul', [x, constant(name)], `${name}.product`);
    return tensors[`${name}.bias`] ? step('Add', [found, constant(`${name}.bias`)], `${name}.added`) : found;
  };
  const ints = (name: string, value: number) => graph.ints(`head.block.${name}`, [value]);

  const limits = [graph.scalar('head.block.least', -LARGEST_HALF), graph.scalar('head.block.most', LARGEST_HALF)];
  const half = step('Cast', [step('Clip', [input, ...limits], 'block.clipped')], 'block.half', { to: FLOAT16 });
  const states = step('Cast', [half], 'block.states', { to: FLOAT });

  const first = ints('first', 0);
  const tables = [constant('block.rope.cos'), constant('block.rope.sin')];
  const turn = (x: string, name: string) =>
    step(
      'RotaryEmbedding',
      [x, first, ...tables],
      name,
      { interleaved: { int: 1 }, num_heads: heads, rotary_embedding_dim: { int: 0 } },
      CONTRIB,
    );
  const n1 = norm(states, 'block.norm1');
  const q = turn(dense(n1, 'block.q'), 'block.q.turned');
  const k = turn(dense(n1, 'block.k'), 'block.k.turned');
  const mixed = step('Attention', [q, k, dense(n1, 'block.v')], 'block.attention', {
    q_num_heads: heads,
    kv_num_heads: heads,
    scale: { float: width ** -0.5 },
  });
  const attended = step('Add', [states, dense(mixed, 'block.proj')], 'block.attended');

  const n2 = norm(attended, 'block.norm2');
  const gate = dense(n2, 'block.gate');
  const gated = step('Mul', [gate, step('Sigmoid', [gate], 'block.sigmoid')], 'block.gated');
  const product = step('Mul', [gated, dense(n2, 'block.up')], 'block.hidden');
  const hidden = tensors['block.inner.gain'] ? norm(product, 'block.inner') : product;

  const from = ints('from', 1);
  const to = ints('to', count);
  const axis = ints('axis', 1);
  const mean = (x: string, name: string) =>
    step('ReduceMean', [step('Slice', [x, from, to, axis], `${name}.patches`), axis], `${name}.mean`, { keepdims: { int: 0 } });
  // The mean over the patches comes before the last product, as in the encoder's graph.
  const pooled = step('Add', [mean(attended, 'block.attended'), dense(mean(hidden, 'block.hidden'), 'block.down')], 'block.pooled');
  return norm(pooled, 'norm');
}
