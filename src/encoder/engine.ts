import { join } from 'node:path';
import type { EncoderCard } from '../contract/encoder-card';
import type { Provider } from '../contract/jobs/encoder';
import type { Tile } from '../contract/jobs/imaging';
import { fail, ok, type Result } from '../contract/result';
import { BATCH, storedAs } from './card';
import { openEncoderFolder, type EncoderFolder } from './folder';
import { inputLength, normaliseInto } from './normalise';
import { ensureBuiltin } from './scattering/builtin';
import { chooseSession } from './providers';
import { tryProvider, type Session, type Values } from './session';
import { EmbeddingStore } from './store/store';

/** An encoder that is open: its model in a session and its store. */
export class Engine {
  readonly source: EncoderFolder;
  private current: Session;
  private readonly threads: number;
  readonly store: EmbeddingStore;
  private readonly batch: Float32Array;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(source: EncoderFolder, session: Session, threads: number, store: EmbeddingStore) {
    this.source = source;
    this.current = session;
    this.threads = threads;
    this.store = store;
    this.batch = new Float32Array(BATCH * inputLength(source.card));
  }

  /** `folder: 'builtin'` makes the built-in encoder below `profile`/encoders where it is not there yet. */
  static async open(profile: string, folder: string, provider: Provider, threads: number): Promise<Result<Engine>> {
    const source = folder === 'builtin' ? await ensureBuiltin(join(profile, 'encoders')) : await openEncoderFolder(folder);
    if (!source.ok) return source;
    const { card, model } = source.value;
    const session = await chooseSession({ model, card, provider, threads, memory: join(profile, 'providers.json') });
    if (!session.ok) return session;
    const format = { encoder: card.id, d: card.outputs.embedding, type: storedAs(card) };
    const store = await EmbeddingStore.open(join(profile, 'embeddings', card.id), format);
    if (!store.ok) {
      await session.value.close();
      return store;
    }
    return ok(new Engine(source.value, session.value, threads, store.value));
  }

  get card(): EncoderCard {
    return this.source.card;
  }

  get session(): Session {
    return this.current;
  }

  /** The embedding of each tile, at most BATCH of them. The batch is filled up with zeros, so a row's bits hang on its tile alone. */
  encode(tiles: readonly Tile[]): Promise<Result<Float32Array[]>> {
    if (tiles.length > BATCH) throw new Error(`${String(tiles.length)} tiles in one batch`);
    // One after the other: there is one batch buffer, and embedding and an export's check may meet here.
    const run = this.turn.then(() => this.encodeBatch(tiles));
    this.turn = run.catch(() => undefined);
    return run;
  }

  private async encodeBatch(tiles: readonly Tile[]): Promise<Result<Float32Array[]>> {
    const { card } = this;
    const length = inputLength(card);
    this.batch.fill(0);
    for (const [i, tile] of tiles.entries()) {
      const written = normaliseInto(this.batch, i * length, tile, card);
      if (!written.ok) return written;
    }
    const shape = [BATCH, card.input.channels, card.input.size, card.input.size];
    const outputs = await this.run({ shape, data: this.batch });
    if (!outputs.ok) return outputs;
    const d = card.outputs.embedding;
    const values = outputs.value.embedding?.data;
    if (values?.length !== BATCH * d) return fail('encoder-corrupt', { folder: this.source.folder, reason: 'its output has another size' });
    const rows = tiles.map((_, i) => values.slice(i * d, (i + 1) * d));
    if (!rows.every((row) => row.every(Number.isFinite)))
      return fail('encoder-run-failed', { reason: 'it gave values that are not numbers' });
    return ok(rows);
  }

  /** A provider that breaks off (a driver that was reset, memory that ran out) is given up for the processor: the class stays. */
  private async run(pixels: Values): Promise<Result<Record<string, Values>>> {
    const outputs = await this.current.run({ pixels });
    if (outputs.ok || this.current.provider === 'cpu') return outputs;
    const { provider } = this.current;
    const cpu = await tryProvider(
      this.source.model,
      'cpu',
      this.threads,
      `${provider} broke off: ${String(outputs.failure.params['reason'])}`,
    );
    if (!cpu.ok) return outputs;
    await this.current.close();
    this.current = cpu.value;
    return this.current.run({ pixels });
  }

  async close(): Promise<Result<void>> {
    const stored = await this.store.close();
    await this.current.close();
    return stored;
  }
}
