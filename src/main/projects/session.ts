import { join, resolve } from 'node:path';
import type { BridgeService, CellRequest, LabelImport, NewFinding, ProjectStatus, ScanOutcome } from '../../contract/bridge';
import { sentence } from '../../contract/catalogue';
import { annotatorState, cellOf, nextRedo, nextUndo, type ProjectState } from '../../contract/fold';
import { imageName } from '../../contract/frames';
import type { Head } from '../../contract/head';
import type { EmbeddedItem } from '../../contract/jobs/encoder';
import type { ImageSource } from '../../contract/jobs/imaging';
import type { TunedHead } from '../../contract/jobs/trainer';
import {
  BUILTIN_ENCODER,
  type Action,
  type Annotator,
  type Id,
  type ImageRecord,
  type Kept,
  type MetadataRule,
  type Project,
  type QueueRule,
} from '../../contract/model';
import { fail, ok, type Failure, type Result } from '../../contract/result';
import type { Emit } from '../../contract/wire';
import { readHead } from '../../encoder/head-folder';
import { Journal, type Draft, type DraftFrom } from '../journal/journal';
import type { Log } from '../log';
import type { Processes } from '../processes';
import type { z } from 'zod';
import { Embedding, nameOf } from './embedding';
import { hashPatient } from '../metadata/rule';
import { frameRecords } from './frames';
import { checkFindings, hasLabels } from './findings';
import { readLabelTable } from './label-table';
import { changesFor } from './labels';
import { Metadata } from './metadata';
import { keyOf, ProjectFolder } from './folder';
import { inOrder } from './scanning';
import { readTunedHead, writeTunedHead } from './tuned-head';
import type { PooledImage } from './base';
import { Training } from './training';
import { ulid } from 'ulid';

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
/** Labels in one action of an import. */
const MAX_IMPORTED = 200_000;

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
  readonly embedding: Embedding;
  readonly training: Training;
  readonly #metadata: Metadata;
  #tuning = false;
  #project: Project;
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
    this.#project = project;
    this.#annotator = annotator;
    const changed = () => this.#tell();
    this.#folder = new ProjectFolder({
      project: () => this.#project,
      images: () => this.state.images,
      record: (images) => this.#append({ ...this.#entry(), kind: 'images', images: [...images] }),
      forget: (images) => this.embedding.forget(images),
      hash: async (file) => {
        const hashed = await options.processes.imaging.call('hash', { file }, { signal: this.#stop.signal });
        return hashed.ok ? hashed.value : null;
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
      },
      processes: options.processes,
      log: options.log,
      record: (items) => this.#recordFacts(items),
      onReady: () => this.training.poolGrew(this.embedding.done, this.embedding.state === 'done'),
      onChange: () => {
        if (this.embedding.state === 'done') this.training.poolGrew(this.embedding.done, true);
        changed();
      },
    });
    this.training = new Training({
      source: {
        project: () => this.#project,
        pool: () => this.pooled(),
        labels: () => this.#labels(),
        seq: () => this.#journal.state.seq,
        encoder: () => this.embedding.opened,
        readyHead: () => this.#readyHead(),
        tunedHead: () => readTunedHead(options.folder, this.#tunedFor(), (text) => options.log.note(text)),
      },
      processes: options.processes,
      emit: options.emit,
      log: options.log,
      resources: options.resources,
      onChange: changed,
    });
    this.#metadata = new Metadata({
      project: () => this.#project,
      images: () => this.state.images.values(),
      saveImages: (images) => this.#append({ ...this.#entry(), kind: 'images', images: [...images] }),
      saveProject: (next) => this.#saveProject(next),
      patientInFile: async (image) => {
        const header = await options.processes.imaging.call('header', this.sourceOf(image));
        return (header.ok && header.value.find(({ tag }) => tag === '(0010,0020)')?.value) || null;
      },
    });
  }

  get project(): Project {
    return this.#project;
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

  /** Starts scanning and embedding; both go on by themselves. */
  begin(): void {
    void this.rescan().catch((error: unknown) => this.#options.log.bug(error));
  }

  /** Looks at the folder again and goes on embedding. */
  async rescan(): Promise<Result<ScanOutcome>> {
    const found = await this.#folder.look();
    this.#ordered = null;
    if (found.ok && this.images().length > 0) this.embedding.retry();
    return found;
  }

  /** The folder is somewhere else now, its files perhaps under other names. Labels hang on image ids, so they stay. */
  async relocate(folder: string, root?: Id): Promise<Result<ScanOutcome>> {
    const path = resolve(folder);
    const moved = root ?? this.#project.roots[0]?.id;
    await this.#folder.idle();
    const recognised = await this.#folder.recognise(
      path,
      inOrder(this.state.images.values()).filter((image) => image.root === moved),
    );
    if (!recognised.ok) return recognised;
    const next = { ...this.#project, roots: this.#project.roots.map((each) => (each.id === moved ? { ...each, path } : each)) };
    const done = await this.#saveProject(next);
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

  async close(): Promise<void> {
    this.#stop.abort();
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
    return this.#project.roots.find(({ id }) => id === image.root)?.path ?? '';
  }

  read(after: number, limit: number) {
    return this.#journal.read(after, limit);
  }

  /** Resolves when the answer is in the journal and on the disk. Null: everything is as asked already, and nothing is written. */
  async label(requests: readonly CellRequest[]): Promise<Result<Action | null>> {
    const time = now();
    const use = (image: Id) => (this.training.isAudit(image) ? ('audit' as const) : ('train' as const));
    let asAsked = false;
    const done = await this.#append((state) => {
      const changes = changesFor(state, this.#project, this.#annotator.id, requests, { time, use });
      if (!changes.ok) return changes;
      asAsked = changes.value.length === 0;
      if (asAsked) return fail('stopped');
      return ok({ ...this.#entry(time), kind: 'cells', cells: changes.value });
    });
    return asAsked ? ok(null) : done;
  }

  /** Labels out of a table, for what this annotator has not read. Each action holds as many as one answer may. */
  async importLabels(file: string, write: boolean): Promise<Result<LabelImport>> {
    const read = await readLabelTable(file, this.#project, this.state.images.values());
    if (!read.ok) return read;
    const fresh = read.value.cells.filter(({ image, finding }) => cellOf(this.state, this.#annotator.id, image, finding) === null);
    const written = write ? fresh.length : 0;
    for (let start = 0; start < written; start += MAX_IMPORTED) {
      const saved = await this.label(fresh.slice(start, start + MAX_IMPORTED));
      if (!saved.ok) return saved;
    }
    return ok({ ...read.value.summary, labels: fresh.length, kept: read.value.cells.length - fresh.length });
  }

  /** A suspect label stands. Its time stays: it was given then. Null: it is no longer there. */
  async keep(image: Id, finding: Id, kept: Omit<Kept, 'time'>): Promise<Result<Action | null>> {
    let gone = false;
    const done = await this.#append((state) => {
      const before = cellOf(state, this.#annotator.id, image, finding);
      gone = before === null;
      if (!before) return fail('stopped');
      return ok({
        ...this.#entry(),
        kind: 'cells',
        cells: [{ image, finding, before, after: { ...before, kept: { ...kept, time: now() } } }],
      });
    });
    return gone ? ok(null) : done;
  }

  skip(image: Id): Promise<Result<Action>> {
    return this.#append((state) =>
      state.images.has(image) ? ok({ ...this.#entry(), kind: 'skip', image }) : fail('image-unknown', { image }),
    );
  }

  undo(): Promise<Result<Action>> {
    return this.#append((state) => {
      const step = nextUndo(state, this.#annotator.id);
      return step ? ok({ ...this.#entry(), kind: 'undo', ...step }) : fail('nothing-to-undo');
    });
  }

  redo(): Promise<Result<Action>> {
    return this.#append((state) => {
      const step = nextRedo(state, this.#annotator.id);
      return step ? ok({ ...this.#entry(), kind: 'redo', ...step }) : fail('nothing-to-undo');
    });
  }

  /** New names, colours and keys; a finding without an id is new. */
  async changeFindings(findings: readonly (z.infer<typeof NewFinding> & { id: Id | null })[]): Promise<Result<Project>> {
    const kept = new Set(findings.flatMap(({ id }) => id ?? []));
    const out = this.#project.findings.filter(({ id }) => !kept.has(id));
    const labelled = out.find(({ id }) => hasLabels(this.state, id));
    if (labelled) {
      const reason = `"${labelled.name}" has labels, or had some that undo can bring back, and is not taken out; rename it instead`;
      return fail('project-invalid', { reason });
    }
    const checked = checkFindings(this.#project.task, findings);
    if (!checked.ok) return checked;
    const next = {
      ...this.#project,
      findings: findings.map(({ id, ...rest }) => ({
        ...this.#project.findings.find((finding) => finding.id === id),
        ...rest,
        id: id ?? ulid(),
        name: rest.name.trim(),
      })),
      // A search for what is taken out is over.
      ...(out.some(({ id }) => id === this.#project.queue?.search?.finding)
        ? { queue: { ...this.#rule(), strategy: 'auto', search: null } }
        : {}),
    };
    const done = await this.#saveProject(next);
    if (!done.ok) return done;
    this.training.rebuild();
    return ok(next);
  }

  /** Strategy and head, kept with the project; a search goes on only with its own strategy. */
  async setQueue({ strategy, head, combine }: Omit<QueueRule, 'search'>): Promise<Result<void>> {
    const search = strategy === 'rare' ? (this.#project.queue?.search ?? null) : null;
    return this.#changeQueue({ strategy, head, combine, search });
  }

  async startSearch(finding: Id, seeds: readonly Id[]): Promise<Result<void>> {
    if (!this.#project.findings.some(({ id }) => id === finding)) return fail('finding-unknown', { finding });
    return this.#changeQueue({ ...this.#rule(), strategy: 'rare', search: { finding, seeds: [...seeds], started: now() } });
  }

  async stopSearch(): Promise<Result<void>> {
    return this.#changeQueue({ ...this.#rule(), strategy: 'auto', search: null });
  }

  #rule(): QueueRule {
    return this.#project.queue ?? { strategy: 'auto', head: 'auto', combine: 'mean', search: null };
  }

  async #changeQueue(queue: QueueRule): Promise<Result<void>> {
    const next = { ...this.#project, queue };
    const done = await this.#append({ ...this.#entry(), kind: 'project', project: next });
    if (!done.ok) return done;
    this.#project = next;
    this.training.configure();
    return ok();
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
    const { embedding, training } = this;
    const { opened } = embedding;
    return {
      project: this.#project.id,
      scan: this.#folder.status,
      embedding: {
        state: embedding.state,
        done: embedding.done,
        total: embedding.total,
        failed: embedding.failures.size,
        rate: embedding.rate,
        secondsLeft: embedding.secondsLeft,
        failure: embedding.failure,
      },
      encoder: opened && {
        id: opened.card.id,
        name: opened.card.name,
        builtin: this.#project.encoder === BUILTIN_ENCODER,
        provider: opened.provider,
        reason: opened.reason,
        precision: opened.card.precision,
        quantisation: opened.card.quantisation,
        tokenBytes: opened.card.outputs.tokens ? 2 * opened.card.outputs.tokens[0] * opened.card.outputs.tokens[1] : null,
      },
      trainer: {
        backend: training.backend,
        reason: training.reason,
        stage: training.stage,
        tuning: this.#tuning,
        milliseconds: training.milliseconds,
        settings: { strategy: training.settings.strategy, head: training.settings.head, combine: training.settings.combine ?? 'mean' },
      },
    };
  }

  /** Hash, size and header facts of embedded images, so that a later start need not read them again; further frames become images. */
  async #recordFacts(items: readonly EmbeddedItem[]): Promise<void> {
    const all = this.#project.frames === 'all';
    // A file that was divided before and has changed since may have more frames now.
    const dividedAgain = all && items.some((item) => item.status === 'ok' && item.facts.frames && this.image(item.key)?.frame === 0);
    const recorded = new Set(dividedAgain ? Array.from(this.state.images.values(), frameKey) : []);
    const images = items.flatMap((item) => {
      const image = item.status === 'ok' ? this.image(item.key) : undefined;
      if (item.status !== 'ok' || !image) return [];
      const { sha256, width, height, patient, study, view, notes = [] } = item.facts;
      // The salt is the project's id: the same patient cannot be recognised across projects.
      const hashed = patient === null ? null : hashPatient(this.#project.id, patient);
      const read = { ...image, sha256, width, height, patient: hashed, study, view, notes };
      return all ? frameRecords(read, item.facts.frames ?? [], (frame) => recorded.has(frameKey({ ...image, frame }))) : [read];
    });
    if (images.length > 0) await this.#append({ ...this.#entry(), kind: 'images', images });
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
    return { findings: this.#project.findings.map(({ id }) => id), seq: this.state.seq };
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
    if (head.ok && head.value.file.encoder.id === opened.card.id) return head.value;
    this.#options.log.note(head.ok ? `the head in ${opened.folder} is of another encoder` : sentence(head.failure));
    return null;
  }

  #entry(time = now()) {
    return { id: ulid(), annotator: this.#annotator.id, time };
  }

  async #append(action: Draft | DraftFrom): Promise<Result<Action>> {
    const done = await this.#journal.append(action);
    if (!done.ok) return done;
    if (done.value.kind === 'images') this.#ordered = null;
    if ('cells' in done.value) this.training.labelled(done.value.cells, done.value.time);
    const project = this.#project.id;
    // Whoever asked for a long one gets it as the answer: to hand over 100,000 cells takes the page half a second each time.
    if ('cells' in done.value && done.value.cells.length > LONG_ACTION) this.#options.emit('journalEnd', { project, seq: done.value.seq });
    else this.#options.emit('journal', { project, action: done.value });
    return done;
  }

  async #saveProject(next: Project): Promise<Result<Action>> {
    const done = await this.#append({ ...this.#entry(), kind: 'project', project: next });
    if (done.ok) this.#project = next;
    return done;
  }

  #tell(): void {
    this.#statusTimer ??= setTimeout(() => {
      this.#statusTimer = null;
      if (!this.#stop.signal.aborted) this.#options.emit('status', this.status());
    }, STATUS_MS);
  }
}

const frameKey = (image: ImageRecord) => `${String(image.frame)} ${keyOf(image)}`;
const now = () => new Date().toISOString();
