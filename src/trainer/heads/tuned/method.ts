import type { LastBlock, Tensor } from '../../../contract/head';
import type { Transform } from '../../basis';
import type { Matrix } from '../../matrix';
import type { Optimiser, Trainable, Values } from '../../tensors/tuning';
import type { Linear } from '../design';
import { attentive } from './attentive';
import { BLOCK_BATCH, blockHead, checkBlockInputs, isTable } from './block';
import { BATCH, tokenFacts, type StateSource } from './states';

/** What is fine-tuned; `block` is the encoder's own, from which training starts. */
export type TunedPart = { readonly kind: 'attentive' } | { readonly kind: 'block'; readonly block: LastBlock };

/** How a kind of head is fine-tuned. */
export interface Method {
  /** The model that starts as this linear head. */
  readonly begin: (linear: Linear) => Trainable;
  /** The head's tensors beyond the linear ones, after training. */
  readonly tensors: (trained: Values) => Values;
  readonly optimiser: Optimiser;
  /** At most so many passes over the labels, and so many in a row without a lower loss. */
  readonly passes: number;
  readonly patience: number;
  /** Images at once. */
  readonly batch: number;
}

/** Throws FailureErrors: embedding-foreign where the states of these `rows` are not those of the embeddings [N, d]; stopped. */
export async function methodOf(
  part: TunedPart,
  source: StateSource,
  embeddings: Matrix,
  rows: readonly number[],
  transform: Transform,
  signal?: AbortSignal,
): Promise<Method> {
  if (part.kind === 'attentive') {
    const facts = await tokenFacts(source, embeddings, rows, signal);
    return {
      begin: (linear) => attentive(linear, transform, facts),
      tensors: (trained) => ({ ...trained, 'norm.gain': vector(facts.gain), 'norm.bias': vector(facts.bias) }),
      optimiser: { rate: 0.03, decay: 1e-4 },
      passes: 40,
      patience: 6,
      batch: BATCH,
    };
  }
  const { block } = part;
  await checkBlockInputs(source, embeddings, block, rows, signal);
  const tables = Object.fromEntries(Object.entries(block).filter(([name]) => isTable(name)));
  return {
    begin: (linear) => blockHead(linear, transform, block),
    tensors: (trained) => ({ ...trained, ...tables }),
    // A pass over a block costs hundreds of times one over an attentive probe; the README of the trainer says what other steps did.
    optimiser: { rate: 0.002, decay: 0, decoupled: 0.05 },
    passes: 12,
    patience: 3,
    batch: BLOCK_BATCH,
  };
}

const vector = (data: Float32Array): Tensor => ({ shape: [data.length], data });
