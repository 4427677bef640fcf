import { setMaxListeners } from 'node:events';
import { redrawnSince } from '../contract/display-rule';
import type { EncoderState } from '../contract/encoder-card';
import { Priority } from '../contract/jobs/imaging';
import type { ImageFacts } from '../contract/jobs/imaging';
import { embeddingName, type EmbeddedItem, type EmbedItem } from '../contract/jobs/encoder';
import { fail, ok, type Failure, type Result } from '../contract/result';
import type { Engine } from './engine';
import { Recall } from './recall';
import type { TileSource } from './tiles';
import type { EmbeddingStore } from './store/store';

type Read = Awaited<ReturnType<TileSource['read']>>;

/** Batches asked of imaging ahead of the one that runs: enough to keep its workers busy, little enough to hold in memory. */
const BATCHES_AHEAD = 4;
const REPORT_MILLISECONDS = 250;

export interface EmbedJob {
  readonly engine: Engine;
  /** Tokens or block inputs that are to be kept as well. */
  readonly states: readonly EncoderState[];
  readonly imaging: TileSource;
  readonly items: readonly EmbedItem[];
  readonly signal: AbortSignal;
  /** Resolves at once, or when a pause is over. */
  readonly whileRunning: () => Promise<void>;
  readonly onEmbedded: (items: EmbeddedItem[]) => void;
  /** The engine goes on with another provider or a smaller batch. */
  readonly onChanged: () => void;
}

/**
 * Embeds the items in their order. An image that fails is reported and left out; what fails the job is the encoder, the disk or
 * an abort (`stopped`). An item is reported once its embedding is flushed.
 */
export async function embed(job: EmbedJob): Promise<Result<{ done: number; failed: number }>> {
  const { engine, items, signal } = job;
  // Every read under way listens to it.
  setMaxListeners(0, signal);
  const stores: Stores = { embedding: engine.store };
  for (const state of job.states) {
    const store = await engine.stateStore(state);
    if (!store.ok) return store;
    stores[state] = store.value;
  }
  const report = new Report(job, stores);
  const recall = new Recall(job.imaging, Object.values(stores), engine.facts, signal);
  const ahead: Promise<Read>[] = [];
  const group = engine.batch;
  const limit = group * BATCHES_AHEAD;
  let asked = 0;
  const ask = () => {
    while (asked < items.length && ahead.length < limit) {
      const item = items[asked++];
      if (item) ahead.push(read(job, recall, item));
    }
  };
  let batch: Ready[] = [];
  const run = async (): Promise<Result<void>> => {
    const ready = batch;
    batch = [];
    return encodeBatch(job, stores, ready, report);
  };

  for (const item of items) {
    await unlessAborted(job.whileRunning(), signal);
    ask();
    const result = await ahead.shift();
    if (signal.aborted || !result) {
      await report.send();
      return fail('stopped');
    }
    if (!result.ok) {
      // The same failure would come for every image that is left.
      if (result.failure.code === 'process-gone') return result;
      report.add({ status: 'failed', key: item.key, failure: plain(result.failure) });
    } else batch.push({ item, ...result.value });
    if (batch.length === group) {
      ask();
      const ran = await run();
      if (!ran.ok) return ran;
    }
    const sent = await report.sendWhenDue();
    if (!sent.ok) return sent;
  }
  const ran = await run();
  if (!ran.ok) return ran;
  const sent = await report.send();
  return sent.ok ? ok(report.totals) : sent;
}

type Ready = { readonly item: EmbedItem } & Extract<Read, { ok: true }>['value'];

async function read(job: EmbedJob, recall: Recall, item: EmbedItem): Promise<Read> {
  const facts = await recall.factsOf(item);
  if (facts) return ok({ facts });
  const tile = job.engine.card.preprocessing.tile;
  return job.imaging.read(
    { source: item.source, priority: Priority.embedding, tile, ...(item.thumbnail ? { thumbnail: item.thumbnail } : {}) },
    { signal: job.signal },
  );
}

/** Where the parts of what is encoded go. */
type Stores = { embedding: EmbeddingStore } & { [state in EncoderState]?: EmbeddingStore };

async function encodeBatch(
  { engine, states, onChanged }: EmbedJob,
  stores: Stores,
  ready: readonly Ready[],
  report: Report,
): Promise<Result<void>> {
  const names = ready.map(({ item, facts }) => embeddingName(facts.sha256, item.source.frame));
  const kinds = ['embedding', ...states] as const;
  const reused = ready.map(
    ({ facts }, i) => kinds.every((kind) => holds(stores[kind], names[i] ?? '', facts)) || names.indexOf(names[i] ?? '') < i,
  );
  const redrawn = ready.map(({ facts }, i) => engine.store.has(names[i] ?? '') && !holds(engine.store, names[i] ?? '', facts));
  const fresh = ready.flatMap(({ tile }, i) => (reused[i] || !tile ? [] : [{ name: names[i] ?? '', tile }]));
  if (fresh.length > 0) {
    const before = [engine.session.provider, engine.batch];
    const encoded = await engine.encode(
      fresh.map(({ tile }) => tile),
      states,
    );
    if (!encoded.ok) return encoded;
    if (engine.session.provider !== before[0] || engine.batch !== before[1]) onChanged();
    fresh.forEach(({ name }, i) => {
      const row = encoded.value[i];
      for (const kind of kinds) if (row) stores[kind]?.append(name, row[kind] ?? new Float32Array(), row.made);
    });
  }
  ready.forEach(({ item, facts, tile }, i) => {
    if (!item.thumbnail) engine.facts.add(names[i] ?? '', facts);
    if (tile || reused[i])
      report.add({ status: 'ok', key: item.key, facts, reused: reused[i] ?? false, ...(redrawn[i] === true && { redrawn: true }) });
    else report.add({ status: 'failed', key: item.key, failure: { code: 'internal', params: { reason: 'imaging gave no tile' } } });
  });
  return ok();
}

/** A row of an earlier display rule is none where the picture is another one since. */
function holds(store: EmbeddingStore | undefined, name: string, { notes }: ImageFacts): boolean {
  const made = store?.madeBy(name);
  return made !== null && made !== undefined && !redrawnSince(made.display, notes);
}

const plain = ({ code, params }: Failure) => ({ code, params });

/** Collects what is done, flushes the stores and tells of it, at most every 250 ms. */
class Report {
  readonly totals = { done: 0, failed: 0 };
  private items: EmbeddedItem[] = [];
  private last = performance.now();
  private readonly job: EmbedJob;
  private readonly stores: Stores;

  constructor(job: EmbedJob, stores: Stores) {
    this.job = job;
    this.stores = stores;
  }

  add(item: EmbeddedItem): void {
    this.items.push(item);
    if (item.status === 'ok') this.totals.done++;
    else this.totals.failed++;
  }

  async sendWhenDue(): Promise<Result<void>> {
    return performance.now() - this.last < REPORT_MILLISECONDS ? ok() : this.send();
  }

  async send(): Promise<Result<void>> {
    for (const store of Object.values(this.stores)) {
      const flushed = await store.flush();
      if (!flushed.ok) return flushed;
    }
    await this.job.engine.facts.flush();
    if (this.items.length > 0) this.job.onEmbedded(this.items);
    this.items = [];
    this.last = performance.now();
    return ok();
  }
}

function unlessAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = () => resolve();
    signal.addEventListener('abort', stop, { once: true });
    void wait.then(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
  });
}
