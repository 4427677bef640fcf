import { join } from 'node:path';
import type { BridgeService } from '../../contract/bridge';
import type { SuspectLabel } from '../../contract/views';
import { isSameEncoder } from '../../contract/encoder-identity';
import type { LabelDelta, Round, Settings } from '../../contract/jobs/trainer';
import type { CellChange, Id } from '../../contract/model';
import { ok, type Failure, type Result } from '../../contract/result';
import type { Emit } from '../../contract/wire';
import { Attempts } from '../../supervise/attempts';
import type { Failures } from '../../supervise/failures';
import type { Log } from '../log';
import type { Processes } from '../processes';
import { baseOf, deltaOf, labelsOf, otherHeads, settingsOf, type TrainingSource } from './base';
import { Handover } from './handover';
import { similarImages, suspectLabels } from './verdicts';

/** A pool smaller than this is not worth a first round while embedding still runs. */
const FIRST_POOL = 32;
/** With a head from the encoder's file there is something to propose at once. */
const FIRST_POOL_READY = 8;

/** More suspect labels than this nobody goes through in one sitting. */
const SUSPECTS = 500;

/** Snapshots are numbered across projects: a late round of the one that was open before must not be taken for this one's. */
let lastSnapshot = 0;

export interface FullRound {
  readonly images: readonly Id[];
  readonly round: Round;
}

/**
 * Keeps the trainer's snapshot in step with the journal: a base when the pool changes or the process was started again,
 * numbered deltas after each answer. What comes back is passed to the page with the pool it belongs to.
 */
export class Training {
  readonly #source: TrainingSource;
  readonly #processes: Processes;
  readonly #emit: Emit<BridgeService>;
  readonly #log: Log;
  readonly #wasmFolder: string;
  readonly #handover: Handover;
  readonly onChange: () => void;
  readonly #subscriptions: readonly (() => void)[];
  readonly #handing: Attempts;
  readonly #rounds: Attempts;
  /** A snapshot was sent, and no round over it has come. */
  #waiting = false;
  /** A base is on its way; what was heard of the pool since it was begun. */
  #basing = false;
  #grown: { readonly count: number; readonly finished: boolean } | null = null;

  #settings: Settings;
  #closed = false;
  #working = false;
  #started = false;
  #needsBase = false;
  #pending: LabelDelta[] = [];
  #settingsChanged = false;
  #pool = 0;
  #poolImages: readonly Id[] = [];
  #rows = new Map<Id, number>();
  #snapshot = 0;
  #snapshots = new Map<number, { pool: number; seq: number }>();
  #latest: Round | null = null;
  #full: FullRound | null = null;

  backend: string | null = null;
  reason = '';
  stage: 'idle' | 'basis' | 'quick' | 'full' = 'idle';
  milliseconds: number | null = null;
  /** A fine-tuned head is kept that was made on other images than those of the pool. */
  tunedWaits = false;

