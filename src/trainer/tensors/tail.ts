import * as tf from '@tensorflow/tfjs-core';

/** The numbers between pooled tokens and logits, as tensors; see contract/head. */
export interface Tail {
  /** LayerNorm's gain and bias with the head's scaling in them: x' = LayerNorm(x) gain + bias. */
  readonly gain: tf.Tensor;
  readonly bias: tf.Tensor;
  /** [d, m], or null. */
  readonly projection: tf.Tensor2D | null;
  readonly unit: boolean;
}

const EPSILON = 1e-6;

/** (x - mean) / sqrt(variance + 1e-6) over the last axis. */
export function normalised(x: tf.Tensor): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.mul(centred, tf.rsqrt(tf.add(variance, EPSILON)));
}

/** Logits [B, K] of pooled tokens [B, K, d], each finding's own, or [B, 1, d], the same for all; `weight` [K, m], `offset` [K]. */
export function tailLogits(pooled: tf.Tensor3D, tail: Tail, weight: tf.Tensor, offset: tf.Tensor): tf.Tensor2D {
  const [batch, each, d] = pooled.shape;
  const features = tf.add(tf.mul(normalised(pooled), tail.gain), tail.bias);
  const flat = tf.reshape(features, [batch * each, d]);
  const projected = tail.projection ? tf.matMul(flat, tail.projection) : flat;
  // A row of zeros stays one.
  const z = tail.unit ? tf.mul(projected, tf.rsqrt(tf.add(tf.sum(tf.square(projected), 1, true), 1e-30))) : projected;
  const m = z.shape[1] ?? 0;
  return tf.add(tf.sum(tf.mul(tf.reshape(z, [batch, each, m]), weight), 2), offset);
}
