import { join, resolve } from 'node:path';
import type { BridgeService } from '../../contract/bridge';
import type { ProjectStatus, ScanOutcome } from '../../contract/views';
import { sentence } from '../../contract/catalogue';
import { isSameEncoder } from '../../contract/encoder-identity';
import { annotatorState, type ProjectState } from '../../contract/fold';
import { imageName } from '../../contract/frames';
import type { Head } from '../../contract/head';
import type { EmbeddedItem } from '../../contract/jobs/encoder';
import type { ImageSource } from '../../contract/jobs/imaging';
import type { TunedHead } from '../../contract/jobs/trainer';
import { type Action, type Annotator, type Id, type ImageRecord, type MetadataRule, type Project } from '../../contract/model';
import { fail, ok, type Failure, type Result } from '../../contract/result';
import type { OtherFile } from '../../contract/skip-reason';
import type { Work } from '../../contract/work';
import type { Emit } from '../../contract/wire';
import { readHead } from '../../encoder/head-folder';
import { Attempts } from '../../supervise/attempts';
import { Failures } from '../../supervise/failures';
import { Journal } from '../journal/journal';
import type { Log } from '../log';
import type { Processes } from '../processes';
import { Embedding, nameOf } from './embedding';
import { Answers } from './answers';
import { readImages } from './facts';
import { Metadata } from './metadata';
import { Recorder } from './recorder';
import { Rules } from './rules';
import { statusOf } from './status';
import { ProjectFolder } from './folder';
import { inOrder } from './scanning';
import { readTunedHead, writeTunedHead } from './tuned-head';
import type { PooledImage } from './base';
import { ThumbnailMaker } from './thumbnail-maker';
import { Training } from './training';

export interface SessionOptions {
  readonly folder: string;
  readonly profile: string;
  readonly resources: string;
  readonly processes: Processes;
  readonly emit: Emit<BridgeService>;
  readonly log: Log;
}

/** Actions of more cells are not sent as events. */
const LONG_ACTION = 1000;

/** Status goes to the page at most this often. */
const STATUS_MS = 200;

/** So long the first look at the folder waits for the page to ask for an image. */
const FIRST_IMAGE_MS = 3000;
/** For the page to draw what it was given. */
const DRAWN_MS = 200;

/**
 * The open project: the one writer of its journal, and the owner of the work on its images. What a person says is
 * appended and flushed first; then it counts, is told to the page and handed to training.
 */
export class ProjectSession {
  readonly #options: SessionOptions;
  readonly #journal: Journal;
  readonly #annotator: Annotator;
  readonly #stop = new AbortController();
  readonly #folder: ProjectFolder;
  readonly failing: Failures;
  readonly thumbnails: ThumbnailMaker;
  readonly #looking: Attempts;
  readonly #hashing: Attempts;
  readonly embedding: Embedding;
  readonly training: Training;
  readonly #metadata: Metadata;
  readonly #record: Recorder;
  readonly answers: Answers;
  readonly rules: Rules;
  #tuning = false;
  /** How to do again what the person had started. */
  readonly again = new Map<Work, () => void>();
  /** The folder was looked at, or is being. */
  #begun = false;
  #ordered: ImageRecord[] | null = null;
  #statusTimer: NodeJS.Timeout | null = null;

  static async open(options: SessionOptions): Promise<Result<ProjectSession>> {
    const journal = await Journal.open(options.folder);
    if (!journal.ok) return journal;
    const { project } = journal.value.state;
    const annotator = project?.annotators[0];
    if (!project || !annotator) {
      await journal.value.close();
      return fail('project-missing', { project: options.folder });
    }
    return ok(new ProjectSession(options, journal.value, project, annotator));
  }

