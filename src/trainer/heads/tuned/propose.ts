import type { Head } from '../../../contract/head';
import { pause } from '../../pause';
import { score } from '../../tensors/tuning';
import { takeRows, type Matrix } from '../../matrix';
import { proposeBeside, tensorOf, transformOf } from '../formula';
import { attentiveFormula, type Formula } from './attentive';
import { BLOCK_BATCH, blockFormula } from './block';
import { BATCH, inBatches, statesOf, type StateSource } from './states';

/**
 * Probabilities [n, K] of rows of states: everything a fine-tuned head says, from its file alone. `embeddings` [N, d] are those of all rows; only a
 * ready head beside it reads them. Needs a started tensor backend.
 */
export async function proposeStates(
  head: Head,
  source: StateSource,
  embeddings: Matrix,
  rows: readonly number[],
  onProgress?: (done: number) => void,
  signal?: AbortSignal,
): Promise<Float32Array<ArrayBuffer>> {
  const logits = await logitsOfStates(head, source, rows, onProgress, signal);
  return proposeBeside(head, logits, takeRows(embeddings, Int32Array.from(rows)));
}

/** Its logits [n, K], before calibration. */
export function logitsOfStates(
  head: Head,
  source: StateSource,
  rows: readonly number[],
  onProgress: (done: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { formula, values, batch } = formulaOf(head);
  let done = 0;
  const batches = inBatches(rows, batch).map((part) => async () => {
    const states = await statesOf(source, part);
    done += part.length;
    onProgress(Math.min(done, rows.length));
    return { states };
  });
  return score(formula, values, batches, () => pause(signal));
}

function formulaOf(head: Head): { formula: Formula; values: Head['tensors']; batch: number } {
  if (head.file.kind === 'block') return { formula: blockFormula(head.file.unit === true), values: head.tensors, batch: BLOCK_BATCH };
  const norm = { gain: tensorOf(head, 'norm.gain').data, bias: tensorOf(head, 'norm.bias').data };
  const values = { weight: tensorOf(head, 'weight'), bias: tensorOf(head, 'bias') };
  return {
    formula: attentiveFormula(transformOf(head), norm),
    values: { ...values, 'attention.query': tensorOf(head, 'attention.query') },
    batch: BATCH,
  };
}
