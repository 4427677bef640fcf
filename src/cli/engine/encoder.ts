import type { z } from 'zod';
import type { EncoderCard, EncoderState } from '../../contract/encoder-card';
import { embeddingName, type EmbeddedItem, type EmbedItem, type EncoderService, type Provider } from '../../contract/jobs/encoder';
import { attempt, fail, ok, unwrap, type Result } from '../../contract/result';
import type { ImageFacts } from '../../contract/jobs/imaging';
import type { Client } from '../../contract/wire';
import type { Session } from '../session';
import type { FoundImage } from './folder';
import { withSupervised } from './supervised';

/** Of vectors asked of the store at once, bytes and rows at most; of tokens, 150 kB an image and more, images. */
const FETCH_BYTES = 4 * 1024 * 1024;
const FETCH_ROWS = 4096;
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

/** An image's facts, or why it failed, in words. `redrawn`: the cache had an embedding of another picture, by an earlier display rule. */
export type Embedded =
  | { readonly ok: true; readonly facts: ImageFacts; readonly redrawn: boolean }
  | { readonly ok: false; readonly failure: Extract<EmbeddedItem, { status: 'failed' }>['failure'] };

type Opened = z.infer<EncoderService['methods']['open']['result']>;

type EncoderCall = <M extends keyof EncoderService['methods']>(
  method: M,
  params: z.infer<EncoderService['methods'][M]['params']>,
) => Promise<Result<z.infer<EncoderService['methods'][M]['result']>>>;

export interface OpenEncoder {
  readonly card: EncoderCard;
  readonly folder: string;
  /** Where it runs and with how many images at a time: both may change on the way. */
  readonly state: () => { readonly provider: Provider; readonly reason: string; readonly batch: number };
  /** Any other method of the service; repeated when the process ended on the way. */
  readonly call: EncoderCall;
  /** One entry an image, in their order. `onProgress` hears how many are done; `states` are kept beside the embeddings. */
  embed(images: readonly FoundImage[], onProgress: (done: number) => void, states?: readonly EncoderState[]): Promise<Result<Embedded[]>>;
  /** Embeddings by name, some rows of float32 after the other. Throws FailureErrors. */
  rows(names: readonly string[]): AsyncIterable<Uint8Array>;
  /** Embeddings [names.length, d], row after row. */
  vectors(names: readonly string[]): Promise<Result<Float32Array>>;
  /** Tokens or block inputs by name, a few rows of float16 bits after the other. Throws FailureErrors. */
  states(state: EncoderState, names: readonly string[]): AsyncIterable<Uint8Array>;
}

/** Opens an encoder in a process of its own for `work`, and closes it whatever happens. */
export async function withEncoder<T>(
  session: Session,
  choice: EncoderChoice,
  work: (encoder: OpenEncoder) => Promise<Result<T>>,
): Promise<Result<T>> {
  const { signal, threads } = session;
  const { encoder: folder, provider, cache, temporaryIn } = choice;
  let onItems: (items: EmbeddedItem[]) => void = () => undefined;
  let current: Opened | null = null;
  const prepare = async (client: Client<EncoderService>, batch: number): Promise<Result<void>> => {
    client.on('embedded', ({ items }) => onItems(items));
    client.on('changed', (state) => {
      if (current) current = { ...current, ...state };
      session.note(`The encoder goes on with ${state.provider}, ${String(state.batch)} images at a time: ${state.reason}`);
    });
    client.on('damaged', ({ count }) =>
      session.note(`${String(count)} ${count === 1 ? 'stored row was' : 'stored rows were'} damaged and will be computed again`),
    );
    const opened = await client.call('open', { folder, provider, threads, batch }, { signal });
    if (!opened.ok) return opened;
    current = opened.value;
    return ok();
  };
  return withSupervised({ session, profile: cache, temporaryIn, prepare }, async (supervised) => {
    const call: EncoderCall = (method, params) => supervised.run((client) => client.call(method, params, { signal }));
    const opened = await supervised.run(() => Promise.resolve(current ? ok(current) : fail('internal')));
    if (!opened.ok) return opened;
    const { card, folder } = opened.value;
    const d = card.outputs.embedding;
    const some = Math.min(FETCH_ROWS, Math.max(1, Math.floor(FETCH_BYTES / (4 * d))));
    /** Where the embedding of a name comes from, and what is kept beside it. */
    const sources = new Map<string, EmbedItem>();
    let kept: readonly EncoderState[] = [];
    /** What turns out to be damaged when it is read is computed once more. */
    const whole = async <T>(names: readonly string[], read: () => Promise<Result<T>>): Promise<T> => {
      const found = await read();
      if (found.ok || found.failure.code !== 'embedding-corrupt') return unwrap(found);
      const items = names.flatMap((name) => sources.get(name) ?? []);
      onItems = () => undefined;
      unwrap(await call('embed', { items, states: [...kept] }));
      return unwrap(await read());
    };
    async function* rows(names: readonly string[]) {
      for (let from = 0; from < names.length; from += some) {
        const part = names.slice(from, from + some);
        const chunk = await whole(part, () => call('fetch', { names: part }));
        yield new Uint8Array(chunk.rows.buffer, chunk.rows.byteOffset, chunk.rows.byteLength);
      }
    }
    return work({
      card,
      folder,
      state: () => current ?? opened.value,
      call,
      async embed(images, onProgress, states = []) {
        const results: Embedded[] = [];
        let done = 0;
        onItems = (embedded) => {
          for (const item of embedded)
            results[Number(item.key)] =
              item.status === 'ok' ? { ok: true, facts: item.facts, redrawn: item.redrawn === true } : { ok: false, failure: item.failure };
          done += embedded.length;
          onProgress(done);
        };
        // What was reported is on disk; after the end of the process only the rest is left to do.
        const left = () => itemsOf(images).filter((_, at) => !results[at]);
        const ran = await supervised.run(
          (client) => client.call('embed', { items: left(), states: [...states] }, { signal }),
          () => done,
        );
        if (!ran.ok) return ran;
        kept = states;
        itemsOf(images).forEach((item, at) => {
          const result = results[at];
          if (result?.ok === true) sources.set(embeddingName(result.facts.sha256, item.source.frame), item);
        });
        return left().length === 0 ? ok(results) : fail('internal', { reason: 'the encoder left images out' });
      },
      rows,
      vectors: (names) =>
        attempt(async () => {
          const all = new Float32Array(names.length * d);
          let at = 0;
          for await (const part of rows(names)) {
            new Uint8Array(all.buffer).set(part, at);
            at += part.length;
          }
          return all;
        }),
      async *states(state, names) {
        for (let from = 0; from < names.length; from += FETCH_STATES) {
          const part = names.slice(from, from + FETCH_STATES);
          const { bits } = await whole(part, () => call('fetchStates', { state, names: part }));
          yield new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength);
        }
      },
    });
  });
}

/** Images as the encoder process takes them; their place is their key. */
export const itemsOf = (images: readonly FoundImage[]): EmbedItem[] =>
  images.map(({ file, frame }, at) => ({ key: String(at), source: { file, frame } }));

/** The name under which an image's embedding is kept. */
export const nameOf = ({ frame }: FoundImage, facts: ImageFacts): string => embeddingName(facts.sha256, frame);
