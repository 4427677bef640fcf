import type { EncoderCard } from '../../contract/encoder-card';
import type { Head, Tensor } from '../../contract/head';
import { Graph, type Node } from '../../onnx/graph';
import type { Model } from '../../onnx/model';
import { infoOf, metadataOf } from './metadata';

const HEAD_OPSET = 18;

/** Normalisation, encoder and head in one: `image` [N, C, H, W], 0 to 255, -> `probabilities` [N, K]. */
export function composeModel(encoder: Model, card: EncoderCard, head: Head): Model {
  const graph = new Graph();
  const { channels, size } = card.input;
  const image = graph.input('image', ['N', channels, size, size]);
  normalise(graph, image, card);
  graph.adopt(encoder.graph);
  addHead(graph, inputOf(head), head);
  return { opset: encoder.opset, graph, metadata: metadataOf(infoOf(card, head.file)) };
}

/** The head alone: `embedding` [N, d] -> `probabilities` [N, K]. */
export function composeHead(card: EncoderCard, head: Head): Model {
  const graph = new Graph();
  const { d } = head.file.encoder;
  const name = inputOf(head);
  addHead(graph, graph.input(name, name === 'embedding' ? ['N', d] : ['N', 'T', d]), head);
  return { opset: HEAD_OPSET, graph, metadata: metadataOf(infoOf(card, head.file)) };
}

/** Makes the encoder's input `pixels` out of grey levels, as src/encoder/normalise.ts does in the app. */
function normalise(graph: Graph, image: string, { preprocessing }: EncoderCard): void {
  const { normalise: how } = preprocessing;
  if (how.kind === 'fixed') {
    const mean = graph.scalar('normalise.mean', how.mean * 255);
    const deviation = graph.scalar('normalise.deviation', how.std * 255);
    const centred = graph.node('Sub', [image, mean], {}, { as: 'normalise.centred' });
    graph.node('Div', [centred, deviation], {}, { as: 'pixels' });
    return;
  }
  const axes = graph.ints('normalise.axes', [1, 2, 3]);
  const mean = graph.node('ReduceMean', [image, axes], {}, { as: 'normalise.mean' });
  const centred = graph.node('Sub', [image, mean], {}, { as: 'normalise.centred' });
  const squares = graph.node('Mul', [centred, centred], {}, { as: 'normalise.squares' });
  const variance = graph.node('ReduceMean', [squares, axes], {}, { as: 'normalise.variance' });
  const deviation = graph.node('Sqrt', [variance], {}, { as: 'normalise.deviation' });
  const epsilon = graph.scalar('normalise.epsilon', how.epsilon);
  const divisor = graph.node('Add', [deviation, epsilon], {}, { as: 'normalise.divisor' });
  graph.node('Div', [centred, divisor], {}, { as: 'pixels' });
}

/** The encoder's output that a head reads, which is also the input of the head alone. */
export const inputOf = ({ file }: Pick<Head, 'file'>): 'embedding' | 'tokens' => (file.kind === 'attentive' ? 'tokens' : 'embedding');

/** The formula of src/contract/head.ts, step by step. */
function addHead(graph: Graph, input: string, head: Head): void {
  const findings = head.file.findings.length;
  const constant = (name: string): string => {
    const { shape, data } = tensorOf(head, name);
    return graph.constant(`head.${name}`, shape, data);
  };
  const step = (op: string, inputs: string[], name: string, attributes = {}): string =>
    graph.node(op, inputs, attributes, { as: `head.${name}.value` });

  /** The rows of the ready head's weights are zero where the fitted one speaks, and the other way round. */
  const withReady = (logits: string, served: readonly boolean[]): string => {
    const fitted = graph.constant(
      'head.fitted',
      [findings],
      Float32Array.from(served, (one) => (one ? 0 : 1)),
    );
    const own = step('Gemm', [embedding, constant('ready.weight'), constant('ready.bias')], 'ready', { transB: { int: 1 } });
    return step('Add', [step('Mul', [logits, fitted], 'kept'), own], 'both');
  };

  const pooled = head.file.kind === 'attentive';
  const embedding = pooled ? attended(graph, input, constant, step, head) : input;
  const centred = step('Sub', [embedding, constant('scaling.mean')], 'centred');
  let features = step('Div', [centred, constant('scaling.scale')], 'scaled');
  if (head.file.projection) features = step('MatMul', [features, constant('projection')], 'projected');
  if (head.file.unit === true) {
    const axes = graph.ints('head.axes', [-1]);
    const length = step('ReduceL2', [features, axes], 'length');
    // A row of zeros stays one.
    const divisor = step('Max', [length, graph.scalar('head.least', 1e-30)], 'divisor');
    features = step('Div', [features, divisor], 'unit');
  }
  const fitted = pooled
    ? step(
        'Add',
        [
          step('ReduceSum', [step('Mul', [features, constant('weight')], 'products'), graph.ints('head.last', [-1])], 'sums', {
            keepdims: { int: 0 },
          }),
          constant('bias'),
        ],
        'logits',
      )
    : step('Gemm', [features, constant('weight'), constant('bias')], 'logits', { transB: { int: 1 } });
  const logits = head.file.ready ? withReady(fitted, head.file.ready.findings) : fitted;
  const sloped = step('Mul', [logits, constant('calibration.slope')], 'sloped');
  const calibrated = step('Add', [sloped, constant('calibration.offset')], 'calibrated');
  if (head.file.task === 'multilabel') graph.node('Sigmoid', [calibrated], {}, { as: 'probabilities' });
  else graph.node('Softmax', [calibrated], { axis: { int: -1 } }, { as: 'probabilities' });
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

function tensorOf(head: Head, name: string): Tensor {
  const tensor = head.tensors[name];
  if (!tensor) throw new Error(`the head lacks the tensor ${name}`);
  return tensor;
}
