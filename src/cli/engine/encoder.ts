import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncoderCard, EncoderState } from '../../contract/encoder-card';
import { embeddingName, type EmbeddedItem, type EncoderService, type Provider } from '../../contract/jobs/encoder';
import { fail, ok, unwrap, type Result } from '../../contract/result';
import type { Handlers } from '../../contract/wire';
import { createEncoder } from '../../encoder/service';
import type { ImageFacts } from '../../contract/jobs/imaging';
import type { Session } from '../session';
import type { FoundImage } from './folder';
import { startImaging } from './imaging';

/** Vectors asked of the store at once; of tokens, 150 kB an image and more, fewer. */
const FETCH = 2048;
const FETCH_STATES = 32;

export interface EncoderChoice {
  /** An encoder folder, or "builtin". */
  readonly encoder: string;
  readonly provider: Provider;
  /** Keeps the built-in encoder and embeddings from one run to the next; null: a temporary folder. */
  readonly cache: string | null;
  /** Where the temporary folder is made: tokens want more room than the system's own place for such folders may have. */
  readonly temporaryIn?: string;
}

/** An image's facts, or why it failed, in words. */
export type Embedded =
  | { readonly ok: true; readonly facts: ImageFacts }
  | { readonly ok: false; readonly failure: Extract<EmbeddedItem, { status: 'failed' }>['failure'] };

export interface OpenEncoder {
  readonly card: EncoderCard;
  readonly folder: string;
  readonly provider: Provider;
  readonly reason: string;
  readonly handlers: Handlers<EncoderService>;
  /** One entry an image, in their order. `onProgress` hears how many are done; `states` are kept beside the embeddings. */
  embed(images: readonly FoundImage[], onProgress: (done: number) => void, states?: readonly EncoderState[]): Promise<Result<Embedded[]>>;
  /** Embeddings [names.length, d], row after row. */
  vectors(names: readonly string[]): Promise<Result<Float32Array>>;
  /** Tokens or block inputs by name, a few rows of float16 bits after the other. Throws FailureErrors. */
  states(state: EncoderState, names: readonly string[]): AsyncIterable<Uint8Array>;
}

/** Opens imaging and an encoder for `work`, and closes both whatever happens. */
export async function withEncoder<T>(
  session: Session,
  choice: EncoderChoice,
  work: (encoder: OpenEncoder) => Promise<Result<T>>,
): Promise<Result<T>> {
  const imaging = startImaging(session.threads);
  if (!imaging.ok) return imaging;
  const temporary = choice.cache === null ? await mkdtemp(join(choice.temporaryIn ?? tmpdir(), 'collimate-')) : null;
  const profile = choice.cache ?? temporary ?? '';
  let onItems: (items: EmbeddedItem[]) => void = () => undefined;
  const encoder = createEncoder({ profile, imaging: imaging.value }, (event, payload) => {
    if (event === 'embedded' && 'items' in payload) onItems(payload.items);
  });
  const { handlers } = encoder;
  const context = { signal: session.signal };
  try {
    const opened = await handlers.open({ folder: choice.encoder, provider: choice.provider, threads: session.threads }, context);
    if (!opened.ok) return opened;
    const d = opened.value.card.outputs.embedding;
    return await work({
      ...opened.value,
      handlers,
      async embed(images, onProgress, states = []) {
        const results: Embedded[] = [];
        const items = images.map(({ file, frame }, at) => ({ key: String(at), source: { file, frame } }));
        let done = 0;
        onItems = (embedded) => {
          for (const item of embedded)
            results[Number(item.key)] = item.status === 'ok' ? { ok: true, facts: item.facts } : { ok: false, failure: item.failure };
          done += embedded.length;
          onProgress(done);
        };
        const ran = await handlers.embed({ items, states: [...states] }, context);
        if (!ran.ok) return ran;
        return results.length === images.length ? ok(results) : fail('internal', { reason: 'the encoder left images out' });
      },
      async vectors(names) {
        const all = new Float32Array(names.length * d);
        for (let from = 0; from < names.length; from += FETCH) {
          const chunk = await handlers.fetch({ names: names.slice(from, from + FETCH) }, context);
          if (!chunk.ok) return chunk;
          all.set(chunk.value.rows, from * d);
        }
        return ok(all);
      },
      async *states(state, names) {
        for (let from = 0; from < names.length; from += FETCH_STATES) {
          const { bits } = unwrap(await handlers.fetchStates({ state, names: names.slice(from, from + FETCH_STATES) }, context));
          yield new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength);
        }
      },
    });
  } finally {
    await encoder.close();
    await imaging.value.close();
    if (temporary !== null) await rm(temporary, { recursive: true, force: true });
  }
}

/** The name under which an image's embedding is kept. */
export const nameOf = ({ frame }: FoundImage, facts: ImageFacts): string => embeddingName(facts.sha256, frame);
