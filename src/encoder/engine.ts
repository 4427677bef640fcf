import { join } from 'node:path';
import { DISPLAY_RULE } from '../contract/display-rule';
import type { EncoderCard, EncoderState } from '../contract/encoder-card';
import type { Provider } from '../contract/jobs/encoder';
import type { Tile } from '../contract/jobs/imaging';
import { fail, ok, type Failure, type Result } from '../contract/result';
import { storedAs } from './card';
import { openEncoderFolder, type EncoderFolder } from './folder';
import { inputLength, normaliseInto } from './normalise';
import { ensureBuiltin } from './scattering/builtin';
import { chooseSession } from './providers';
import type { Session } from './session';
import { SteadySession } from './steady-session';
import { FactsLog } from './store/facts';
import { takeOverEarlier } from './store/earlier';
import type { Made } from './store/segment';
import { EmbeddingStore, type Damage } from './store/store';

/** What an encoder makes of one image, and how it did. */
export type Encoded = { readonly embedding: Float32Array; readonly made: Made } & { readonly [state in EncoderState]?: Float32Array };

/** The outputs of the model. */
const outputNames = { embedding: 'embedding', tokens: 'tokens', blockInput: 'block_input' } as const;
/** Folders of the profile in which states are kept. */
const stateFolders: Record<EncoderState, string> = { tokens: 'tokens', blockInput: 'block-inputs' };

export interface EngineOptions {
  readonly profile: string;
  /** 'builtin': the built-in encoder, made below `profile`/encoders where it is not there yet. */
  readonly folder: string;
  readonly provider: Provider;
  /** 0: as many as suit. */
  readonly threads: number;
  /** Images that go through the model at once. */
  readonly batch: number;
  /** Rows of a store were found damaged (null: embeddings). */
  readonly onDamage?: (state: EncoderState | null, damage: Damage) => void;
}

