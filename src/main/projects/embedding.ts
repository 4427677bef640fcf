import { join } from 'node:path';
import { redrawnSince } from '../../contract/display-rule';
import type { EncoderCard } from '../../contract/encoder-card';
import { isBuiltinId } from '../../contract/encoder-identity';
import { embeddingName, type EmbeddedItem, type EmbedItem } from '../../contract/jobs/encoder';
import type { ImageSource } from '../../contract/jobs/imaging';
import { BUILTIN_ENCODER, type FrameChoice, type Id, type ImageRecord } from '../../contract/model';
import type { Failure, Result } from '../../contract/result';
import { ok } from '../../contract/result';
import { Attempts } from '../../supervise/attempts';
import type { Failures } from '../../supervise/failures';
import { Restarts, whileEnding } from '../../supervise/restarts';
import type { Log } from '../log';
import type { Processes } from '../processes';
import { judged } from './frames';
import { Rate } from './rate';
import { THUMBNAIL_SIZE, thumbnailFile, trimThumbnails } from './thumbnails';

export interface OpenEncoder {
  readonly card: EncoderCard;
  readonly folder: string;
  readonly provider: string;
  readonly reason: string;
  readonly batch: number;
}

export interface EmbeddingSource {
  readonly encoder: string;
  readonly profile: string;
  readonly project: Id;
  readonly frames: FrameChoice;
  readonly images: () => readonly ImageRecord[];
  readonly file: (image: ImageRecord) => ImageSource;
  /** May be another picture than the one that was embedded. */
  readonly isDoubtful: (image: ImageRecord) => boolean;
}

export type EmbeddingState = 'waiting' | 'running' | 'paused' | 'done' | 'failed';

/**
 * Embeds the images of the open project: what the store holds is taken from there, the rest goes to the encoder in
 * canonical order. Survives the end of the encoder process and goes on where it was.
 */
export class Embedding {
  readonly #source: EmbeddingSource;
  readonly #processes: Processes;
  readonly #log: Log;
  readonly #record: (items: readonly EmbeddedItem[]) => Promise<void>;
  readonly #onReady: () => void;
  readonly #onChange: () => void;
  readonly #stop = new AbortController();
  readonly #rate = new Rate();
  readonly #remaining = new Map<Id, EmbedItem>();
  readonly #ready = new Set<Id>();
  /** Images that are read again since they may be other pictures, by the display rule under which they were read. */
  readonly #doubtful = new Map<Id, number>();
  readonly failures = new Map<Id, Failure>();
  readonly #unsubscribe: () => void;
  readonly #restarts = new Restarts();
  readonly #attempts: Attempts;
  #openPid: number | undefined;
  #running: Promise<void> | null = null;
  #recorded: Promise<unknown> = Promise.resolve();
  #again = false;
  #paused = false;

  opened: OpenEncoder | null = null;
  state: EmbeddingState = 'waiting';
  /** Images that were embedded again, since they are other pictures by today's display rule. */
  redrawn = 0;
  /** Rows of the store that were found damaged. */
  damaged = 0;

