import type { EncoderCard } from '../../contract/encoder-card';
import type { Head, Tensor } from '../../contract/head';
import { Graph } from '../../onnx/graph';
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
  addHead(graph, 'embedding', head);
  return { opset: encoder.opset, graph, metadata: metadataOf(infoOf(card, head.file)) };
}

/** The head alone: `embedding` [N, d] -> `probabilities` [N, K]. */
export function composeHead(card: EncoderCard, head: Head): Model {
  const graph = new Graph();
  addHead(graph, graph.input('embedding', ['N', head.file.encoder.d]), head);
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

/** The formula of src/contract/head.ts, step by step. */
function addHead(graph: Graph, embedding: string, head: Head): void {
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

  const centred = step('Sub', [embedding, constant('scaling.mean')], 'centred');
  let features = step('Div', [centred, constant('scaling.scale')], 'scaled');
  if (head.file.projection) features = step('MatMul', [features, constant('projection')], 'projected');
  if (head.file.unit === true) {
    const axes = graph.ints('head.axes', [1]);
    const length = step('ReduceL2', [features, axes], 'length');
    // A row of zeros stays one.
    const divisor = step('Max', [length, graph.scalar('head.least', 1e-30)], 'divisor');
    features = step('Div', [features, divisor], 'unit');
  }
  const fitted = step('Gemm', [features, constant('weight'), constant('bias')], 'logits', { transB: { int: 1 } });
  const logits = head.file.ready ? withReady(fitted, head.file.ready.findings) : fitted;
  const sloped = step('Mul', [logits, constant('calibration.slope')], 'sloped');
  const calibrated = step('Add', [sloped, constant('calibration.offset')], 'calibrated');
  if (head.file.task === 'multilabel') graph.node('Sigmoid', [calibrated], {}, { as: 'probabilities' });
  else graph.node('Softmax', [calibrated], { axis: { int: -1 } }, { as: 'probabilities' });
  graph.output('probabilities', ['N', findings]);
}

function tensorOf(head: Head, name: string): Tensor {
  const tensor = head.tensors[name];
  if (!tensor) throw new Error(`the head lacks the tensor ${name}`);
  return tensor;
}
