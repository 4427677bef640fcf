import type { LastBlock, Tensor } from '../../../contract/head';
import { fail, FailureError } from '../../../contract/result';
import type { Transform } from '../../basis';
import type { Matrix } from '../../matrix';
import { pause } from '../../pause';
import { blockEmbedding, blockLogits } from '../../tensors/block';
import { score, type Parameter, type Trainable } from '../../tensors/tuning';
import type { Linear } from '../design';
import { linearParameters, rootMeanSquare, type Formula } from './attentive';
import { BELONG, inBatches, statesOf, type StateSource } from './states';

/**
 * How far a step moves a layer, in shares of its typical weight and of the head's step: the further from the output the less, since what the
 * encoder learnt from half a million images is to be bent, not replaced.
 */
const RATES: readonly (readonly [start: string, rate: number])[] = [
  ['norm.', 0.5],
  ['block.down', 0.5],
  ['block.', 0.25],
];
/** Weights of zero have to be able to move as well. */
const LEAST_UNIT = 1e-3;

/** Images that go through a backend at once: a block keeps some forty values for each of its inputs until the gradient is known. */
export const BLOCK_BATCH = 8;

/**
 * The encoder's last block, last LayerNorm and the linear head behind them as one function that can be trained. It starts as what it was: the
 * linear head on the encoder's embedding.
 */
export function blockHead(linear: Linear, { mean, scale, projection, unit }: Transform, block: LastBlock): Trainable {
  const constants: Record<string, Tensor> = {
    'scaling.mean': { shape: [mean.length], data: mean },
    'scaling.scale': { shape: [scale.length], data: scale },
  };
  if (projection) constants['projection'] = { shape: [projection.rows, projection.columns], data: projection.data };
  const parameters: Record<string, Parameter> = { ...linearParameters(linear) };
  for (const [name, start] of Object.entries(block)) {
    if (isTable(name)) constants[name] = start;
    else parameters[name] = { start, unit: Float32Array.of(rateOf(name) * Math.max(LEAST_UNIT, rootMeanSquare(start.data))) };
  }
  return { ...blockFormula(unit), constants, parameters };
}

/** Its formula (contract/head), over all tensors of such a head. */
export const blockFormula = (unit: boolean): Formula => ({
  constants: {},
  logits: (states, parameters, constants) => blockLogits(states, { ...constants, ...parameters }, { unit }),
});

/** The rotary tables, which are not learnt. */
export const isTable = (name: string): boolean => name.startsWith('block.rope.');

const rateOf = (name: string) => RATES.find(([start]) => name.startsWith(start))?.[1] ?? 1;

/** As many images as show whether block inputs belong to the embeddings. */
const CHECKED = 32;

/** Fails with embedding-foreign where `block` does not make the embeddings [N, d] of these rows out of their block inputs. */
export async function checkBlockInputs(
  source: StateSource,
  embeddings: Matrix,
  block: LastBlock,
  labelled: readonly number[],
  signal?: AbortSignal,
): Promise<void> {
  const d = embeddings.columns;
  if (source.shape[1] !== d) throw foreign(`block inputs of width ${String(source.shape[1])}`, String(d));
  const rows = labelled.slice(0, CHECKED);
  const batches = inBatches(rows, BLOCK_BATCH).map((part) => async () => ({ states: await statesOf(source, part) }));
  const formula: Formula = { constants: {}, logits: (states, weights) => blockEmbedding(states, weights) };
  const made = await score(formula, block, batches, () => pause(signal));
  let wrong = 0;
  let total = 0;
  for (let c = 0; c < d; c++) {
    const found = rows.map((row) => embeddings.data[row * d + c]);
    const mean = found.reduce((sum, value) => sum + value, 0) / rows.length;
    found.forEach((value, i) => {
      wrong += (value - made[i * d + c]) ** 2;
      total += (value - mean) ** 2;
    });
  }
  if (!(wrong <= BELONG ** 2 * total)) throw foreign('the block inputs', 'those that were written with these embeddings');
}

const foreign = (found: string, expected: string) => new FailureError(fail('embedding-foreign', { found, expected }).failure);