  constructor(options: {
    source: EmbeddingSource;
    processes: Processes;
    log: Log;
    failures: Failures;
    /** Journals the facts of these images; only then do they count as embedded. */
    record: (items: readonly EmbeddedItem[]) => Promise<void>;
    /** More images are ready than before. */
    onReady: () => void;
    onChange: () => void;
  }) {
    this.#source = options.source;
    this.#processes = options.processes;
    this.#log = options.log;
    this.#record = options.record;
    this.#onReady = options.onReady;
    this.#onChange = options.onChange;
    this.#attempts = new Attempts(options.failures, 'embed', () => this.run());
    const stops = [
      this.#processes.encoder.on('embedded', ({ items }) => {
        if (this.#stop.signal.aborted) return;
        const arrived = this.#arrived(items).catch((error: unknown) => this.#log.bug(error));
        this.#recorded = Promise.all([this.#recorded, arrived]);
      }),
      this.#processes.encoder.on('changed', ({ provider, reason, batch }) => {
        if (!this.opened) return;
        this.opened = { ...this.opened, provider, batch, reason: this.#reason(reason) };
        this.#onChange();
      }),
      this.#processes.encoder.on('damaged', ({ state, count, names }) => {
        this.damaged += count;
        if (state === null) this.#lost(new Set(names));
        this.#onChange();
      }),
    ];
    this.#unsubscribe = () => stops.forEach((stop) => stop());
  }

  get done(): number {
    return this.#ready.size;
  }

  get total(): number {
    return this.#source.images().length;
  }

  get rate(): number | null {
    return this.state === 'running' ? this.#rate.perSecond() : null;
  }

  get secondsLeft(): number | null {
    return this.state === 'running' ? this.#rate.secondsFor(this.#remaining.size) : null;
  }

  isReady(image: Id): boolean {
    return this.#ready.has(image);
  }

  /** Starts, or takes up images that came since. */
  run(): void {
    this.#attempts.cancel();
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#work()
      .catch((error: unknown) => this.#log.bug(error))
      .finally(() => {
        this.#running = null;
        if (!this.#again || this.#stop.signal.aborted) return;
        this.#again = false;
        this.run();
      });
  }

  /** Their files changed or are gone: what is known of them no longer holds. */
  forget(images: Iterable<Id>): void {
    for (const image of images) this.#ready.delete(image);
  }

  /** The person asks for it, or the folder was looked at: also what failed is tried again. */
  retry(): void {
    this.failures.clear();
    this.#restarts.forgive();
    this.run();
  }

  async pause(paused: boolean): Promise<void> {
    this.#paused = paused;
    this.#rate.reset();
    await this.#processes.encoder.call('pause', { paused });
    if (this.#running) this.#become(paused ? 'paused' : 'running');
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#attempts.cancel();
    await this.#running;
    this.#unsubscribe();
  }

  /** Opens the project's encoder, again after the process was started again. */
  async open(): Promise<Result<OpenEncoder>> {
    this.#processes.encoder.start();
    if (this.opened && this.#openPid === this.#processes.encoder.pid) return ok(this.opened);
    const { encoder, profile } = this.#source;
    const folder = encoder === BUILTIN_ENCODER || isBuiltinId(encoder) ? 'builtin' : join(profile, 'encoders', encoder);
    const opened = await this.#processes.encoder.call('open', { folder, provider: 'auto', threads: 0, batch: this.#restarts.batch });
    if (!opened.ok) return opened;
    this.#openPid = this.#processes.encoder.pid;
    this.opened = { ...opened.value, reason: this.#reason(opened.value.reason) };
    this.#onChange();
    return opened;
  }

  async #work(): Promise<void> {
    do {
      this.#again = false;
      const result = await whileEnding(() => this.#pass(), {
        restarts: this.#restarts,
        signal: this.#stop.signal,
        done: () => this.#ready.size + this.failures.size,
        ending: async () => {
          await this.#recorded;
          return this.#processes.encoder.ending;
        },
      });
      // The process is ready with the last images before the journal is.
      await this.#recorded;
      if (this.#stop.signal.aborted) return;
      if (!result.ok) return this.#fail(result.failure);
      // Frames of files that were read, for one: that is still the same work.
    } while (this.#again);
    this.#attempts.worked();
    this.#become('done');
    // Nobody waits for it, closing neither.
    void trimThumbnails(this.#source.profile).catch((error: unknown) => this.#log.bug(error));
  }

  /** Once through everything that is neither embedded nor failed. */
  async #pass(): Promise<Result<unknown>> {
    const opened = await this.open();
    if (!opened.ok) return opened;
    const known = this.#source.images().filter((image) => image.sha256 !== null && !this.#ready.has(image.id));
    const missing = await this.#processes.encoder.call('missing', { names: known.flatMap((image) => nameOf(image) ?? []) });
    if (!missing.ok) return missing;
    const lacking = new Set(missing.value);
    for (const image of known) {
      if (lacking.has(nameOf(image) ?? '')) continue;
      // Nothing is learnt from it before it has been read again.
      if (this.#source.isDoubtful(image)) this.#doubtful.set(image.id, image.display ?? 0);
      else this.#ready.add(image.id);
    }
    this.#onReady();

    this.#remaining.clear();
    for (const image of this.#source.images()) {
      if (this.#ready.has(image.id) || this.failures.has(image.id)) continue;
      this.#remaining.set(image.id, {
        key: image.id,
        source: this.#source.file(image),
        thumbnail: { file: thumbnailFile(this.#source.profile, this.#source.project, image), size: THUMBNAIL_SIZE },
      });
    }
    if (this.#remaining.size === 0) return ok();
    this.#rate.reset();
    this.#become(this.#paused ? 'paused' : 'running');
    // The process may still be paused for the project that was open before, or be a new one that knows of no pause.
    await this.#processes.encoder.call('pause', { paused: this.#paused });
    return this.#processes.encoder.call('embed', { items: [...this.#remaining.values()] }, { signal: this.#stop.signal });
  }

  async #arrived(items: readonly EmbeddedItem[]): Promise<void> {
    const ours = items.flatMap((item) => {
      const asked = this.#remaining.get(item.key);
      return asked && this.#remaining.delete(item.key) ? [judged(item, this.#source.frames, asked.source.file)] : [];
    });
    this.#rate.add(ours.length);
    for (const item of ours) {
      if (item.status === 'failed') this.failures.set(item.key, item.failure as Failure);
      const rule = this.#doubtful.get(item.key);
      if (rule !== undefined && item.status === 'ok' && redrawnSince(rule, item.facts.notes)) this.redrawn += 1;
      this.#doubtful.delete(item.key);
    }
    await this.#record(ours);
    for (const item of ours) if (item.status === 'ok') this.#ready.add(item.key);
    this.#onReady();
    this.#onChange();
  }

  /** How it runs, in words. */
  #reason(reason: string): string {
    return [reason, this.#restarts.sentence].filter((text) => text !== '').join(' ');
  }

  #fail(failure: Failure): void {
    // Given up with the smallest batch; the next attempt comes after a pause.
    this.#restarts.forgive();
    this.#become('failed');
    this.#attempts.failed(failure);
  }

  /** Their rows are damaged: they are embedded again. */
  #lost(names: ReadonlySet<string>): void {
    const lost = this.#source.images().filter((image) => this.#ready.has(image.id) && names.has(nameOf(image) ?? ''));
    this.forget(lost.map(({ id }) => id));
    if (lost.length > 0 && !this.#stop.signal.aborted) this.run();
  }

  #become(state: EmbeddingState): void {
    this.state = state;
    this.#onChange();
  }
}

/** The name of the image's embedding in the store; null while its bytes were not read. */
export const nameOf = (image: ImageRecord): string | null => (image.sha256 === null ? null : embeddingName(image.sha256, image.frame));
