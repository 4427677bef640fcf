import { type Backend, type LabelDelta, type SnapshotBase, type TrainerService } from '../contract/jobs/trainer';
import { attempt, fail, ok, unwrap, type Result } from '../contract/result';
import type { Emit, Handlers } from '../contract/wire';
import type { Basis } from './basis';
import { fullRound, prepare, quickRound, type Learnt, type Prepared } from './engine';
import { EmbeddingShelf } from './embeddings';
import type { PrequentialCache } from './evaluation/prequential';
import type { Matrix } from './matrix';
import { suspects } from './review/suspects';
import type { BackendChoice } from './tensors/backend';
import { Tuning } from './tuning';

export interface TrainerOptions {
  readonly startBackend: (
    wanted: Backend,
    wasmFolder: string,
    nodeBackend: string | null,
    onFallback: (choice: BackendChoice) => void,
  ) => Promise<Result<BackendChoice>>;
  readonly emit: Emit<TrainerService>;
  /** A bug in background work, which no caller waits for. */
  readonly onBug: (error: unknown) => void;
  /** The time that goes into a head's file. */
  readonly now: () => string;
}

interface Current {
  readonly id: number;
  readonly base: SnapshotBase;
  readonly labels: readonly LabelDelta[];
}

/** What is kept of a pool while only labels change. */
interface Pool {
  readonly key: string;
  readonly rows: Matrix;
  readonly basis: Basis;
}

/**
 * The trainer as a service. It works on the newest snapshot only: the quick answer first, then the full round, which a
 * newer snapshot interrupts.
 */
