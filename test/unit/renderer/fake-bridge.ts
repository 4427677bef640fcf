import type {
  AppSettings,
  BridgeService,
  CellRequest,
  MetadataPreview,
  ProjectStatus,
  ProjectSummary,
  RoundView,
  ScanOutcome,
  SuspectLabel,
} from '../../../src/contract/bridge';
import { cellOf, emptyState, apply, nextRedo, nextUndo, type ProjectState } from '../../../src/contract/fold';
import type { Library } from '../../../src/contract/library';
import { matchPattern, parsePattern } from '../../../src/contract/file-pattern';
import type { CustomModel } from '../../../src/contract/custom-encoder';
import type { EncoderCard } from '../../../src/contract/encoder-card';
import type { HeadFile } from '../../../src/contract/head';
import type { Metrics, QueueEntry } from '../../../src/contract/jobs/trainer';
import {
  SCHEMA,
  type Action,
  type CellChange,
  type Id,
  type ImageRecord,
  type MetadataRule,
  type Project,
  type QueueRule,
  type Stated,
  type Task,
} from '../../../src/contract/model';
import { fail, ok, type Failure, type Result } from '../../../src/contract/result';
import type { z } from 'zod';
import type { Weights } from '../../../src/contract/weights';
import type { Client, Handlers } from '../../../src/contract/wire';

type Handler = (payload: never) => void;
type Params<M extends keyof Handlers<BridgeService>> = Parameters<Handlers<BridgeService>[M]>[0];

/** ULIDs in counting order. */
export function id(n: number, kind = 'A'): Id {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let text = '';
  for (let rest = n; text.length < 12; rest = Math.floor(rest / 32)) text = (digits[rest % 32] ?? '0') + text;
  return `01${kind.repeat(12)}${text}`;
}

export const makeProject = (task: Task = 'multiclass', names: readonly string[] = ['Normal', 'Bacterial', 'Viral']): Project => ({
  id: id(1, 'P'),
  name: 'Pneumonia, ward study',
  schema: SCHEMA,
  roots: [{ id: id(1, 'R'), path: '/data/radiographs' }],
  task,
  findings: names.map((name, i) => ({
    id: id(i + 1, 'F'),
    name,
    hotkey: '123456789bcdejklmnostuvwyz'[i] ?? 'z',
    colour: ['#4aa3df', '#e69f00', '#2fb38a', '#d55e00', '#cc79a7', '#b8a800', '#7d8cf0'][i % 7] ?? '#4aa3df',
  })),
  encoder: 'builtin',
  seed: 1,
  audit: { share: 0.15, from: 30 },
  annotators: [{ id: id(1, 'N'), name: 'Annotator' }],
  created: '2026-11-20T08:00:00.000Z',
});