/** An encoder that is open: its model in a session and its stores. */
export class Engine {
  readonly source: EncoderFolder;
  readonly store: EmbeddingStore;
  readonly facts: FactsLog;
  private readonly profile: string;
  private readonly onDamage: NonNullable<EngineOptions['onDamage']>;
  private readonly threads: number;
  private readonly main: SteadySession;
  private used: SteadySession;
  /** Of the model that gives states as well: opened when first needed. */
  private withStates: SteadySession | null = null;
  private readonly states = new Map<EncoderState, EmbeddingStore>();
  private size: number;
  private pixels: Float32Array;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    { profile, threads, batch, onDamage = () => undefined }: EngineOptions,
    source: EncoderFolder,
    session: SteadySession,
    store: EmbeddingStore,
    facts: FactsLog,
  ) {
    this.profile = profile;
    this.onDamage = onDamage;
    this.source = source;
    this.main = session;
    this.used = session;
    this.threads = threads;
    this.store = store;
    this.facts = facts;
    this.size = batch;
    this.pixels = new Float32Array(batch * inputLength(source.card));
  }

  static async open(options: EngineOptions): Promise<Result<Engine>> {
    const { profile, folder, provider, threads } = options;
    const source = folder === 'builtin' ? await ensureBuiltin(join(profile, 'encoders')) : await openEncoderFolder(folder);
    if (!source.ok) return source;
    const { card, model } = source.value;
    const session = await chooseSession({ model, card, provider, threads, memory: join(profile, 'providers.json') });
    if (!session.ok) return session;
    const taken = await takeOverEarlier(profile, card.id);
    if (!taken.ok) {
      await session.value.close();
      return taken;
    }
    const format = { encoder: card.id, d: card.outputs.embedding, type: storedAs(card) };
    const place = join(profile, 'embeddings', card.id);
    const store = await EmbeddingStore.open(place, format, (damage) => options.onDamage?.(null, damage));
    if (!store.ok) {
      await session.value.close();
      return store;
    }
    return ok(new Engine(options, source.value, new SteadySession(session.value, model, threads), store.value, await FactsLog.open(place)));
  }

  get card(): EncoderCard {
    return this.source.card;
  }

  /** The session that ran last. */
  get session(): Session {
    return this.used;
  }

  /** Where this encoder's tokens or block inputs are kept, one row of float16 an image. Fails: wrong-use where it has none. */
  async stateStore(state: EncoderState): Promise<Result<EmbeddingStore>> {
    const known = this.states.get(state);
    if (known) return ok(known);
    const { id, name, outputs } = this.card;
    const [rows = 0, width = 0] = outputs[state] ?? [];
    if (!this.source.tokensModel || rows === 0) return fail('wrong-use', { reason: `${name} gives no ${outputNames[state]}` });
    const format = { encoder: id, d: rows * width, type: 'float16' } as const;
    const place = join(this.profile, stateFolders[state], id);
    const store = await EmbeddingStore.open(place, format, (damage) => this.onDamage(state, damage));
    if (store.ok) this.states.set(state, store.value);
    return store;
  }

  /** Images that go through the model at once: as it was opened, or fewer where the memory did not suffice. */
  get batch(): number {
    return this.size;
  }

  /**
   * What the encoder makes of each tile: its embedding and the `wanted` states. Batches are filled up with zeros, so a row's bits hang on its
   * tile and the size of the batch alone.
   */
  encode(tiles: readonly Tile[], wanted: readonly EncoderState[] = []): Promise<Result<Encoded[]>> {
    // One after the other: there is one batch buffer, and embedding and an export's check may meet here.
    const run = this.turn.then(() => this.encodeAll(tiles, wanted));
    this.turn = run.catch(() => undefined);
    return run;
  }

  private async encodeAll(tiles: readonly Tile[], wanted: readonly EncoderState[]): Promise<Result<Encoded[]>> {
    const all: Encoded[] = [];
    while (all.length < tiles.length) {
      const encoded = await this.encodeBatch(tiles.slice(all.length, all.length + this.size), wanted);
      if (encoded.ok) all.push(...encoded.value);
      else if (this.size > 1 && isOutOfMemory(encoded.failure)) this.shrink();
      else return encoded;
    }
    return ok(all);
  }

  private shrink(): void {
    this.size = Math.floor(this.size / 2);
    this.pixels = new Float32Array(this.size * inputLength(this.card));
  }

  private async encodeBatch(tiles: readonly Tile[], wanted: readonly EncoderState[]): Promise<Result<Encoded[]>> {
    const { card, pixels, size: batch } = this;
    const length = inputLength(card);
    pixels.fill(0);
    for (const [i, tile] of tiles.entries()) {
      const written = normaliseInto(pixels, i * length, tile, card);
      if (!written.ok) return written;
    }
    const session = await this.sessionFor(wanted);
    if (!session.ok) return session;
    this.used = session.value;
    const shape = [batch, card.input.channels, card.input.size, card.input.size];
    const kinds = ['embedding', ...wanted] as const;
    const outputs = await session.value.run(
      { pixels: { shape, data: pixels } },
      kinds.map((kind) => outputNames[kind]),
    );
    if (!outputs.ok) return outputs;
    const made = { batch, provider: session.value.provider, display: DISPLAY_RULE };
    const encoded: Encoded[] = [];
    for (let i = 0; i < tiles.length; i++) {
      const parts: Partial<Record<(typeof kinds)[number], Float32Array>> = {};
      for (const kind of kinds) {
        const [rows, width] = kind === 'embedding' ? [1, card.outputs.embedding] : (card.outputs[kind] ?? [0, 0]);
        const d = rows * width;
        const values = outputs.value[outputNames[kind]]?.data;
        if (values?.length !== batch * d)
          return fail('encoder-corrupt', { folder: this.source.folder, reason: 'its output has another size' });
        parts[kind] = values.slice(i * d, (i + 1) * d);
        if (!parts[kind].every(Number.isFinite)) return fail('encoder-run-failed', { reason: 'it gave values that are not numbers' });
      }
      encoded.push({ embedding: new Float32Array(), ...parts, made });
    }
    return ok(encoded);
  }

  private async sessionFor(wanted: readonly EncoderState[]): Promise<Result<SteadySession>> {
    if (wanted.length === 0) return ok(this.main);
    if (this.withStates) return ok(this.withStates);
    const { tokensModel } = this.source;
    if (tokensModel === null) return fail('wrong-use', { reason: `${this.card.name} gives an embedding alone` });
    const session = await SteadySession.beside(this.main, tokensModel, this.threads);
    if (session.ok) this.withStates = session.value;
    return session;
  }

  async close(): Promise<Result<void>> {
    const closed: Result<void>[] = [];
    for (const store of [this.store, ...this.states.values()]) closed.push(await store.close());
    await this.main.close();
    await this.withStates?.close();
    return closed.find(({ ok: fine }) => !fine) ?? ok();
  }
}

/** What onnxruntime says when an allocation fails; the process itself does not end then. */
const isOutOfMemory = ({ code, params }: Failure): boolean =>
  code === 'encoder-run-failed' && /alloc|memory/i.test(String(params['reason']));
