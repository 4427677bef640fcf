import type { EncoderCard } from '../contract/encoder-card';
import type { Head, Tensor } from '../contract/head';
import { Graph, type Node } from '../onnx/graph';
import type { Model } from '../onnx/model';
import { portable, PORTABLE_OPSET } from '../onnx/portable';
import { tunedBlock } from './block';
import { infoOf, metadataOf } from './metadata';

/**
 * Normalisation, encoder and head in one: `image` [N, C, H, W], 0 to 255, -> `probabilities` [N, K]. What the head does without is left out:
 * a fine-tuned last block takes the place of the encoder's own. In standard operators, for whatever runtime it is opened in.
 */
export function composeModel(encoder: Model, card: EncoderCard, head: Head): Model {
  const graph = new Graph();
  const { channels, size } = card.input;
  const image = graph.input('image', ['N', channels, size, size]);
  const part = { graph, prefix: '', opset: PORTABLE_OPSET };
  normalise(part, image, card);
  graph.adopt(encoder.graph);
  addHead(part, inputOf(head), head);
  graph.prune();
  return portable({ opset: encoder.opset, graph, metadata: metadataOf(infoOf(card, head.file)) });
}

/** What goes before and behind the graph of a model of somebody else, which is not read into parts. */
export function composeAround(card: EncoderCard, head: Head, opset: number): { before: Graph; after: Graph; metadata: Model['metadata'] } {
  const { channels, size } = card.input;
  const before = new Graph();
  const after = new Graph();
  normalise({ graph: before, prefix: FOREIGN, opset }, before.input('image', ['N', channels, size, size]), card);
  addHead({ graph: after, prefix: FOREIGN, opset }, 'embedding', head);
  return { before, after, metadata: metadataOf(infoOf(card, head.file)) };
}

/** The head alone: `embedding` [N, d], of a fine-tuned head `tokens` or `block_input`, of one beside a ready head both -> `probabilities` [N, K]. */
export function composeHead(card: EncoderCard, head: Head): Model {
  const graph = new Graph();
  const { d } = head.file.encoder;
  const name = inputOf(head);
  const input = graph.input(name, name === 'embedding' ? ['N', d] : ['N', 'T', d]);
  if (readsEmbedding(head) && name !== 'embedding') graph.input('embedding', ['N', d]);
  addHead({ graph, prefix: '', opset: PORTABLE_OPSET }, input, head);
  return portable({ opset: PORTABLE_OPSET, graph, metadata: metadataOf(infoOf(card, head.file)) });
}

/** A part of a graph that is being built: its names, which must not be those of the other parts, and the version of its operators. */
interface Part {
  readonly graph: Graph;
  readonly prefix: string;
  readonly opset: number;
}

/** Beside the names of others. */
const FOREIGN = 'collimate.export.';

/** A reduction whose axes became an input in version 18 of the operators. */
function reduce({ graph, prefix, opset }: Part, op: string, from: string, axes: readonly number[], as: string): string {
  if (opset < 18) return graph.node(op, [from], { axes: { ints: axes } }, { as });
  const name = `${prefix}${op === 'ReduceL2' ? 'head' : 'normalise'}.axes`;
  return graph.node(op, [from, graph.has(name) ? name : graph.ints(name, axes)], {}, { as });
}

/** Makes the encoder's input `pixels` out of grey levels, as src/encoder/normalise.ts does in the app. */
function normalise(part: Part, image: string, { preprocessing }: EncoderCard): void {
  const { graph, prefix } = part;
  const { normalise: how } = preprocessing;
  const at = (name: string) => `${prefix}normalise.${name}`;
  if (how.kind !== 'image') {
    const constant = (name: string, value: number | readonly number[]) =>
      typeof value === 'number'
        ? graph.scalar(at(name), value * 255)
        : graph.constant(
            at(name),
            [value.length, 1, 1],
            Float32Array.from(value, (each) => each * 255),
          );
    const mean = constant('mean', how.mean);
    const deviation = constant('deviation', how.std);
    const centred = graph.node('Sub', [image, mean], {}, { as: at('centred') });
    graph.node('Div', [centred, deviation], {}, { as: 'pixels' });
    return;
  }
  const axes = [1, 2, 3];
  const mean = reduce(part, 'ReduceMean', image, axes, at('mean'));
  const centred = graph.node('Sub', [image, mean], {}, { as: at('centred') });
  const squares = graph.node('Mul', [centred, centred], {}, { as: at('squares') });
  const variance = reduce(part, 'ReduceMean', squares, axes, at('variance'));
  const deviation = graph.node('Sqrt', [variance], {}, { as: at('deviation') });
  const epsilon = graph.scalar(at('epsilon'), how.epsilon);
  const divisor = graph.node('Add', [deviation, epsilon], {}, { as: at('divisor') });
  graph.node('Div', [centred, divisor], {}, { as: 'pixels' });
}

/** The encoder's output that a head reads, which is also the input of the head alone. */
export const inputOf = ({ file }: Pick<Head, 'file'>): 'embedding' | 'tokens' | 'block_input' => {
  if (file.kind === 'attentive') return 'tokens';
  return file.kind === 'block' ? 'block_input' : 'embedding';
};