export const makeImage = (n: number, path = `ward/${String(n).padStart(6, '0')}.png`): ImageRecord => ({
  id: id(n, 'G'),
  root: id(1, 'R'),
  path,
  frame: null,
  bytes: 1000,
  mtime: 0,
  sha256: null,
  width: 512,
  height: 512,
  patient: null,
  study: null,
  view: null,
});

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
    head: null,
    here: [],
  };
  /** Images whose file was not there at the last look. */
  missing: Id[] = [];
  /** Of the next scans. */
  outcome: ScanOutcome = { added: 0, changed: 0, moved: 0, missing: 0, uncompared: 0 };

  constructor(options: Options = {}) {
    this.#options = options;
    this.project = options.project ?? makeProject();
    const count = options.paths?.length ?? options.images ?? 24;
    this.append({ kind: 'project', project: this.project });
    const images = Array.from({ length: count }, (_, i) => makeImage(i + 1, options.paths?.[i]));
    if (count > 0) this.append({ kind: 'images', images });
    this.status = {
      project: this.project.id,
      scan: { state: 'done', found: count, skipped: 0, missing: 0, failure: null, metadata: null },
      embedding: { state: 'done', done: count, total: count, failed: 0, rate: null, secondsLeft: null, failure: null },
      encoder: {
        id: 'e'.repeat(64),
        name: 'Wavelet scattering',
        builtin: true,
        provider: 'cpu',
        reason: 'no other provider here',
        precision: 'fp32',
        tokenBytes: null,
      },
      trainer: {
        backend: 'wasm',
        reason: 'no native library found',
        stage: 'idle',
        tuning: false,
        milliseconds: 41,
        settings: { strategy: 'auto', head: 'auto', combine: 'mean' },
      },
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
    const images = [...this.state.images.keys()];
    const { findings, task } = this.project;
    const labelled = this.state.annotators.get(id(1, 'N'))?.cells ?? new Map<Id, unknown>();
    const hasHead = labelled.size >= (this.#options.headFrom ?? 2);
    const { ready } = this.#options;
    const probabilities = new Float32Array(hasHead || ready ? images.length * findings.length : 0);
    if (hasHead || ready) images.forEach((_, row) => probabilities.set(madeUp(row, findings.length, task), row * findings.length));
    const queue: QueueEntry[] = images
      .flatMap((image, row) =>
        labelled.has(image)
          ? []
          : [{ row, score: noise(row * 7 + labelled.size), audit: row % 9 === 0, reason: reasonOf(row, hasHead, this.project) }],
      )
      .sort((a, b) => b.score - a.score)
      .slice(0, 50);
    return {
      project: this.project.id,
      pool: 1,
      stage: hasHead ? 'quick' : 'cold',
      seq: this.journal.length,
      head: ready
        ? readyHeadOf(this.project, labelled.size, hasHead ? ready.slice(0, 1) : ready)
        : hasHead
          ? headOf(this.project, labelled.size)
          : null,
      probabilities,
      queue,
      metrics: metricsOf(this.project, labelled.size),
      milliseconds: 63,
    };
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
    return this.#complete(given).map(({ image, finding, state, source, shown, head }) => ({
      image,
      finding,
      before: cellOf(this.state, id(1, 'N'), image, finding),
      after: state === 'none' ? null : { state, source, use: 'train', shown, head, time: '2026-11-22T10:00:00.000Z' },
    }));
  }

  #setRule(queue: QueueRule): void {
    this.project = { ...this.project, queue };
    this.append({ kind: 'project', project: this.project });
    const { strategy, head, combine } = queue;
    this.tell({ trainer: { ...this.status.trainer, settings: { strategy, head, combine } as ProjectStatus['trainer']['settings'] } });
  }

  /** A pattern as main does it; a table is made up. */
  #previewed(rule: MetadataRule): Result<MetadataPreview> {
    const images = [...this.state.images.values()];
    const pattern = rule.kind === 'pattern' ? parsePattern(rule.pattern) : null;
    if (pattern?.ok === false) return pattern;
    const made = (path: string, n: number): Stated | null =>
      pattern
        ? matchPattern(pattern.value, path)
        : n % 8 === 7
          ? null
          : { patient: `P${String(n >> 1)}`, study: null, view: n % 2 ? 'PA' : 'LL' };
    const all = images.map(({ path }, n) => ({ path, stated: made(path, n) }));
    const known = all.filter(({ stated }) => stated !== null);
    const [example] = all;
    if (known.length === 0 && example) return fail('metadata-unmatched', { source: 'The rule', images: all.length, example: example.path });
    const table = rule.kind === 'table';
    return ok({
      images: all.length,
      matched: known.length,
      patients: new Set(known.flatMap(({ stated }) => stated?.patient ?? [])).size,
      rows: table ? 30 : null,
      unused: table ? 9 : 0,
      columns: table ? ['Image Index', 'Patient ID', 'View Position', 'Patient Age'] : [],
      chosen: table ? { path: 'Image Index', patient: 'Patient ID', study: null, view: 'View Position' } : null,
      examples: [...known.slice(0, 6), ...all.filter(({ stated }) => stated === null).slice(0, 2)],
    });
  }

  #acknowledge(action: Action): Result<Action> {
    setTimeout(() => this.sendRound(), 0);
    return ok(action);
  }

  readonly #handlers: { [M in keyof BridgeService['methods']]: (params: Params<M>) => Result<unknown> } = {
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
    'metadata.preview': ({ rule }) => this.#previewed(rule),
    'metadata.apply': ({ rule }) => {
      const found = rule ? this.#previewed(rule) : null;
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
      this.tell({ scan: { state: 'done', found: this.state.images.size, skipped: 0, missing: 0, failure: null, metadata: null } });
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
    'embedding.failures': () =>
      ok([
        {
          image: id(3, 'G'),
          path: 'ward/000003.png',
          failure: { code: 'image-corrupt', params: { file: 'ward/000003.png', reason: 'it ends after 512 bytes' } },
        },
      ]),
    'queue.settings': ({ strategy, head, combine }) => {
      this.#setRule({ strategy, head, combine, search: null });
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
          ...(precision === 'int8' ? { quantisation } : {}),
        },
        added: '2026-11-22T10:00:00.000Z',
        outcome: precision === 'int8' ? 'offered' : 'added',
      }),
    'encoders.inspect': () => ok(this.checkpoint),
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

