import type { Head, HeadFile, Tensor } from '../../contract/head';
import { transformRows, type Transform } from '../basis';
import { matrix, type Matrix } from '../matrix';
import { product } from '../tensors/product';

/** One of a head's tensors; a head without it is a bug of whoever made or read it. */
export function tensorOf(head: Head, name: string): Tensor {
  const tensor = head.tensors[name];
  if (!tensor) throw new Error(`the head lacks the tensor ${name}`);
  return tensor;
}

export function transformOf(head: Head): Transform {
  const p = head.file.projection === null ? null : tensorOf(head, 'projection');
  return {
    mean: tensorOf(head, 'scaling.mean').data,
    scale: tensorOf(head, 'scaling.scale').data,
    projection: p === null ? null : matrix(p.shape[0] ?? 0, p.shape[1] ?? 0, p.data),
    unit: head.file.unit === true,
  };
}

/** Logits [N, K] of rows in the head's feature space; `multiply` may be one that keeps the rows on the backend. */
export async function logitsOfFeatures(head: Head, features: Matrix, multiply = product): Promise<Float32Array> {
  return linear(features, tensorOf(head, 'weight').data, tensorOf(head, 'bias').data, multiply);
}

/** x W + b [N, K] of rows [N, m], with weight [K, m]. */
export async function linear(rows: Matrix, weight: Float32Array, bias: Float32Array, multiply = product): Promise<Float32Array> {
  const k = bias.length;
  const right = new Float32Array(weight.length);
  for (let f = 0; f < k; f++) for (let c = 0; c < rows.columns; c++) right[c * k + f] = weight[f * rows.columns + c];
  const { data } = await multiply(rows, matrix(rows.columns, k, right));
  for (let from = 0; from < data.length; from += k) {
    for (let f = 0; f < k; f++) data[from + f] = data[from + f] + bias[f];
  }
  return data;
}

/** Calibrated probabilities [N, K] of logits, by the formula in contract/head. */
export function calibrated(
  task: HeadFile['task'],
  slope: ArrayLike<number>,
  offset: ArrayLike<number>,
  logits: ArrayLike<number>,
): Float32Array<ArrayBuffer> {
  const k = slope.length;
  const out = new Float32Array(logits.length);
  for (let from = 0; from < logits.length; from += k) {
    if (task === 'multilabel') {
      for (let f = 0; f < k; f++) {
        const z = slope[f] * logits[from + f] + offset[f];
        out[from + f] = 1 / (1 + Math.exp(-z));
      }
      continue;
    }
    let top = -Infinity;
    for (let f = 0; f < k; f++) top = Math.max(top, slope[f] * logits[from + f] + offset[f]);
    let sum = 0;
    for (let f = 0; f < k; f++) {
      const e = Math.exp(slope[f] * logits[from + f] + offset[f] - top);
      out[from + f] = e;
      sum += e;
    }
    for (let f = 0; f < k; f++) out[from + f] = out[from + f] / sum;
  }
  return out;
}

export function calibratedByHead(head: Head, logits: Float32Array): Float32Array<ArrayBuffer> {
  return calibrated(head.file.task, tensorOf(head, 'calibration.slope').data, tensorOf(head, 'calibration.offset').data, logits);
}

/** Probabilities [N, K] of embeddings [N, d]: everything a head says, from its file alone. Needs a started tensor backend. */
export async function propose(head: Head, rows: Matrix, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
  const features = await transformRows(rows, transformOf(head), signal);
  return proposeBeside(head, await logitsOfFeatures(head, features), rows);
}

/** Probabilities of the head's own logits [N, K], with those of its ready head on the embeddings `rows` [N, d] where that one speaks. */
export async function proposeBeside(head: Head, logits: Float32Array, rows: Matrix): Promise<Float32Array<ArrayBuffer>> {
  const served = head.file.ready?.findings;
  if (!served) return calibratedByHead(head, logits);
  const own = await linear(rows, tensorOf(head, 'ready.weight').data, tensorOf(head, 'ready.bias').data, product);
  return calibratedByHead(
    head,
    logits.map((logit, i) => (served[i % served.length] ? own[i] : logit)),
  );
}