export function createTrainer(options: TrainerOptions): Handlers<TrainerService> {
  const shelf = new EmbeddingShelf();
  let current: Current | null = null;
  let pool: Pool | null = null;
  let prepared: Prepared | null = null;
  let last: Learnt | null = null;
  /** The pool that `last` was learnt from. */
  let lastPool: readonly string[] = [];
  let curve: PrequentialCache = new Map();
  let running: AbortController | null = null;
  let work: Promise<void> = Promise.resolve();
  const tuning = new Tuning();

  function begin(next: Current): void {
    current = next;
    running?.abort();
    const controller = new AbortController();
    running = controller;
    work = work.then(() => rounds(next, controller.signal));
  }

  async function rounds(snapshot: Current, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      const result = await attempt(() => roundsOf(snapshot, signal));
      if (!result.ok && result.failure.code !== 'stopped' && !signal.aborted)
        options.emit('failed', { snapshot: snapshot.id, failure: result.failure });
    } catch (error) {
      options.onBug(error);
    }
    if (!signal.aborted) options.emit('working', { stage: 'idle' });
  }

  async function roundsOf(snapshot: Current, signal: AbortSignal): Promise<void> {
    const key = poolKey(snapshot.base);
    if (pool?.key !== key) {
      options.emit('working', { stage: 'basis' });
      pool = null;
      prepared = null;
      last = null;
      tuning.end();
      curve = new Map();
    }
    const rows = pool?.rows ?? shelf.rows(snapshot.base);
    prepared = unwrap(await prepare({ base: snapshot.base, labels: snapshot.labels }, rows, pool?.basis, signal));
    pool ??= { key, rows, basis: prepared.basis };
    if (last) {
      options.emit('working', { stage: 'quick' });
      const quick = await quickRound(prepared, snapshot.id, options.now(), last, signal);
      if (signal.aborted) return;
      if (quick) options.emit('round', quick);
    }
    options.emit('working', { stage: 'full' });
    const { round, learnt } = await fullRound(prepared, snapshot.id, options.now(), curve, signal, last);
    if (signal.aborted) return;
    last = learnt;
    lastPool = snapshot.base.embeddings;
    options.emit('round', round);
  }

  return {
    start: async ({ backend, wasmFolder, nodeBackend }) =>
      options.startBackend(backend, wasmFolder, nodeBackend, (choice) => options.emit('backend', choice)),
    put: ({ encoder, d, names, rows }) => Promise.resolve(shelf.put(encoder, d, names, rows)),
    base: ({ snapshot, base, labels }) => {
      const missing = shelf.missing(base);
      if (missing > 0) return Promise.resolve(fail('internal', { reason: `${missing} embeddings were not handed over` }));
      begin({ id: snapshot, base, labels });
      return Promise.resolve(ok());
    },
    delta: ({ after, snapshot, labels, settings }) => {
      if (current?.id !== after)
        return Promise.resolve(fail('internal', { reason: `labels after ${after} came at ${current?.id ?? 'no snapshot'}` }));
      const base = settings ? { ...current.base, settings } : current.base;
      begin({ id: snapshot, base, labels: latest([...current.labels, ...labels]) });
      return Promise.resolve(ok());
    },
    head: () => {
      const head = last?.head ?? prepared?.ready?.alone;
      if (!head) return Promise.resolve(fail('labels-too-few', { reason: 'no head has been fitted yet' }));
      const { file, tensors } = head;
      const copied: Record<string, { shape: number[]; data: Float32Array<ArrayBuffer> }> = {};
      for (const [name, { shape, data }] of Object.entries(tensors)) copied[name] = { shape: [...shape], data: Float32Array.from(data) };
      return Promise.resolve(ok({ file, tensors: copied }));
    },
    putStates: ({ names, shape, bits }) => Promise.resolve(tuning.put(names, shape, bits)),
    tune: ({ block }, { signal }) =>
      prepared && pool
        ? tuning.run(
            prepared,
            pool.rows,
            options.now(),
            block,
            signal,
            seldom((done, total) => options.emit('tuning', { done, total })),
          )
        : Promise.resolve(fail('labels-too-few', { reason: 'no head has been fitted yet' })),
    tuneScore: ({ names, shape, bits }, { signal }) => tuning.score(names, shape, bits, signal),
    tuneResult: () => tuning.result(),
    tuneEnd: () => {
      tuning.end();
      return Promise.resolve(ok());
    },
    suspects: ({ count }) => {
      // While a new pool is being prepared the last head's rows are not those of the snapshot.
      if (!last || !current || lastPool !== current.base.embeddings) return Promise.resolve(ok({ judged: 0, flagged: 0, suspects: [] }));
      const judged = suspects(last.fitted.outOfFold, current.base.task, last.acceptance?.skill ?? []);
      const flagged = judged.filter((one) => one.flagged);
      return Promise.resolve(ok({ judged: judged.length, flagged: flagged.length, suspects: flagged.slice(0, count) }));
    },
    similar: ({ row, count }) => Promise.resolve(prepared ? ok(similarRows(prepared.basis.features, row, count)) : fail('image-unknown')),
  };
}

/** The last word on every cell, so that a long session does not grow the list. */
function latest(labels: readonly LabelDelta[]): LabelDelta[] {
  return [...new Map(labels.map((label) => [`${label.row} ${label.finding}`, label])).values()];
}

/** Passes on what it is told now and then, the first and the last always. */
function seldom(tell: (done: number, total: number) => void): (done: number, total: number) => void {
  let told = -Infinity;
  return (done, total) => {
    if (done < total && performance.now() - told < 100) return;
    told = performance.now();
    tell(done, total);
  };
}

/** Equal for snapshots with the same pool in the same feature space. */
function poolKey({ encoder, embeddings, seed, settings, tuned }: SnapshotBase): string {
  return [encoder.id, seed, settings.components, tuned?.file.id, ...embeddings].join('\n');
}

/** Rows by cosine similarity, without the row itself. */
function similarRows({ rows, columns: m, data }: Matrix, row: number, count: number): { row: number; similarity: number }[] {
  if (row < 0 || row >= rows) return [];
  const out = Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let c = 0, p = i * m, q = row * m; c < m; c++, p++, q++) sum += (data[p] as number) * (data[q] as number);
    return { row: i, similarity: sum };
  });
  return out
    .filter((one) => one.row !== row)
    .sort((a, b) => b.similarity - a.similarity || a.row - b.row)
    .slice(0, count);
}
