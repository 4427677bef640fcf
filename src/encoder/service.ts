import { join } from 'node:path';
import type { EncoderState } from '../contract/encoder-card';
import { BATCH, type EncoderService, type RowsMade } from '../contract/jobs/encoder';
import { fail, ok, type Result } from '../contract/result';
import type { Emit, Handlers } from '../contract/wire';
import { inspectCustom, keepCustom, tryCustom } from './custom/custom';
import { embed, type TileSource } from './embed';
import { Engine } from './engine';
import { convertCheckpoint } from './eva-x/convert';
import { inspectCheckpoint } from './eva-x/inspect';
import { blockIn } from './eva-x/last-block';
import { exportModel } from './export';
import { openExportedModel, type ExportedModel } from './exported';
import { predict } from './predict';
import { measureSpeed } from './speed';
import type { Damage, EmbeddingStore } from './store/store';
import { readTiles } from './tiles';

export interface EncoderOptions {
  /** Folder with encoders/ and embeddings/. */
  readonly profile: string;
  readonly imaging: TileSource;
}

/** The encoder service, in the app behind a port and in the command line called directly. */
export interface Encoder {
  readonly handlers: Handlers<EncoderService>;
  /** Flushes the store and lets go of the model. */
  close(): Promise<Result<void>>;
}

const stateOf = ({ session, batch }: Engine) => ({ provider: session.provider, reason: session.reason, batch });

function runsOf(names: readonly string[], store: EmbeddingStore): Result<RowsMade[]> {
  const runs: RowsMade[] = [];
  for (const name of names) {
    const made = store.madeBy(name);
    if (!made) return fail('embedding-missing', { count: 1 });
    const last = runs.at(-1);
    if (last?.batch === made.batch && last.provider === made.provider) last.rows++;
    else runs.push({ rows: 1, batch: made.batch, provider: made.provider });
  }
  return ok(runs);
}

