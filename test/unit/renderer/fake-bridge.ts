import type { BridgeService } from '../../../src/contract/bridge';
import type {
  AppSettings,
  CellRequest,
  ProjectStatus,
  ProjectSummary,
  RoundView,
  ScanOutcome,
  SuspectLabel,
} from '../../../src/contract/views';
import { cellOf, emptyState, apply, nextRedo, nextUndo, type ProjectState } from '../../../src/contract/fold';
import type { Library } from '../../../src/contract/library';
import { type Action, type CellChange, type Id, type Project, type QueueRule } from '../../../src/contract/model';
import { askedBlind } from '../../../src/contract/reserve';
import { fail, ok, type Failure, type Result } from '../../../src/contract/result';
import type { z } from 'zod';
import type { Weights } from '../../../src/contract/weights';
import type { Client, Handlers } from '../../../src/contract/wire';
import { builtinCard, customModel, evaCard, libraryOf, quantisation, weightsOf } from './made-up/encoders';
import { previewOf } from './made-up/metadata';
import { id, makeImage, makeProject } from './made-up/project';
import { roundOf } from './made-up/round';

type Handler = (payload: never) => void;
type Params<M extends keyof Handlers<BridgeService>> = Parameters<Handlers<BridgeService>[M]>[0];

interface Options {
  readonly project?: Project;
  readonly images?: number;
  readonly paths?: readonly string[];
  /** Milliseconds before an answer. */
  readonly delay?: number;
  /** Rounds after each label, with a head from this many labels on. */
  readonly headFrom?: number;
  /** The encoder's file brought a head: for these findings it speaks before any label, for the first of them also afterwards. */
  readonly ready?: readonly string[];
  /** Files were read, so that the audit's reserve is known. */
  readonly read?: boolean;
  /** What Enter may take over; the model has skill of everything unless given. */
  readonly acceptance?: RoundView['acceptance'];
}