/** Beside what `inputOf` names: a ready head reads the embedding. */
export const readsEmbedding = (head: Pick<Head, 'file'>): boolean => inputOf(head) === 'embedding' || head.file.ready !== undefined;

/** The formula of src/contract/head.ts, step by step. */
function addHead(part: Part, input: string, head: Head): void {
  const { graph, prefix, opset } = part;
  const findings = head.file.findings.length;
  const constant = (name: string): string => {
    const { shape, data } = tensorOf(head, name);
    return graph.constant(`${prefix}head.${name}`, shape, data);
  };
  const step = (op: string, inputs: string[], name: string, attributes = {}, domain = ''): string =>
    graph.node(op, inputs, attributes, { as: `${prefix}head.${name}.value`, domain });

  /** The rows of the ready head's weights are zero where the fitted one speaks, and the other way round. */
  const withReady = (logits: string, served: readonly boolean[]): string => {
    const fitted = graph.constant(
      `${prefix}head.fitted`,
      [findings],
      Float32Array.from(served, (one) => (one ? 0 : 1)),
    );
    const own = step('Gemm', ['embedding', constant('ready.weight'), constant('ready.bias')], 'ready', { transB: { int: 1 } });
    return step('Add', [step('Mul', [logits, fitted], 'kept'), own], 'both');
  };

  const pooled = head.file.kind === 'attentive';
  const vector = pooled
    ? attended(graph, input, constant, step, head)
    : head.file.kind === 'block'
      ? tunedBlock({ graph, constant, step }, input, head)
      : input;
  const centred = step('Sub', [vector, constant('scaling.mean')], 'centred');
  let features = step('Div', [centred, constant('scaling.scale')], 'scaled');
  if (head.file.projection) features = step('MatMul', [features, constant('projection')], 'projected');
  if (head.file.unit === true) {
    const length = reduce(part, 'ReduceL2', features, [opset < 18 ? 1 : -1], `${prefix}head.length.value`);
    // A row of zeros stays one.
    const divisor = step('Max', [length, graph.scalar(`${prefix}head.least`, 1e-30)], 'divisor');
    features = step('Div', [features, divisor], 'unit');
  }
  const fitted = pooled
    ? step('Add', [rowByRow(graph, features, tensorOf(head, 'weight'), step), constant('bias')], 'logits')
    : step('Gemm', [features, constant('weight'), constant('bias')], 'logits', { transB: { int: 1 } });
  const logits = head.file.ready ? withReady(fitted, head.file.ready.findings) : fitted;
  const sloped = step('Mul', [logits, constant('calibration.slope')], 'sloped');
  const calibrated = step('Add', [sloped, constant('calibration.offset')], 'calibrated');
  if (head.file.task === 'multilabel') graph.node('Sigmoid', [calibrated], {}, { as: 'probabilities' });
  else graph.node('Softmax', [calibrated], { axis: { int: opset < 13 ? 1 : -1 } }, { as: 'probabilities' });
  graph.output('probabilities', ['N', findings]);
}

const FLOAT = { int: 1 };
const FLOAT16 = { int: 10 };
type Step = (op: string, inputs: string[], name: string, attributes?: Node['attributes']) => string;

/** What each finding's query pools out of the tokens, [N, K, d], behind the last LayerNorm. The tokens are rounded as those that the head learnt from. */
function attended(graph: Graph, tokens: string, constant: (name: string) => string, step: Step, head: Head): string {
  const { shape, data } = tensorOf(head, 'attention.query');
  const [k = 0, d = 0] = shape;
  const turned = new Float32Array(data.length);
  for (let f = 0; f < k; f++) for (let c = 0; c < d; c++) turned[c * k + f] = data[f * d + c] as number;
  const rounded = step('Cast', [step('Cast', [tokens], 'half', { to: FLOAT16 })], 'tokens', { to: FLOAT });
  const scores = step('MatMul', [rounded, graph.constant('head.attention.query', [d, k], turned)], 'scores');
  const weights = step('Softmax', [step('Transpose', [scores], 'byFinding', { perm: { ints: [0, 2, 1] } })], 'attention', {
    axis: { int: -1 },
  });
  const pooled = step('MatMul', [weights, rounded], 'pooled');
  return step('LayerNormalization', [pooled, constant('norm.gain'), constant('norm.bias')], 'normed', {
    axis: { int: -1 },
    epsilon: { float: 1e-6 },
  });
}

/** Each finding's own features [N, K, m] times its own weights [K, m]: [N, K]. Written as a sum over products, OpenVINO 2026.4 computes it wrongly. */
function rowByRow(graph: Graph, features: string, { shape: [k = 0, m = 0], data }: Tensor, step: Step): string {
  const rows = step('Unsqueeze', [features, graph.ints('head.row', [2])], 'rows');
  const products = step('MatMul', [rows, graph.constant('head.weight', [k, m, 1], data)], 'products');
  return step('Reshape', [products, graph.ints('head.flat', [0, k])], 'sums');
}

function tensorOf(head: Head, name: string): Tensor {
  const tensor = head.tensors[name];
  if (!tensor) throw new Error(`the head lacks the tensor ${name}`);
  return tensor;
}
