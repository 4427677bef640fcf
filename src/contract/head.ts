import { z } from 'zod';
import { Task } from './model';

/** A head that reads more of the encoder than its embedding. */
export const TunedKind = z.enum(['attentive', 'block']);
export type TunedKind = z.infer<typeof TunedKind>;

/** head.json. Its tensors lie beside it in head.safetensors. */
export const HeadFile = z.object({
  format: z.literal('collimate-head'),
  version: z.literal(1),
  /** SHA-256 (first 16 hex digits) over this file without `id` and `created`, and the tensors (head-identity). */
  id: z.string(),
  kind: z.enum(['gda', 'logistic', ...TunedKind.options]),
  task: Task,
  /** Finding names in column order. */
  findings: z.array(z.string()).min(1),
  encoder: z.object({ id: z.string(), name: z.string(), d: z.int().positive() }),
  /**
   * x' = (x - mean) / scale per feature (tensors `scaling.mean`, `scaling.scale` [d]); then, where `projection` is not null,
   * z = x' P with tensor `projection` [d, components]; then, where `unit` is true, z / |z| (0 stays 0); logits = z W + b (tensors `weight` [K, m], `bias` [K]);
   * multilabel: p = sigmoid(a_k logit_k + c_k); multiclass: p = softmax over k of (a_k logit_k + c_k)
   * (tensors `calibration.slope` a, `calibration.offset` c, [K]; the class prior is inside c).
   *
   * Kind attentive: the head reads patch tokens t_i [T, d] (the encoder's output `tokens`, rounded to half precision), and x is another one for each
   * finding: x_k = LayerNorm(sum over i of softmax over i of (q_k . t_i) t_i) with the tensors `attention.query` q [K, d], `norm.gain`, `norm.bias` [d]
   * (epsilon 1e-6); all else as above, logit_k being z_k . W_k + b_k.
   *
   * Kind block: the head reads what goes into the encoder's last block, s [T, d], class token first (its output `block_input`, rounded to half
   * precision), and holds that block, fine-tuned: s' = s + Attention(LayerNorm1(s)), s'' = s' + SwiGLU(LayerNorm2(s')),
   * x = LayerNorm(mean of s'' without its first row); all else as above. Its tensors (LastBlock below): y = n W + b with `block.<layer>` [in, out] and
   * `block.<layer>.bias` for the layers q, k, v, proj, gate, up, down, where k and v may lack a bias; gains and biases of the LayerNorms (epsilon 1e-6)
   * `block.norm1`, `block.norm2`, `block.inner` and `norm` (`.gain`, `.bias`); the rotary tables `block.rope.cos`, `block.rope.sin` [T, 32], by which
   * the interleaved pairs of q and k turn in every attention head of width 64; scores are divided by 8.
   * SwiGLU(n) = down(inner(silu(gate(n)) * up(n))), without `inner` where there are no such tensors.
   */
  projection: z.object({ components: z.int().positive() }).nullable(),
  unit: z.boolean().optional(),
  /**
   * Of a project whose encoder's file brought a head of its own (`head`: its id): findings for which that one speaks. Their logit is
   * x W' + b' of the embedding as it is, also where this head reads something else (tensors `ready.weight` [K, d], `ready.bias` [K], zero for the
   * others), in place of z W + b; calibrated like the others.
   */
  ready: z.object({ head: z.string(), findings: z.array(z.boolean()) }).optional(),
  /** perFinding: how each one is calibrated; `none` is as it came, `unknown` is a finding that no head knows (p is one half). */
  calibration: z.object({ method: z.enum(['platt', 'temperature', 'none']), perFinding: z.array(z.string()) }),
  prior: z.object({ source: z.enum(['audit', 'labels']), values: z.array(z.number()), n: z.int() }),
  /** Of the logistic head: the inverse regularisation chosen for each finding. */
  regularisation: z.array(z.number()).nullable(),
  seed: z.int(),
  labels: z.object({ hash: z.string(), count: z.int(), perFinding: z.array(z.object({ present: z.int(), absent: z.int() })) }),
  created: z.string(),
});
export type HeadFile = z.infer<typeof HeadFile>;

export const HeadTensor = z.object({
  shape: z.array(z.int()).readonly(),
  data: z.custom<Float32Array>((value) => value instanceof Float32Array),
});
export type Tensor = Readonly<z.infer<typeof HeadTensor>>;

/** The encoder's last block and last LayerNorm: the tensors `block.*` and `norm.*` of a head of kind block. */
export type LastBlock = Readonly<Record<string, Tensor>>;

/** A fitted head: its description and its numbers. */
export interface Head {
  readonly file: HeadFile;
  readonly tensors: Readonly<Record<string, Tensor>>;
}