/** A bridge with the journal semantics of main in memory: numbers without gaps, undo appends, acknowledged in order. */
export class FakeBridge implements Client<BridgeService> {
  readonly journal: Action[] = [];
  readonly calls: { method: string; params: unknown }[] = [];
  readonly state: ProjectState = emptyState();
  /** The next call of a method fails with this. */
  readonly failures = new Map<string, Failure>();
  project: Project;
  summaries: ProjectSummary[];
  chosenFolder: string | null = '/data/radiographs';
  /** Answers to labels.* wait for this. */
  gate: Promise<void> = Promise.resolve();
  /** Answers to a method wait for this. */
  readonly gateOf = new Map<string, Promise<void>>();
  /** Main finds everything as the next labels say. */
  unchanged = false;
  /** Of the table of labels that is imported. */
  tableVersion = '1';
  /** While set, events of acknowledged actions are held back. */
  silent = false;
  readonly #listeners = new Map<string, Set<Handler>>();
  readonly #options: Options;
  #settings: AppSettings = {
    theme: 'dark',
    hideProposals: false,
    annotator: 'Annotator',
    mirror: '',
    tfjsFolder: null,
    showPatients: false,
  };
  status: ProjectStatus;
  /** What the images of other patients speak against. */
  suspects: SuspectLabel[] = [];
  weights: Weights[] = weightsOf();
  library: Library = libraryOf();
  /** What the chosen checkpoint is. */
  checkpoint: z.infer<BridgeService['methods']['encoders.inspect']['result']> = {
    file: 'eva_x_small_patch16_merged520k_mim.pt',
    sha256: 'c'.repeat(64),
    name: 'EVA-X S',
    variant: 'small',
    d: 384,
    size: 224,
    preparation: { how: {}, from: null },
    head: null,
    here: [],
  };
  /** Of the file that encoders were made of. */
  source: { sha256: string; path: string | null } = { sha256: 'c'.repeat(64), path: null };
  /** Images whose file was not there at the last look. */
  missing: Id[] = [];
  /** Of the next scans. */
  outcome: ScanOutcome = { added: 0, changed: 0, moved: 0, missing: 0, uncompared: 0 };

  constructor(options: Options = {}) {
    this.#options = options;
    this.project = options.project ?? makeProject();
    const count = options.paths?.length ?? options.images ?? 24;
    this.append({ kind: 'project', project: this.project });
    const images = Array.from({ length: count }, (_, i) => ({
      ...makeImage(i + 1, options.paths?.[i]),
      ...(options.read ? { sha256: String(i + 1).padStart(64, '0') } : {}),
    }));
    if (count > 0) this.append({ kind: 'images', images });
    this.status = {
      project: this.project.id,
      scan: { state: 'done', found: count, skipped: 0, missing: 0, metadata: null },
      embedding: { state: 'done', done: count, total: count, failed: 0, rate: null, secondsLeft: null, damaged: 0 },
      encoder: {
        id: 'e'.repeat(64),
        name: 'Wavelet scattering',
        builtin: true,
        provider: 'cpu',
        reason: 'no other provider here',
        precision: 'fp32',
        tokenBytes: null,
        blockBytes: null,
      },
      trainer: {
        backend: 'wasm',
        reason: 'no native library found',
        stage: 'idle',
        tuning: false,
        tunedWaits: false,
        milliseconds: 41,
        settings: { strategy: 'auto', head: 'auto', combine: 'mean', missed: 0.1 },
      },
      failures: [],
    };
    this.summaries = [
      {
        id: this.project.id,
        name: this.project.name,
        folder: '/data/radiographs',
        task: this.project.task,
        encoder: this.project.encoder,
        images: count,
        labelled: 0,
        opened: new Date().toISOString(),
        missing: false,
      },
    ];
  }

  async call<M extends keyof BridgeService['methods']>(method: M, params: Params<M>): Promise<never> {
    this.calls.push({ method, params });
    if (this.#options.delay) await new Promise((resolve) => setTimeout(resolve, this.#options.delay));
    if (method.startsWith('labels.')) await this.gate;
    await this.gateOf.get(method);
    const failure = this.failures.get(method);
    if (failure) {
      this.failures.delete(method);
      return { ok: false, failure } as never;
    }
    const handler = this.#handlers[method] as (params: unknown) => Result<unknown>;
    return handler(params) as never;
  }

  on(event: string, handler: (payload: never) => void): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set);
    set.add(handler);
    return () => set.delete(handler);
  }

  emit(event: string, payload: unknown): void {
    this.#listeners.get(event)?.forEach((handler) => handler(payload as never));
  }

  /** A new status, as main sends it. */
  tell(change: Partial<ProjectStatus>): void {
    this.status = { ...this.status, ...change };
    this.emit('status', this.status);
  }

  /** News of a download, as main sends them. */
  tellWeights(change: Partial<Weights>): void {
    this.weights = this.weights.map((each) => (each.name === (change.name ?? 'eva-x-small') ? { ...each, ...change } : each));
    const news = this.weights.find(({ name }) => name === (change.name ?? 'eva-x-small'));
    this.emit('weights', news);
  }

  called(method: string): unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ params }) => params);
  }

  /** Appends to the journal and tells the page, as main does. */
  append(entry: Record<string, unknown> & { kind: Action['kind'] }): Action {
    const seq = this.journal.length + 1;
    const action = { seq, id: id(seq, 'J'), annotator: id(1, 'N'), time: '2026-11-22T10:00:00.000Z', ...entry } as Action;
    this.journal.push(action);
    apply(this.state, action);
    if (!this.silent) this.emit('journal', { project: this.project.id, action });
    return action;
  }

  /** Probabilities and a queue made up from the journal's labels, the same for the same labels. */
  round(): RoundView {
    const labelled = new Set(this.state.annotators.get(id(1, 'N'))?.cells.keys() ?? []);
    const { headFrom = 2, ready } = this.#options;
    const { acceptance } = this.#options;
    const images = [...this.state.images.values()];
    return roundOf(this.project, { seq: this.journal.length, images, labelled, blind: this.#askedBlind(), headFrom, ready, acceptance });
  }

  sendRound(): void {
    this.emit('pool', { project: this.project.id, pool: 1, images: [...this.state.images.keys()] });
    this.emit('round', this.round());
  }

  /** Main completes a multi-class answer: the other findings are absent. */
  #complete(requests: readonly CellRequest[]): CellRequest[] {
    if (this.project.task === 'multilabel') return [...requests];
    const present = requests.filter(({ state }) => state === 'present');
    const others = present.flatMap((answer) =>
      this.project.findings.flatMap(({ id: finding }) =>
        finding === answer.finding ? [] : [{ ...answer, finding, state: 'absent' as const }],
      ),
    );
    const answered = new Set(present.map(({ image }) => image));
    return [...requests.filter(({ image }) => !answered.has(image)), ...present, ...others];
  }

  #change(given: readonly CellRequest[]): CellChange[] {
    return this.#complete(given).map(({ image, finding, state, source, shown, head, use = 'train', blind, by }) => {
      const before = cellOf(this.state, id(1, 'N'), image, finding);
      const how = {
        use: before?.use === 'audit' ? before.use : use,
        ...(blind ? { blind } : {}),
        ...(by ? { by } : {}),
      };
      return {
        image,
        finding,
        before,
        after: state === 'none' ? null : { state, source, ...how, shown, head, time: '2026-11-22T10:00:00.000Z' },
      };
    });
  }

  #askedBlind(): Set<Id> {
    const cells = this.state.annotators.get(id(1, 'N'))?.cells ?? new Map<Id, never>();
    return new Set([...cells].flatMap(([image, of]) => (askedBlind(of) ? [image] : [])));
  }

  #setRule(queue: QueueRule): void {
    this.project = { ...this.project, queue };
    this.append({ kind: 'project', project: this.project });
    const { strategy, head, combine, missed = 0.1 } = queue;
    this.tell({
      trainer: { ...this.status.trainer, settings: { strategy, head, combine, missed } as ProjectStatus['trainer']['settings'] },
    });
  }

  #acknowledge(action: Action): Result<Action> {
    setTimeout(() => this.sendRound(), 0);
    return ok(action);
  }

  readonly #handlers: { [M in keyof BridgeService['methods']]: (params: Params<M>) => Result<unknown> } = {
    'projects.otherFiles': () => ok([{ path: 'notes.txt', reason: 'not-an-image' }]),
    'app.info': () =>
      ok({ version: '0.1.0', electron: '45.4.1', platform: 'linux x64', standIn: false, profile: '/home/reader/.config/collimate' }),
    'settings.get': () => ok(this.#settings),
    'settings.set': (patch) => {
      this.#settings = Object.assign({ ...this.#settings }, patch);
      return ok(this.#settings);
    },
    'backend.choose': () => {
      this.#settings = { ...this.#settings, tfjsFolder: '/opt/tensorflow' };
      return ok({
        folder: '/opt/tensorflow',
        backend: 'tfjs-node-gpu',
        reason: 'TensorFlow 2.9.1 on the graphics card; asked for, self-test passed in 0.9 ms',
      });
    },
    'tuning.start': () => ok({ wins: true, loss: 0.312, linearLoss: 0.361, labels: 240 }),
    'backend.check': () => fail('backend-unavailable', { backend: 'tfjs-node-gpu', reason: 'libcudart.so.11.0 is missing' }),
    'backend.forget': () => {
      this.#settings = { ...this.#settings, tfjsFolder: null };
      return ok();
    },
    'dialog.folder': () => ok(this.chosenFolder),
    'dialog.onnx': () => ok('/data/cxr-encoder.onnx'),
    'dialog.image': () => ok('/data/example.png'),
    'custom.inspect': () => ok(customModel),
    'custom.try': ({ wish }) => {
      const { size } = wish.preprocessing.tile;
      const data = new Uint8Array(size * size).map((_, i) => (i % size) % 256);
      return ok({ tile: { size, channels: 1, data }, d: 768, norm: 27.71, mean: 0.002, deviation: 1, milliseconds: 41.3, single: true });
    },
    'custom.keep': ({ wish }) => ok({ ...evaCard, id: 'c'.repeat(64), kind: 'custom', name: wish.name }),
    'dialog.checkpoint': () => ok('/data/eva_x_small_patch16_merged520k_mim.pt'),
    'dialog.table': () => ok('/data/patients.csv'),
    'metadata.preview': ({ rule }) => previewOf([...this.state.images.values()], rule),
    'metadata.apply': ({ rule }) => {
      const found = rule ? previewOf([...this.state.images.values()], rule) : null;
      if (found?.ok === false) return found;
      const { metadata: _before, ...project } = this.project;
      this.project = rule ? { ...project, metadata: rule } : project;
      this.append({ kind: 'project', project: this.project });
      const { matched = 0, patients = 0 } = found?.value ?? {};
      return ok({ images: this.state.images.size, matched, patients });
    },
    'images.patient': ({ image }) => ok(`P-${image.slice(-2)}`),
    'projects.list': () => ok(this.summaries),
    'projects.inspect': () =>
      ok({ images: 5863, more: false, examples: ['NORMAL/IM-0001-0001.jpeg', 'PNEUMONIA/person1_bacteria_1.jpeg'], frames: 'none' }),
    'projects.create': ({ name, task, findings }) => {
      this.project = { ...this.project, name, task, findings: findings.map((finding, i) => ({ ...finding, id: id(i + 1, 'F') })) };
      this.append({ kind: 'project', project: this.project });
      return ok(this.project);
    },
    'projects.sample': () => ok(this.project),
    'projects.open': () => {
      setTimeout(() => this.sendRound(), 0);
      return ok({ project: this.project, last: this.journal.length, status: this.status });
    },
    'projects.close': () => ok(),
    'projects.remove': ({ project }) => {
      this.summaries = this.summaries.filter((each) => each.id !== project);
      return ok();
    },
    'projects.findings': ({ findings }) => {
      const next = findings.map(({ id: known, ...rest }, i) => ({ id: known ?? id(i + 1, 'F'), ...rest }));
      this.project = { ...this.project, findings: next };
      this.append({ kind: 'project', project: this.project });
      return ok(this.project);
    },
    'images.missing': () => ok(this.missing),
    'images.header': () =>
      ok([
        { tag: '(0008,0060)', name: 'Modality', value: 'DX' },
        { tag: '(0018,5101)', name: 'View Position', value: 'PA' },
        { tag: '(0028,0010)', name: 'Rows', value: '2500' },
      ]),
    'projects.rescan': () => {
      this.tell({ scan: { state: 'done', found: this.state.images.size, skipped: 0, missing: 0, metadata: null }, failures: [] });
      return ok(this.outcome);
    },
    'projects.relocate': ({ folder }) => {
      this.project = { ...this.project, roots: this.project.roots.map((root) => ({ ...root, path: folder })) };
      this.append({ kind: 'project', project: this.project });
      return this.#handlers['projects.rescan']({ project: this.project.id });
    },
    'journal.read': ({ after, limit }) => ok({ actions: this.journal.slice(after, after + limit), last: this.journal.length }),
    'labels.apply': ({ cells }) =>
      this.unchanged ? ok(null) : this.#acknowledge(this.append({ kind: 'cells', cells: this.#change(cells) })),
    // A table that says the first finding is present in every image.
    'labels.import': ({ write }) => {
      const [first] = this.project.findings;
      const fresh = [...this.state.images.keys()].filter((image) => !this.state.annotators.get(id(1, 'N'))?.cells.has(image));
      const cells = fresh.map(
        (image) => ({ image, finding: first?.id ?? '', state: 'present', source: 'imported', shown: null, head: null }) as const,
      );
      if (write === this.tableVersion && cells.length > 0) this.#acknowledge(this.append({ kind: 'cells', cells: this.#change(cells) }));
      return ok({
        version: this.tableVersion,
        rows: this.state.images.size + 1,
        unused: 1,
        images: this.state.images.size,
        audit: 2,
        steps: write === this.tableVersion && cells.length > 0 ? 1 : 0,
        labels: cells.length,
        kept: this.state.images.size - cells.length,
        findings: this.project.findings.map(({ name }, at) => ({
          name,
          present: at === 0 ? this.state.images.size : 0,
          absent: 0,
          unsure: 0,
        })),
        unknown: ['age'],
      });
    },
    'labels.keep': ({ image, finding, kept }) => {
      const before = cellOf(this.state, id(1, 'N'), image, finding);
      if (!before) return ok(null);
      const after = { ...before, kept: { ...kept, time: '2026-11-22T10:00:00.000Z' } };
      return this.#acknowledge(this.append({ kind: 'cells', cells: [{ image, finding, before, after }] }));
    },
    'labels.skip': ({ image }) => this.#acknowledge(this.append({ kind: 'skip', image })),
    'labels.undo': () => {
      const step = nextUndo(this.state, id(1, 'N'));
      return step ? this.#acknowledge(this.append({ kind: 'undo', ...step })) : fail('nothing-to-undo');
    },
    'labels.redo': () => {
      const step = nextRedo(this.state, id(1, 'N'));
      return step ? this.#acknowledge(this.append({ kind: 'redo', ...step })) : fail('nothing-to-undo');
    },
    'embedding.pause': () => ok(),
    'embedding.retry': () => ok(),
    'work.retry': ({ work }) => {
      this.tell({ failures: this.status.failures.filter((failing) => failing.work !== work) });
      return ok();
    },
    'work.dismiss': () => ok(),
    'embedding.failures': () =>
      ok([
        {
          image: id(3, 'G'),
          path: 'ward/000003.png',
          failure: { code: 'image-corrupt', params: { file: 'ward/000003.png', reason: 'it ends after 512 bytes' } },
        },
      ]),
    'projects.audit': ({ share, open }) => {
      const audit = {
        ...this.project.audit,
        ...(share === undefined ? {} : { share }),
        ...(open ? { opened: '2026-11-22T10:00:00.000Z' } : {}),
      };
      this.project = { ...this.project, audit };
      this.append({ kind: 'project', project: this.project });
      setTimeout(() => this.sendRound(), 0);
      return ok(this.project);
    },
    'queue.settings': ({ strategy, head, combine, missed }) => {
      this.#setRule({ strategy, head, combine, missed, search: null });
      return ok();
    },
    'search.start': ({ finding, seeds }) => {
      this.#setRule({ strategy: 'rare', head: 'auto', combine: 'mean', search: { finding, seeds, started: '2026-11-22T09:00:00.000Z' } });
      return ok();
    },
    'search.stop': () => {
      this.#setRule({ strategy: 'auto', head: 'auto', combine: 'mean', search: null });
      return ok();
    },
    'review.suspects': () => ok({ judged: this.suspects.length * 5, flagged: this.suspects.length, suspects: this.suspects }),
    'queue.similar': ({ image, count }) =>
      ok(
        [...this.state.images.keys()]
          .filter((other) => other !== image)
          .slice(0, count)
          .map((other, i) => ({ image: other, similarity: 0.98 - i * 0.01 })),
      ),
    'export.labels': ({ folder }) => ok({ files: [`${folder}/labels.csv`] }),
    'export.classFolders': () => ok({ files: [], copied: 12, missing: [] }),
    'export.model': ({ folder }) =>
      ok({ files: [`${folder}/model/model.onnx`, `${folder}/model/README.md`], checked: 32, maxDifference: 2.4e-7 }),
    'export.reveal': () => ok(),
    'encoders.list': () => ok([{ card: builtinCard, bytes: 1_800_000, builtin: true }]),
    'encoders.import': ({ precision = 'fp32', findings }) =>
      ok({
        card: {
          ...evaCard,
          precision,
          head: findings ? { findings } : evaCard.head,
          ...(precision === 'fp32' ? {} : { quantisation }),
        },
        added: '2026-11-22T10:00:00.000Z',
        outcome: precision === 'fp32' ? 'added' : 'offered',
      }),
    'encoders.inspect': () => ok(this.checkpoint),
    'encoders.source': () => ok({ file: this.checkpoint.file, sha256: this.source.sha256, path: this.source.path }),
    'encoders.keep': ({ keep }) => ok(keep ? { card: evaCard, added: '2026-11-22T10:00:00.000Z', outcome: 'added' } : null),
    'encoders.library': () => ok(this.library),
    'encoders.measure': () => {
      const speed = { imagesPerSecond: 24.3, provider: 'cpu', reason: 'It runs on every machine.', measured: '2026-11-22T10:00:00.000Z' };
      this.library = { ...this.library, encoders: this.library.encoders.map((entry) => ({ ...entry, speed })) };
      return ok(speed);
    },
    'encoders.remove': ({ id: gone }) => {
      this.library = { ...this.library, encoders: this.library.encoders.filter(({ card }) => card.id !== gone) };
      this.emit('encoders', {});
      return ok();
    },
    'embeddings.remove': () => ok(),
    'weights.list': () => ok({ weights: this.weights, proxy: null }),
    'weights.get': () => ok(evaCard),
    'weights.pause': () => ok(),
    'weights.discard': ({ name }) => {
      this.tellWeights({ ...weightsOf().find((each) => each.name === name) });
      return ok();
    },
    'jobs.stop': () => ok(),
  };
}
