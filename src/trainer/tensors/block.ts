import * as tf from '@tensorflow/tfjs-core';
import { normalised, tailLogits } from './tail';
import { named, type Tensors } from './tuning';

/**
 * A transformer block of EVA-X (EVA-02, Fang et al. 2023) over its tensors in contract/head, `block.*`: x' = x + attention(norm1(x)), and the
 * output x' + SwiGLU(norm2(x')). States x are [B, T, d], class token first.
 */
export function blockOutput(x: tf.Tensor3D, weights: Tensors): tf.Tensor3D {
  const attended = withAttention(x, weights);
  return tf.add(attended, tf.reshape(dense(hiddenOf(attended, weights), weights, 'block.down'), x.shape));
}

/** The mean of its output's patch tokens [B, d]. The mean comes before the last product, so that one row an image goes through that. */
export function blockPooled(x: tf.Tensor3D, weights: Tensors): tf.Tensor2D {
  const [batch, count] = x.shape;
  const attended = withAttention(x, weights);
  const hidden = tf.reshape<tf.Rank.R3>(hiddenOf(attended, weights), [batch, count, -1]);
  return tf.add(meanOfPatches(attended), dense(meanOfPatches(hidden), weights, 'block.down'));
}

/** The encoder's embedding [B, d] of block inputs. */
export const blockEmbedding = (x: tf.Tensor3D, weights: Tensors): tf.Tensor2D => norm(blockPooled(x, weights), weights, 'norm');

/** Logits [B, K] of block inputs: the block, the last LayerNorm `norm.*`, and the head's scaling, projection and linear function. */
export function blockLogits(x: tf.Tensor3D, weights: Tensors, { unit }: { readonly unit: boolean }): tf.Tensor2D {
  const [batch, , d] = x.shape;
  const scale = named(weights, 'scaling.scale');
  const tail = {
    gain: tf.div(named(weights, 'norm.gain'), scale),
    bias: tf.div(tf.sub(named(weights, 'norm.bias'), named(weights, 'scaling.mean')), scale),
    projection: (weights['projection'] ?? null) as tf.Tensor2D | null,
    unit,
  };
  return tailLogits(tf.reshape(blockPooled(x, weights), [batch, 1, d]), tail, named(weights, 'weight'), named(weights, 'bias'));
}

function withAttention(x: tf.Tensor3D, weights: Tensors): tf.Tensor3D {
  const [batch, count, d] = x.shape;
  const cos = named(weights, 'block.rope.cos');
  const sin = named(weights, 'block.rope.sin');
  const width = 2 * (cos.shape[1] ?? 0);
  const heads = d / width;
  const normed = norm(tf.reshape(x, [batch * count, d]), weights, 'block.norm1');
  const byHead = (rows: tf.Tensor, order: number[]) => tf.transpose(tf.reshape(rows, [batch, count, heads, width]), order);
  const turn = rotation(cos, sin);
  const q = byHead(turn(dense(normed, weights, 'block.q')), [0, 2, 1, 3]);
  const k = byHead(turn(dense(normed, weights, 'block.k')), [0, 2, 3, 1]);
  const v = byHead(dense(normed, weights, 'block.v'), [0, 2, 1, 3]);
  const each = (part: tf.Tensor, shape: [number, number]) => tf.reshape<tf.Rank.R3>(part, [batch * heads, ...shape]);
  const scores = tf.mul(products(each(q, [count, width]), each(k, [width, count])), width ** -0.5);
  const mixed = products(tf.softmax(scores) as tf.Tensor3D, each(v, [count, width]));
  const joined = tf.reshape(tf.transpose(tf.reshape(mixed, [batch, heads, count, width]), [0, 2, 1, 3]), [batch * count, d]);
  return tf.add(x, tf.reshape(dense(joined as tf.Tensor2D, weights, 'block.proj'), x.shape));
}

