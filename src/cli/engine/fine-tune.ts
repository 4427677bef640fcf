import { encoderLabel, isSameEncoder } from '../../contract/encoder-identity';
import { fail, ok, type Result } from '../../contract/result';
import { readLastBlock } from '../../encoder/eva-x/last-block';
import type { Learnt, Prepared } from '../../trainer/engine';
import { stateOfKind } from '../../contract/tuned';
import type { TunedPart } from '../../trainer/heads/tuned/method';
import type { StateSource } from '../../trainer/heads/tuned/states';
import { tune, type Tuned } from '../../trainer/tune';
import type { Session } from '../session';
import type { Embeddings } from '../tables/embeddings';
import { withStates } from '../tables/states';
import { ofPool, type Pool } from './pool';

/** What `fit` is given to fine-tune a head with. */
export interface TuneFiles {
  readonly head: string;
  readonly tokens?: string;
  readonly blockInput?: string;
  readonly encoder?: string;
}

/** Fails with wrong-use where the options do not go together. */
export function checkTuneFiles({ head, tokens, blockInput, encoder }: TuneFiles): Result<void> {
  const wrong = (reason: string) => fail('wrong-use', { reason });
  if (head === 'attentive' && tokens === undefined) return wrong('--head attentive needs --tokens');
  if (head === 'block' && blockInput === undefined) return wrong('--head block needs --block-input');
  if (tokens !== undefined && blockInput !== undefined) return wrong('only one of --tokens and --block-input can be used at a time');
  if ((blockInput === undefined) !== (encoder === undefined))
    return wrong('--block-input and --encoder go together: training starts from the last block of that encoder');
  return ok();
}

/** The head fine-tuned on the array that is named, of the kind that reads it; null where none is. */
export async function fineTune(
  session: Session,
  files: TuneFiles,
  prepared: Prepared,
  learnt: Learnt,
  pool: Pool,
  embeddings: Embeddings,
): Promise<Result<Tuned | null>> {
  const array = files.tokens ?? files.blockInput;
  if (array === undefined) return ok(null);
  const part = files.encoder === undefined ? ok({ kind: 'attentive' } as const) : await blockOf(files.encoder, embeddings);
  if (!part.ok) return part;
  const { signal } = session;
  const work = async (source: StateSource) => {
    const bar = session.progress('Fine-tuning');
    const tuned = await tune(prepared, learnt, pool.vectors, {
      part: part.value,
      source: ofPool(source, pool),
      created: '',
      onProgress: (done, total) => bar.at(done, total),
      signal,
    });
    bar.end();
    return tuned;
  };
  return withStates(array, stateOfKind[part.value.kind], embeddings, work, signal);
}

async function blockOf(folder: string, { card }: Embeddings): Promise<Result<TunedPart>> {
  const read = await readLastBlock(folder);
  if (!read.ok) return read;
  const { block, ...encoder } = read.value;
  if (!isSameEncoder(encoder.id, card.encoder.id))
    return fail('embedding-foreign', { found: encoderLabel(card.encoder), expected: encoderLabel(encoder) });
  return ok({ kind: 'block', block });
}