  private constructor(options: SessionOptions, journal: Journal, project: Project, annotator: Annotator) {
    this.#options = options;
    this.#journal = journal;
    this.#annotator = annotator;
    this.#record = new Recorder(journal, project, annotator.id, (action) => this.#recorded(action));
    const changed = () => this.#tell();
    this.failing = new Failures(options.log.note, changed);
    this.thumbnails = new ThumbnailMaker(options.processes.imaging, this.failing);
    this.#looking = new Attempts(this.failing, 'scan', () => this.#lookAgain());
    this.#hashing = new Attempts(this.failing, 'hash', () => this.#lookAgain());
    this.#folder = new ProjectFolder({
      project: () => this.project,
      images: () => this.state.images,
      record: (images) => this.#record.append({ ...this.#record.entry(), kind: 'images', images: [...images] }),
      forget: (images) => this.embedding.forget(images),
      hash: async (file) => {
        const hashed = await options.processes.imaging.call('hash', { file }, { signal: this.#stop.signal });
        if (!hashed.ok && (hashed.failure.code === 'process-gone' || hashed.failure.code === 'stopped')) return hashed;
        return ok(hashed.ok ? hashed.value : null);
      },
      onLooked: (failure, comparing) => {
        const [failed, other] = comparing ? [this.#hashing, this.#looking] : [this.#looking, this.#hashing];
        other.worked();
        if (failure) failed.failed(failure);
        else failed.worked();
      },
      onCompare: (done, total) => options.emit('progress', { job: 'relink', done, total, what: 'Comparing files by their contents' }),
      onChange: changed,
      fill: async () => {
        if (await this.#metadata.fill()) this.training.rebuild();
        return this.#metadata.failure;
      },
      signal: this.#stop.signal,
    });
    this.embedding = new Embedding({
      source: {
        encoder: project.encoder,
        profile: options.profile,
        project: project.id,
        frames: project.frames ?? 'first',
        images: () => this.images(),
        file: (image) => this.sourceOf(image),
        isDoubtful: (image) => this.#folder.isDoubtful(image),
      },
      processes: options.processes,
      log: options.log,
      failures: this.failing,
      record: (items) => this.#recordFacts(items),
      onReady: () => this.training.poolGrew(this.embedding.done, this.embedding.state === 'done'),
      onChange: () => {
        if (this.embedding.state === 'done') this.training.poolGrew(this.embedding.done, true);
        changed();
      },
    });
    this.training = new Training({
      source: {
        project: () => this.project,
        pool: () => this.pooled(),
        labels: () => this.#labels(),
        seq: () => this.#journal.state.seq,
        encoder: () => this.embedding.opened,
        openEncoder: () => this.embedding.open(),
        readyHead: () => this.#readyHead(),
        tunedHead: () => readTunedHead(options.folder, this.#tunedFor(), (text) => options.log.note(text)),
      },
      processes: options.processes,
      emit: options.emit,
      log: options.log,
      resources: options.resources,
      failures: this.failing,
      onChange: changed,
    });
    this.answers = new Answers(this.#record);
    this.rules = new Rules(this.#record, this.training);
    this.#metadata = new Metadata({
      project: () => this.project,
      images: () => this.state.images.values(),
      saveImages: (images) => this.#record.append({ ...this.#record.entry(), kind: 'images', images: [...images] }),
      saveProject: (next) => this.#record.saveProject(next),
      patientInFile: async (image) => {
        const header = await options.processes.imaging.call('header', this.sourceOf(image));
        return (header.ok && header.value.find(({ tag }) => tag === '(0010,0020)')?.value) || null;
      },
    });
  }

  get project(): Project {
    return this.#record.project;
  }

  get state(): ProjectState {
    return this.#journal.state;
  }

  /** Of the journal's last action; null while only a snapshot of an earlier version knows it. */
  get lastId(): Id | null {
    return this.#journal.lastId;
  }

  /** Aborts when the project is closed. */
  get closing(): AbortSignal {
    return this.#stop.signal;
  }

  get annotator(): Annotator {
    return this.#annotator;
  }

  /**
   * Starts scanning and embedding; both go on by themselves. Where images are known, the first is shown before: with 100,000 of them
   * the look at the folder would hold it back by half a second.
   */
  begin(): void {
    this.#beginIn(this.state.images.size === 0 ? 0 : FIRST_IMAGE_MS);
  }

  /** The page was given an image to show large. */
  imageGiven(): void {
    if (!this.#begun) this.#beginIn(DRAWN_MS);
  }

  #beginIn(ms: number): void {
    setTimeout(() => {
      if (!this.#begun) this.#lookAgain();
    }, ms);
  }

  #lookAgain(): void {
    if (!this.#stop.signal.aborted) this.rescan().catch((error: unknown) => this.#options.log.bug(error));
  }

  /** The person asks for work that has failed. */
  retry(work: Work): void {
    const { imaging, encoder, trainer } = this.#options.processes;
    for (const process of [imaging, encoder, trainer]) process.retry();
    if (work === 'scan' || work === 'hash') this.#lookAgain();
    else if (work === 'embed') this.embedding.retry();
    else if (work === 'hand-over' || work === 'round') this.training.retry();
    else if (work === 'thumbnail') this.thumbnails.retry();
    else this.again.get(work)?.();
  }

  /** Looks at the folder again and goes on embedding. */
  async rescan(): Promise<Result<ScanOutcome>> {
    this.#begun = true;
    this.#looking.cancel();
    this.#hashing.cancel();
    const found = await this.#folder.look();
    this.#ordered = null;
    if (found.ok && this.images().length > 0) this.embedding.retry();
    return found;
  }

  /** The folder is somewhere else now, its files perhaps under other names. Labels hang on image ids, so they stay. */
  async relocate(folder: string, root?: Id): Promise<Result<ScanOutcome>> {
    const path = resolve(folder);
    const moved = root ?? this.project.roots[0]?.id;
    await this.#folder.idle();
    const recognised = await this.#folder.recognise(
      path,
      inOrder(this.state.images.values()).filter((image) => image.root === moved),
    );
    if (!recognised.ok) return recognised;
    const next = { ...this.project, roots: this.project.roots.map((each) => (each.id === moved ? { ...each, path } : each)) };
    const done = await this.#record.saveProject(next);
    return done.ok ? this.rescan() : done;
  }

  previewMetadata(rule: MetadataRule) {
    return this.#metadata.preview(rule);
  }

  /** Other patients are other groups: training begins again with them. */
  async applyMetadata(rule: MetadataRule | null) {
    await this.#folder.idle();
    const applied = await this.#metadata.apply(rule);
    if (applied.ok) this.training.rebuild();
    this.#tell();
    return applied;
  }

  patientOf(image: ImageRecord): Promise<Result<string | null>> {
    return this.#metadata.patientOf(image);
  }

  stopComparing(): void {
    this.#folder.stopComparing();
  }

  /** Images whose file was not there at the last look. They keep their labels and their place in the grid. */
  missing(): Id[] {
    return [...this.#folder.missing];
  }

  /** Files of the folder that are no images, and why. */
  otherFiles(): readonly OtherFile[] {
    return this.#folder.others;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#looking.cancel();
    this.#hashing.cancel();
    this.thumbnails.close();
    this.training.close();
    await this.embedding.close();
    if (this.#statusTimer) clearTimeout(this.#statusTimer);
    await this.#journal.close();
  }

  /** Images whose file was there at the last scan, in canonical order. */
  images(): readonly ImageRecord[] {
    this.#ordered ??= inOrder(this.state.images.values()).filter((image) => !this.#folder.missing.has(image.id));
    return this.#ordered;
  }

  image(id: Id): ImageRecord | undefined {
    return this.state.images.get(id);
  }

  fileOf(image: ImageRecord): string {
    return join(this.#rootOf(image), image.path);
  }

  /** For reading: whatever the file has become since the scan, nothing outside of its folder is read. */
  sourceOf(image: ImageRecord): ImageSource {
    return { file: this.fileOf(image), root: this.#rootOf(image), frame: image.frame };
  }

  #rootOf(image: ImageRecord): string {
    return this.project.roots.find(({ id }) => id === image.root)?.path ?? '';
  }

  read(after: number, limit: number) {
    return this.#journal.read(after, limit);
  }

  retryFailed(): void {
    this.embedding.retry();
  }

  failures(): { image: Id | null; path: string; failure: Failure }[] {
    return [...this.embedding.failures].map(([id, failure]) => {
      const image = this.image(id);
      return { image: id, path: image ? imageName(image) : id, failure };
    });
  }

  status(): ProjectStatus {
    return statusOf(this.project, this.#folder.status, this.embedding, this.training, this.#tuning, this.failing.shown());
  }

  /** Hash, size and header facts of embedded images, so that a later start need not read them again; further frames become images. */
  async #recordFacts(items: readonly EmbeddedItem[]): Promise<void> {
    const images = readImages(items, this.project, this.state.images);
    if (images.length > 0) await this.#record.append({ ...this.#record.entry(), kind: 'images', images });
    if (images.length > items.length) this.embedding.run();
  }

  /** Whether a head is being fine-tuned: said in the status. */
  set tuning(running: boolean) {
    this.#tuning = running;
    this.#tell();
  }

  /** From the next base on it proposes, and again after a restart. */
  async keepTuned(head: TunedHead): Promise<Result<void>> {
    const written = await writeTunedHead(this.#options.folder, head, this.#tunedFor());
    if (written.ok) this.training.rebuild();
    return written;
  }

  #tunedFor() {
    return { findings: this.project.findings.map(({ id }) => id), seq: this.state.seq };
  }

  labelledImages(): ReadonlySet<Id> {
    return new Set(annotatorState(this.state, this.#annotator.id).cells.keys());
  }

  /** Every embedded image in canonical order. */
  pooled(): PooledImage[] {
    return this.images().flatMap((image) => {
      const name = nameOf(image);
      return name !== null && this.embedding.isReady(image.id) ? [{ image, name }] : [];
    });
  }

  *#labels() {
    for (const [image, cells] of annotatorState(this.state, this.#annotator.id).cells) {
      for (const [finding, value] of cells) yield { image, finding, value };
    }
  }

  /** Without it the project goes on: a damaged head costs only what it would have proposed. */
  async #readyHead(): Promise<Head | null> {
    const { opened } = this.embedding;
    if (!opened?.card.head) return null;
    const head = await readHead(opened.folder);
    if (head.ok && isSameEncoder(head.value.file.encoder.id, opened.card.id)) return head.value;
    this.#options.log.note(head.ok ? `the head in ${opened.folder} is of another encoder` : sentence(head.failure));
    return null;
  }

  #recorded(action: Action): void {
    if (action.kind === 'images') this.#ordered = null;
    if ('cells' in action) this.training.labelled(action.cells, action.time);
    const project = this.project.id;
    // Whoever asked for a long one gets it as the answer: to hand over 100,000 cells takes the page half a second each time.
    if ('cells' in action && action.cells.length > LONG_ACTION) this.#options.emit('journalEnd', { project, seq: action.seq });
    else this.#options.emit('journal', { project, action });
  }

  #tell(): void {
    this.#statusTimer ??= setTimeout(() => {
      this.#statusTimer = null;
      if (!this.#stop.signal.aborted) this.#options.emit('status', this.status());
    }, STATUS_MS);
  }
}