  constructor(options: {
    source: TrainingSource;
    processes: Processes;
    emit: Emit<BridgeService>;
    log: Log;
    resources: string;
    failures: Failures;
    onChange: () => void;
  }) {
    this.#source = options.source;
    this.#processes = options.processes;
    this.#emit = options.emit;
    this.#log = options.log;
    this.#wasmFolder = `${join(options.resources, 'tfjs-wasm')}/`;
    this.onChange = options.onChange;
    this.#handover = new Handover(options.processes);
    this.#handing = new Attempts(options.failures, 'hand-over', () => this.#turn());
    this.#rounds = new Attempts(options.failures, 'round', () => this.#turn());
    this.#settings = settingsOf(options.source.project());
    const { trainer } = this.#processes;
    this.#subscriptions = [
      trainer.onStarted((after) => {
        this.#started = false;
        this.stage = 'idle';
        // It ended over a snapshot: that may be the snapshot's doing.
        if (after && this.#waiting) this.#roundFailed(after);
        this.#handover.forget();
        this.#needsBase ||= this.#pool > 0;
        this.#turn();
      }),
      trainer.on('round', (round) => this.#arrived(round)),
      trainer.on('failed', ({ snapshot, failure }) => {
        if (snapshot === this.#snapshot) this.#roundFailed(failure);
      }),
      trainer.on('backend', ({ backend, reason }) => {
        this.backend = backend;
        this.reason = reason;
        this.onChange();
      }),
      trainer.on('working', ({ stage }) => {
        this.stage = stage;
        this.onChange();
      }),
    ];
  }

  close(): void {
    this.#closed = true;
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#handing.cancel();
    this.#rounds.cancel();
  }

  /** The person asks for it: what waits is tried now. */
  retry(): void {
    this.#handing.retry();
    this.#rounds.retry();
  }

  get settings(): Readonly<Settings> {
    return this.#settings;
  }

  /** The newest round whose head can be exported: calibrated, or the one that came with the encoder's file. */
  get full(): FullRound | null {
    return this.#full;
  }

  /** More images are embedded. A new base costs a new projection, so while embedding runs the pool grows by steps of a half. */
  poolGrew(count: number, finished: boolean): void {
    if (this.#basing) this.#grown = { count, finished };
    const known = this.#poolImages.length;
    if (count === known) return;
    const first = this.#source.encoder()?.card.head ? FIRST_POOL_READY : FIRST_POOL;
    if (finished || (known === 0 ? count >= first : count >= known * 1.5)) {
      this.#needsBase = true;
      this.#turn();
    }
  }

  /** Findings were added or the labels were read again. */
  rebuild(): void {
    if (this.#pool === 0) return;
    this.#needsBase = true;
    this.#turn();
  }

  labelled(cells: readonly CellChange[], time: string): void {
    const findings = this.#source.project().findings;
    for (const { image, finding, before, after } of cells) {
      // A label that was looked at again and kept teaches nothing new.
      if (before?.state === after?.state && before?.use === after?.use && before?.blind === after?.blind) continue;
      const row = this.#rows.get(image);
      const column = findings.findIndex(({ id }) => id === finding);
      if (row === undefined || column < 0) continue;
      this.#pending.push(deltaOf(row, column, after, time));
    }
    this.#turn();
  }

  /** The project's rule of the queue has changed. */
  configure(): void {
    this.#settings = settingsOf(this.#source.project());
    this.#settingsChanged = true;
    this.#turn();
    this.onChange();
  }

  /** The settings as the trainer takes them: a search by column and rows of its pool. */
  #sent(): Settings {
    const { findings, queue } = this.#source.project();
    const finding = findings.findIndex(({ id }) => id === queue?.search?.finding);
    if (!queue?.search || finding < 0) return this.#settings;
    return { ...this.#settings, search: { finding, seeds: queue.search.seeds.flatMap((image) => this.#rows.get(image) ?? []) } };
  }

  async similar(image: Id, count: number): Promise<{ image: Id; similarity: number }[]> {
    const row = this.#rows.get(image);
    if (row === undefined) return [];
    const pool = this.#poolImages;
    const found = await this.#processes.trainer.call('similar', { row, count });
    if (!found.ok) return [];
    return similarImages(found.value, pool);
  }

  /** Labels that the images of other patients speak against; nothing is said while there is no full round over this pool. */
  async suspects(): Promise<Result<{ judged: number; flagged: number; suspects: SuspectLabel[] }>> {
    const pool = this.#poolImages;
    const { findings } = this.#source.project();
    const found = await this.#processes.trainer.call('suspects', { count: SUSPECTS });
    if (!found.ok || pool !== this.#poolImages) return ok({ judged: 0, flagged: 0, suspects: [] });
    return ok({ ...found.value, suspects: suspectLabels(found.value.suspects, pool, findings) });
  }

  /** The page was loaded again: give it the pool and the newest round. */
  repeat(): void {
    if (this.#pool > 0) this.#emitPool();
    if (this.#latest) this.#emitRound(this.#latest);
  }

  #turn(): void {
    if (this.#working || this.#closed || this.#handing.resting || this.#rounds.resting) return;
    if (!this.#needsBase && (this.#pool === 0 || (this.#pending.length === 0 && !this.#settingsChanged))) return;
    this.#working = true;
    void this.#step()
      .catch((error: unknown) => this.#log.bug(error))
      .finally(() => {
        this.#working = false;
        this.#turn();
      });
  }

  async #step(): Promise<void> {
    if (!this.#started) {
      const started = await this.#processes.trainer.call('start', {
        backend: 'auto',
        wasmFolder: this.#wasmFolder,
        nodeBackend: process.env['COLLIMATE_TFJS_NODE'] ?? null,
      });
      if (!started.ok) return this.#roundFailed(started.failure);
      this.#started = true;
      this.backend = started.value.backend;
      this.reason = started.value.reason;
      this.onChange();
    }
    if (!this.#needsBase) return this.#delta();
    this.#basing = true;
    await this.#base().finally(() => (this.#basing = false));
    const grown = this.#grown;
    this.#grown = null;
    if (grown) this.poolGrew(grown.count, grown.finished);
  }

  async #base(): Promise<void> {
    // Its process may be a new one, which has nothing open.
    const opened = await this.#source.openEncoder();
    if (!opened.ok) return this.#handing.failed(opened.failure);
    const encoder = opened.value;
    this.#needsBase = false;
    const all = this.#source.pool();
    const { id, outputs } = encoder.card;
    const given = await this.#handover.give(
      id,
      outputs.embedding,
      all.map(({ name }) => name),
      () => this.#closed,
    );
    if (this.#closed) return;
    if (!given.ok) {
      this.#needsBase = true;
      return this.#handing.failed(given.failure);
    }
    this.#handing.worked();
    // What the store has lost is embedded again, and comes with a later base.
    const pool = all.filter(({ name }) => !given.value.has(name));
    if (pool.length === 0) {
      this.#poolImages = [];
      return;
    }
    const heads = await otherHeads(this.#source, pool);
    // From here on without a pause: answers that came before are among the labels, later ones follow as deltas.
    this.#rows = new Map(pool.map(({ image }, row) => [image.id, row]));
    const base = baseOf(this.#source, pool, heads, encoder, this.#sent());
    this.tunedWaits = heads.tuned !== null && isSameEncoder(heads.tuned.file.encoder.id, id) && heads.tuned.pool !== heads.digest;
    this.onChange();
    this.#pending = [];
    this.#settingsChanged = false;
    this.#poolImages = pool.map(({ image }) => image.id);
    this.#pool += 1;
    const labels = labelsOf(this.#source, this.#rows);
    this.#snapshot = ++lastSnapshot;
    this.#snapshots.set(this.#snapshot, { pool: this.#pool, seq: this.#source.seq() });
    this.#emitPool();
    this.#waiting = true;
    const answer = await this.#processes.trainer.call('base', { snapshot: this.#snapshot, base, labels });
    if (!answer.ok && this.#waiting) this.#roundFailed(answer.failure);
  }

  async #delta(): Promise<void> {
    const labels = this.#pending;
    this.#pending = [];
    const settings = this.#settingsChanged ? { settings: this.#sent() } : {};
    this.#settingsChanged = false;
    const after = this.#snapshot;
    this.#snapshot = ++lastSnapshot;
    this.#snapshots.set(this.#snapshot, { pool: this.#pool, seq: this.#source.seq() });
    this.#waiting = true;
    const answer = await this.#processes.trainer.call('delta', { after, snapshot: this.#snapshot, labels, ...settings });
    if (!answer.ok && this.#waiting) this.#roundFailed(answer.failure);
  }

  /** Whatever went wrong (a gap, a process that ended), a base holds everything again. */
  #roundFailed(failure: Failure): void {
    if (this.#closed) return;
    this.#needsBase = true;
    this.#waiting = false;
    this.stage = 'idle';
    if (failure.code !== 'stopped') this.#rounds.failed(failure);
  }

  #arrived(round: Round): void {
    const known = this.#snapshots.get(round.snapshot);
    // A round over a pool that is gone would put probabilities beside the wrong images.
    if (this.#closed || !known || known.pool !== this.#pool) return;
    for (const snapshot of this.#snapshots.keys()) if (snapshot < round.snapshot) this.#snapshots.delete(snapshot);
    this.#latest = round;
    if (round.snapshot === this.#snapshot && round.stage !== 'quick') this.#waiting = false;
    if (round.stage !== 'quick') this.#rounds.worked();
    if (round.stage === 'full' || (round.stage === 'cold' && round.head)) this.#full = { images: this.#poolImages, round };
    if (round.stage === 'quick') this.milliseconds = round.milliseconds;
    this.#emitRound(round);
    this.onChange();
  }

  #emitPool(): void {
    this.#emit('pool', { project: this.#source.project().id, pool: this.#pool, images: [...this.#poolImages] });
  }

  #emitRound({ snapshot, ...round }: Round): void {
    const seq = this.#snapshots.get(snapshot)?.seq ?? 0;
    this.#emit('round', { ...round, project: this.#source.project().id, pool: this.#pool, seq });
  }
}
