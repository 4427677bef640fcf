import type { Tensor } from '../../../contract/head';
import type { Transform } from '../../basis';
import { attentionPool } from '../../tensors/attention';
import { tailLogits } from '../../tensors/tail';
import { named, type Tensors, type Trainable, type Values } from '../../tensors/tuning';
import type { Linear } from '../design';
import type { TokenFacts } from './states';

/** The encoder's last LayerNorm. */
export type Norm = Pick<TokenFacts, 'gain' | 'bias'>;
export type Formula = Pick<Trainable, 'constants' | 'logits'>;

/**
 * The attentive probe: every finding has a query of its own, pools the patch tokens by it, and what is pooled takes the place of the mean in
 * the linear head (attention pooling as in CoCa and in V-JEPA's probes, without value and key projections, which 200 labels cannot
 * teach). With queries of zero it is the linear head, which is where training starts: it can only leave it where the folds say so.
 */
export function attentive(linear: Linear, transform: Transform, facts: TokenFacts): Trainable {
  const k = linear.bias.length;
  const d = facts.gain.length;
  return {
    ...attentiveFormula(transform, facts),
    parameters: {
      'attention.query': {
        start: { shape: [k, d], data: new Float32Array(k * d) },
        // A step moves the score by as much in every feature, however large the encoder makes it.
        unit: facts.spread.map((value) => 1 / (value * Math.sqrt(d))),
      },
      ...linearParameters(linear),
    },
  };
}

/** Its formula (contract/head), over parameters `attention.query`, `weight` and `bias`. */
export const attentiveFormula = (transform: Transform, norm: Norm): Formula => ({
  constants: tailConstants(transform, norm),
  logits: (tokens, parameters, constants) =>
    tailLogits(
      attentionPool(tokens, named(parameters, 'attention.query')),
      tailOf(constants, transform),
      named(parameters, 'weight'),
      named(parameters, 'bias'),
    ),
});

/** Weights move by their own typical size. */
export function linearParameters(linear: Linear): Trainable['parameters'] {
  const k = linear.bias.length;
  const weight = Float32Array.from(linear.weight);
  return {
    weight: { start: { shape: [k, weight.length / k], data: weight }, unit: Float32Array.of(Math.max(1e-6, rootMeanSquare(weight))) },
    bias: { start: { shape: [k], data: Float32Array.from(linear.bias) }, unit: Float32Array.of(1) },
  };
}

export const rootMeanSquare = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

/** The last LayerNorm and the head's scaling as one, and its projection. */
export function tailConstants({ mean, scale, projection }: Transform, { gain, bias }: Norm): Values {
  const d = gain.length;
  const constants: Record<string, Tensor> = {
    'tail.gain': { shape: [d], data: gain.map((value, c) => value / scale[c]) },
    'tail.bias': { shape: [d], data: bias.map((value, c) => (value - mean[c]) / scale[c]) },
  };
  if (projection) constants['projection'] = { shape: [projection.rows, projection.columns], data: projection.data };
  return constants;
}

const tailOf = (constants: Tensors, { projection, unit }: Pick<Transform, 'projection' | 'unit'>) => ({
  gain: named(constants, 'tail.gain'),
  bias: named(constants, 'tail.bias'),
  projection: projection ? (named(constants, 'projection') as Parameters<typeof tailLogits>[1]['projection']) : null,
  unit,
});