/** In [0, 1), the same for the same number. */
const noise = (n: number): number => {
  const x = Math.sin(n * 12.9898 + 4.1414) * 43758.5453;
  return x - Math.floor(x);
};

function madeUp(row: number, findings: number, task: Task): number[] {
  const raw = Array.from({ length: findings }, (_, k) => noise(row * 31 + k * 17));
  if (task === 'multilabel') return raw.map((p) => (p < 0.5 ? p ** 3 : 1 - (1 - p) ** 2));
  const powers = raw.map((p) => p ** 3 + 0.01);
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

function reasonOf(row: number, hasHead: boolean, { findings }: Project): QueueEntry['reason'] {
  if (row % 9 === 0) return { code: 'audit', params: {} };
  if (!hasHead) return { code: 'typical', params: { size: 57 } };
  const [first, second] = findings;
  if (row % 3 === 0 && first && second) return { code: 'tie', params: { first: first.name, second: second.name, probability: 0.44 } };
  return { code: 'representative', params: { finding: second?.name ?? '', probability: 0.58 } };
}

const readyHeadOf = (project: Project, labels: number, served: readonly string[]): HeadFile => {
  const names = project.findings.map(({ name }) => name);
  return {
    ...headOf(project, labels),
    ready: { head: 'ready', findings: names.map((name) => served.includes(name)) },
    calibration: {
      method: 'none',
      perFinding: names.map((name) => (served.includes(name) ? 'none' : served.length > 1 ? 'unknown' : 'platt')),
    },
  };
};

const headOf = (project: Project, labels: number): HeadFile => ({
  format: 'collimate-head',
  version: 1,
  id: `head${String(labels)}`,
  kind: labels < 60 ? 'gda' : 'logistic',
  task: project.task,
  findings: project.findings.map(({ name }) => name),
  encoder: { id: 'e'.repeat(64), name: 'Wavelet scattering', d: 1000 },
  projection: null,
  calibration: { method: 'platt', perFinding: [] },
  prior: { source: 'labels', values: [], n: labels },
  regularisation: null,
  seed: 1,
  labels: { hash: '', count: labels, perFinding: [] },
  created: '2026-11-22T10:00:00.000Z',
});

const metricsOf = ({ findings }: Project, labelled: number): Metrics => ({
  labelled,
  prequential:
    labelled < 4
      ? null
      : {
          n: labelled,
          correct: Math.round(labelled * 0.78),
          low: 0.66,
          high: 0.86,
          curve: Array.from({ length: labelled }, (_, i) => ({ n: i + 1, accuracy: 0.8 - 0.4 / (i + 1) + noise(i) * 0.06 })),
        },
  audit: labelled < 8 ? null : { n: 9, correct: 8, low: 0.57, high: 0.98 },
  calibration:
    labelled < 8
      ? null
      : {
          n: labelled,
          ece: 0.061,
          brier: 0.142,
          bins: [0.08, 0.27, 0.49, 0.71, 0.93].map((mean, i) => ({
            n: 4 + i * 3,
            mean,
            observed: Math.min(1, mean + (i % 2 ? 0.07 : -0.04)),
          })),
        },
  findings: findings.map((_, finding) => ({
    finding,
    present: 8 + finding,
    absent: 20 - finding,
    unsure: 1,
    auroc: labelled < 8 ? null : 0.91 - finding * 0.05,
    aurocLow: labelled < 8 ? null : 0.82 - finding * 0.06,
    aurocHigh: labelled < 8 ? null : 0.97 - finding * 0.03,
  })),
  heads:
    labelled < 8
      ? []
      : (['gda', 'logistic'] as const).map((kind, i) => ({
          kind,
          used: kind === (labelled < 60 ? 'gda' : 'logistic'),
          n: labelled,
          logLoss: 0.52 - i * 0.03,
          logLossLow: 0.41 - i * 0.03,
          logLossHigh: 0.63 - i * 0.03,
          auroc: 0.86 + i * 0.01,
          aurocLow: 0.78 + i * 0.01,
          aurocHigh: 0.94,
        })),
  lowEvidence: labelled < 20,
  sets: labelled < 8 ? null : { alpha: 0.1, least: findings.map(() => 0.2), n: findings.map((_, i) => 52 + i) },
  learningCurve:
    labelled < 8
      ? null
      : { points: [8, 12, 18, 27].map((n) => ({ n, auroc: 0.95 - 1.4 / n })), a: 0.95, b: 1.4, c: 1, more: 50, gain: 0.034 },
  stop: labelled < 8 ? null : { kappas: [0.91, 0.97, 0.99], gain: 0.034, advised: false, n: labelled },
});

const libraryOf = (): Library => ({
  encoders: [
    {
      card: builtinCard,
      builtin: true,
      bytes: 1_800_000,
      kept: { encoder: builtinCard.id, bytes: 44_000_000, images: 5863, projects: [] },
      speed: { imagesPerSecond: 812, provider: 'cpu', reason: 'Quick enough.', measured: '2026-11-20T10:00:00.000Z' },
    },
    {
      card: evaCard,
      builtin: false,
      bytes: 86_700_000,
      kept: {
        encoder: evaCard.id,
        bytes: 9_000_000,
        images: 5863,
        projects: [{ id: id(7, 'P'), name: 'ChestX-ray14 subset', images: 5863, open: false }],
      },
      speed: null,
    },
  ],
  strays: [{ encoder: 'b'.repeat(64), bytes: 1_000_000, images: 640, projects: [] }],
});

const customModel: CustomModel = {
  file: 'cxr-encoder.onnx',
  bytes: 346_000_000,
  producer: 'pytorch',
  opset: 17,
  nodes: 1204,
  precision: 'fp32',
  inputs: [{ name: 'pixel_values', type: 'float32', shape: ['batch', 3, 224, 224] }],
  outputs: [
    { name: 'last_hidden_state', type: 'float32', shape: ['batch', 197, 768] },
    { name: 'pooler_output', type: 'float32', shape: ['batch', 768] },
  ],
  inner: [{ name: '/encoder/layer.11/output', op: 'Add' }],
  suggestion: {
    name: 'cxr-encoder',
    input: 'pixel_values',
    output: 'pooler_output',
    pooling: 'as-is',
    channels: 3,
    preprocessing: {
      tile: { crop: 'official', resize: 256, size: 224, colour: 'keep', filter: 'pillow-bicubic' },
      normalise: { kind: 'channels', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    },
    licence: '',
  },
};

const weightsOf = (): Weights[] =>
  (
    [
      ['eva-x-tiny', 'EVA-X Ti', 24e6],
      ['eva-x-small', 'EVA-X S', 87e6],
      ['eva-x-base', 'EVA-X B', 344e6],
    ] as const
  ).map(([name, title, total]) => ({
    name,
    title,
    file: `${name}.pt`,
    url: `https://huggingface.co/MapleF/eva_x/resolve/main/eva_x_${name.slice(6)}_patch16_merged520k_mim.pt`,
    state: 'absent',
    done: 0,
    total,
    rate: null,
    secondsLeft: null,
    hosts: [],
    failure: null,
    encoder: null,
  }));

const builtinCard: EncoderCard = {
  format: 'collimate-encoder',
  version: 1,
  id: 'e'.repeat(64),
  name: 'Wavelet scattering',
  kind: 'scattering',
  variant: null,
  input: { name: 'pixels', channels: 1, size: 128 },
  preprocessing: {
    tile: { crop: 'squash', resize: 128, size: 128, colour: 'luma', filter: 'pillow-bicubic' },
    normalise: { kind: 'image', epsilon: 1e-5 },
  },
  pooling: 'mean',
  precision: 'fp32',
  outputs: { embedding: 1000 },
  source: null,
  licence: 'Apache-2.0, part of Collimate.',
  head: null,
};

const quantisation: EncoderCard['quantisation'] = {
  calibrated: 64,
  measured: 64,
  error: 0.0312,
  worst: 0.0474,
  agreement: 0.972,
  decisions: 'directions',
};

const evaCard: EncoderCard = {
  ...builtinCard,
  id: 'a'.repeat(64),
  name: 'EVA-X small',
  kind: 'eva-x',
  variant: 'small',
  source: { file: 'eva_x_small_patch16_merged520k_mim.pt', sha256: 'd'.repeat(64) },
  licence: 'The published weights state no licence: ask their authors before you pass them on.',
};

export const failing = (code: Failure['code'], params: Failure['params'] = {}): Failure => {
  const { failure } = fail(code, params, 'detail of the failure');
  return failure;
};