export function createEncoder({ profile, imaging }: EncoderOptions, emit: Emit<EncoderService>): Encoder {
  let engine: Engine | null = null;
  let exported: ExportedModel | null = null;
  let opened: { folder: string; provider: string; threads: number; batch: number } | null = null;
  /** Jobs that use the engine; while there are any, it cannot be replaced. */
  let running = 0;
  /** One embedding job after the other. */
  let last: Promise<unknown> = Promise.resolve();
  let paused: { promise: Promise<void>; resume: () => void } | null = null;
  /** While the speed is measured, which another batch would spoil. */
  let measuring: Promise<unknown> = Promise.resolve();

  const onDamage = (state: EncoderState | null, { count, names }: Damage) => emit('damaged', { state, count, names: [...names] });
  const noEncoder = () => fail('encoder-missing', { encoder: 'of this project' });
  async function withEngine<T>(work: (engine: Engine) => Promise<Result<T>>): Promise<Result<T>> {
    if (!engine) return noEncoder();
    running++;
    try {
      return await work(engine);
    } finally {
      running--;
    }
  }

  const handlers: Handlers<EncoderService> = {
    async open({ folder, provider, threads, batch = BATCH }) {
      const same = opened?.folder === folder && opened.provider === provider && opened.threads === threads && opened.batch === batch;
      if (!engine || !same) {
        if (running > 0) return fail('wrong-use', { reason: 'The encoder is at work; stop it before another one is opened' });
        await engine?.close();
        engine = null;
        opened = null;
        const next = await Engine.open({ profile, folder, provider, threads, batch, onDamage });
        if (!next.ok) return next;
        engine = next.value;
        opened = { folder, provider, threads, batch };
      }
      return ok({ card: engine.card, folder: engine.source.folder, ...stateOf(engine) });
    },

    inspect: ({ checkpoint }) => inspectCheckpoint(checkpoint),

    async convert({ into, folder, overwrite, calibrate, ...wish }, { signal }) {
      let told = 0;
      const result = await convertCheckpoint({
        ...wish,
        calibrate: calibrate && ((recipe, onRead) => readTiles(imaging, calibrate, recipe, signal, onRead)),
        place: (id) => folder ?? join(into, id),
        overwrite: folder === undefined || overwrite === true,
        scratch: into,
        signal,
        onProgress: (done, total, stage) => {
          if (done < total && performance.now() - told < 100) return;
          told = performance.now();
          emit('converting', { done, total, stage });
        },
      });
      return result.ok ? ok({ card: result.value.card, folder: result.value.folder }) : result;
    },

    inspectCustom: ({ file }) => inspectCustom(file),

    tryCustom: ({ file, wish, image }, { signal }) => tryCustom({ file, wish, into: join(profile, 'trials') }, imaging, image, signal),

    async keepCustom({ file, wish, into, folder }) {
      const kept = await keepCustom({ file, wish, into }, (id) => folder ?? join(into, id));
      return kept.ok ? ok({ card: kept.value.card, folder: kept.value.folder }) : kept;
    },

    embed({ items, states = [] }, { signal }) {
      const job = last.then(() =>
        withEngine((current) =>
          embed({
            engine: current,
            states,
            imaging,
            items,
            signal,
            whileRunning: async () => {
              await measuring;
              await paused?.promise;
            },
            onEmbedded: (done) => emit('embedded', { items: done }),
            onChanged: () => emit('changed', stateOf(current)),
          }),
        ),
      );
      last = job.catch(() => undefined);
      return job;
    },

    pause({ paused: wanted }) {
      if (wanted && !paused) {
        let resume = () => {};
        const promise = new Promise<void>((resolve) => {
          resume = resolve;
        });
        paused = { promise, resume };
      } else if (!wanted) {
        paused?.resume();
        paused = null;
      }
      return Promise.resolve(ok());
    },

    async release({ folder }) {
      if (engine?.source.folder !== folder) return ok();
      if (running > 0) return fail('wrong-use', { reason: 'The encoder is at work' });
      const closed = await engine.close();
      engine = null;
      opened = null;
      return closed;
    },

    measure({ folder }, { signal }) {
      const onProgress = (done: number, total: number) => emit('measuring', { done, total });
      const job = measuring.then(() => measureSpeed({ profile, folder, signal, onProgress }));
      measuring = job.catch(() => undefined);
      return job;
    },

    missing: ({ names, states = [] }) =>
      withEngine(async (current) => {
        const stores = [current.store];
        for (const state of states) {
          const store = await current.stateStore(state);
          if (!store.ok) return store;
          stores.push(store.value);
        }
        // States of a picture that was embedded anew since are those of another picture.
        const rule = (name: string) => current.store.madeBy(name)?.display ?? 0;
        return ok(names.filter((name) => !stores.every((store) => (store.madeBy(name)?.display ?? -1) >= rule(name))));
      }),

    madeBy: ({ names }) => withEngine(({ store }) => Promise.resolve(runsOf(names, store))),

    fetch: ({ names }) =>
      withEngine(async (current) => {
        const rows = await current.store.fetch(names);
        return rows.ok ? ok({ d: current.card.outputs.embedding, rows: rows.value }) : rows;
      }),

    fetchStates: ({ state, names }) =>
      withEngine(async (current) => {
        const store = await current.stateStore(state);
        if (!store.ok) return store;
        const bytes = await store.value.fetchBytes(names);
        return bytes.ok ? ok({ shape: current.card.outputs[state] ?? [0, 0], bits: new Uint16Array(bytes.value.buffer) }) : bytes;
      }),

    lastBlock: () =>
      withEngine(async ({ source }) => {
        const block = await blockIn(source);
        return block.ok ? ok({ block: block.value }) : block;
      }),

    async openExported({ model, threads, batch }) {
      await exported?.close();
      exported = null;
      const next = await openExportedModel(model, 'cpu', threads, batch);
      if (!next.ok) return next;
      exported = next.value;
      const { findings, head, encoder } = exported.info;
      return ok({ findings: [...findings], head, encoder });
    },

    predict({ items }, { signal }) {
      if (!exported) return Promise.resolve(fail('wrong-use', { reason: 'No exported model is open' }));
      return predict(exported, imaging, items, signal, (predictions) => emit('predicted', { predictions }));
    },

    exportModel: (request, { signal }) => withEngine((current) => exportModel(current, imaging, request, signal)),
  };

  return {
    handlers,
    async close() {
      const current = engine;
      engine = null;
      await exported?.close();
      exported = null;
      return current ? current.close() : ok();
    },
  };
}