/** The SwiGLU's hidden values [B T, h], before its last product. */
function hiddenOf(x: tf.Tensor3D, weights: Tensors): tf.Tensor2D {
  const [batch, count, d] = x.shape;
  const normed = norm(tf.reshape(x, [batch * count, d]), weights, 'block.norm2');
  const gate = dense(normed, weights, 'block.gate');
  const hidden = tf.mul<tf.Tensor2D>(tf.mul(gate, tf.sigmoid(gate)), dense(normed, weights, 'block.up'));
  return weights['block.inner.gain'] ? norm(hidden, weights, 'block.inner') : hidden;
}

/** Interleaved pairs (a, b) -> (a cos - b sin, b cos + a sin), by tables [T, pairs], in every head of rows [B T, d] = [B, T, heads, 2 pairs]. */
function rotation(cos: tf.Tensor, sin: tf.Tensor): (rows: tf.Tensor2D) => tf.Tensor {
  const [count = 0, pairs = 0] = cos.shape;
  const width = 2 * pairs;
  const along = tf.reshape(tf.stack([cos, cos], 2), [count, 1, width]);
  const across = tf.reshape(tf.stack([tf.neg(sin), sin], 2), [count, 1, width]);
  const swap = tf.tensor2d(
    Float32Array.from({ length: width * width }, (_, i) => (Math.floor(i / width) === ((i % width) ^ 1) ? 1 : 0)),
    [width, width],
  );
  // The two of each pair change places: a product with a symmetric matrix, many times as fast as tf.reverse in the wasm backend.
  const swapped = tf.customGrad((...inputs) => {
    const [rows, save] = inputs as unknown as [tf.Tensor2D, (tensors: tf.Tensor[]) => void];
    save([swap]);
    return {
      value: tf.matMul(rows, swap),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.matMul(dy, saved[0]),
    };
  });
  return (rows) => {
    const heads = tf.reshape(rows, [-1, count, rows.shape[1] / width, width]);
    const other = tf.reshape(swapped(tf.reshape(rows, [-1, width])), heads.shape);
    return tf.add(tf.mul(heads, along), tf.mul(other, across));
  };
}

const norm = (rows: tf.Tensor, weights: Tensors, name: string) =>
  tf.add<tf.Tensor2D>(tf.mul(normalised(rows), named(weights, `${name}.gain`)), named(weights, `${name}.bias`));

/** x W + b, with the bias where there is one. */
function dense(rows: tf.Tensor2D, weights: Tensors, name: string): tf.Tensor2D {
  const found = product(rows, named(weights, name) as tf.Tensor2D);
  const bias = weights[`${name}.bias`];
  return bias ? tf.add(found, bias) : found;
}

function meanOfPatches(x: tf.Tensor3D): tf.Tensor2D {
  const [batch, count, d] = x.shape;
  return tf.mean(tf.slice(x, [0, 1, 0], [batch, count - 1, d]), 1);
}

/**
 * a b. Its gradients transpose before they multiply: the wasm backend multiplies a transposed operand at a twelfth of the speed, and so it does
 * with stacks of matrices, which therefore go one by one there.
 */
const product = differentiable((a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D => tf.matMul(a, b), [1, 0]);

/** Of stacks [N, p, q] and [N, q, r]. */
const products = differentiable(
  (a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D => {
    if (tf.getBackend() !== 'wasm') return tf.matMul(a, b);
    const right = tf.unstack(b) as tf.Tensor2D[];
    return tf.stack((tf.unstack(a) as tf.Tensor2D[]).map((left, i) => tf.matMul(left, right[i]))) as tf.Tensor3D;
  },
  [0, 2, 1],
);

function differentiable<T extends tf.Tensor>(multiply: (a: T, b: T) => T, turned: number[]): (a: T, b: T) => T {
  const operation = tf.customGrad((...inputs) => {
    const [a, b, save] = inputs as unknown as [T, T, (tensors: tf.Tensor[]) => void];
    save([a, b]);
    return {
      value: multiply(a, b),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [left, right] = saved as [T, T];
        return [multiply(dy as T, tf.transpose(right, turned)), multiply(tf.transpose(left, turned), dy as T)];
      },
    };
  });
  return operation;
}
