import { ulid } from 'ulid';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PoolView, RoundView } from '../../../../src/contract/views';
import type { Head } from '../../../../src/contract/head';
import type { EncoderService } from '../../../../src/contract/jobs/encoder';
import type { ImagingService } from '../../../../src/contract/jobs/imaging';
import type { TrainerService, TunedHead } from '../../../../src/contract/jobs/trainer';
import { SCHEMA, type CellChange, type CellValue, type Id, type ImageRecord, type Project } from '../../../../src/contract/model';
import { fail, ok } from '../../../../src/contract/result';
import type { Handlers } from '../../../../src/contract/wire';
import type { OpenEncoder } from '../../../../src/main/projects/embedding';
import { Training } from '../../../../src/main/projects/training';
import { startNodeBackend } from '../../../../src/trainer/host/node';
import { random } from '../../../../src/trainer/random';
import { createTrainer } from '../../../../src/trainer/service';
import { Failures } from '../../../../src/supervise/failures';
import { LocalService } from './services';
import { tunedHead } from './tuned';

const D = 6;
/** Rounds are waited for as long as a crowded machine takes. */
const PATIENT = { timeout: 15_000, interval: 20 };
const COUNT = 60;
const time = (n: number) => new Date(Date.UTC(2026, 10, 22, 10, 0, n)).toISOString();

/** Embeddings in which the sign of the first feature is the class. */
function embeddings(): Map<string, Float32Array> {
  const draw = random(1, 'embeddings');
  return new Map(
    Array.from({ length: COUNT }, (_, i) => [
      i.toString(16).padStart(64, '0'),
      Float32Array.from({ length: D }, (_unused, c) => draw.normal() + (c === 0 ? (i % 2 === 0 ? 4 : -4) : 0)),
    ]),
  );
}

function encoderOf(rows: ReadonlyMap<string, Float32Array>): LocalService<EncoderService> {
  const never = () => Promise.resolve(fail('internal'));
  return new LocalService<EncoderService>((): Handlers<EncoderService> => ({
    open: never,
    convert: never,
    inspect: never,
    embed: never,
    pause: never,
    release: never,
    inspectCustom: never,
    tryCustom: never,
    keepCustom: never,
    measure: never,
    openExported: never,
    predict: never,
    missing: never,
    exportModel: never,
    fetchStates: never,
    lastBlock: never,
    madeBy: never,
    fetch: ({ names }) => {
      const all = new Float32Array(names.length * D);
      names.forEach((name, i) => all.set(rows.get(name) ?? [], i * D));
      return Promise.resolve(ok({ d: D, rows: all }));
    },
  }));
}

const opened = { card: { id: 'e'.repeat(64), name: 'test', outputs: { embedding: D } } } as unknown as OpenEncoder;

class Scene {
  readonly rows = embeddings();
  readonly images: ImageRecord[];
  project: Project;
  readonly cells = new Map<string, { image: Id; finding: Id; value: CellValue }>();
  readonly trainer = new LocalService<TrainerService>((emit) =>
    createTrainer({
      startBackend: (backend) => startNodeBackend({ backend: backend === 'auto' ? 'cpu' : backend }),
      emit,
      onBug: (error) => {
        throw error;
      },
      now: () => time(0),
    }),
  );
  readonly encoder = encoderOf(this.rows);
  readonly rounds: RoundView[] = [];
  readonly pools: PoolView[] = [];
  readonly notes: string[] = [];
  readonly failures = new Failures(
    (text) => this.notes.push(text),
    () => undefined,
  );
  readonly training: Training;
  seq = 1;
  ready: Head | null = null;
  tuned: TunedHead | null = null;

  constructor(trainer?: LocalService<TrainerService>, project?: Project) {
    const root = ulid();
    this.images = [...this.rows.keys()].map((sha256, i) => ({
      id: ulid(),
      root,
      path: `${String(i).padStart(3, '0')}.png`,
      frame: null,
      bytes: 1,
      mtime: 1,
      sha256,
      width: 1,
      height: 1,
      patient: null,
      study: null,
      view: null,
    }));
    this.project = {
      id: ulid(),
      name: 'test',
      schema: SCHEMA,
      roots: [{ id: root, path: '.' }],
      task: 'multilabel',
      findings: [{ id: ulid(), name: 'ill', hotkey: '1', colour: '#ffffff' }],
      encoder: 'builtin',
      seed: 0,
      audit: { share: 0, from: 30 },
      annotators: [{ id: ulid(), name: 'a' }],
      created: time(0),
    };
    if (trainer) this.trainer = trainer;
    if (project) this.project = project;
    this.training = new Training({
      source: {
        project: () => this.project,
        pool: () => this.images.map((image) => ({ image, name: image.sha256 ?? '' })),
        labels: () => this.cells.values(),
        seq: () => this.seq,
        encoder: () => opened,
        openEncoder: () => Promise.resolve(ok(opened)),
        readyHead: () => Promise.resolve(this.ready),
        tunedHead: () => Promise.resolve(this.tuned),
      },
      processes: {
        trainer: this.trainer,
        encoder: this.encoder,
        imaging: null as unknown as LocalService<ImagingService>,
        trial: () => {
          throw new Error('nothing is tried here');
        },
      },
      emit: (event, payload) => {
        if (event === 'round') this.rounds.push(payload as RoundView);
        if (event === 'pool') this.pools.push(payload as PoolView);
      },
      log: { note: (text) => this.notes.push(text), bug: (error) => this.notes.push(String(error)), onBug: () => undefined },
      resources: '',
      failures: this.failures,
      onChange: () => undefined,
    });
  }

  label(index: number, wrong = false): void {
    const image = this.images[index]?.id ?? '';
    const finding = this.project.findings[0]?.id ?? '';
    this.seq += 1;
    const state = (index % 2 === 0) !== wrong ? ('present' as const) : ('absent' as const);
    const after: CellValue = { state, source: 'typed', use: 'train', shown: null, head: null, time: time(this.seq) };
    this.cells.set(image, { image, finding, value: after });
    const change: CellChange = { image, finding, before: null, after };
    this.training.labelled([change], after.time);
  }

  /** Waits for the full round that knows every label, over a later pool than this one. */
  async fitted(after = 0): Promise<RoundView> {
    return vi.waitFor(() => {
      const round = this.rounds.at(-1);
      if (round?.stage !== 'full' || round.seq !== this.seq || !round.head || round.pool <= after) throw new Error('no full round yet');
      return round;
    }, PATIENT);
  }
}

describe('training', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
  });
  afterEach(() => scene.training.close());

  it('labels given before the first pool count in its first round', async () => {
    for (const index of [0, 1, 2, 3]) scene.label(index);
    scene.training.poolGrew(COUNT, true);
    const round = await scene.fitted();
    expect(round.metrics.labelled).toBe(4);
    expect(scene.pools.at(-1)?.images).toEqual(scene.images.map(({ id }) => id));
  });

  it('labels while the trainer is still starting neither get lost nor fail', async () => {
    scene.training.poolGrew(COUNT, true);
    for (const index of [0, 1, 2, 3, 4, 5]) {
      scene.label(index);
      await Promise.resolve();
    }
    const round = await scene.fitted();
    expect(round.metrics.labelled).toBe(6);
    expect(scene.notes).toEqual([]);
  });

  it('ranks by what was labelled, with the probabilities beside their images', async () => {
    scene.training.poolGrew(COUNT, true);
    for (const index of [0, 1, 2, 3, 4, 5, 6, 7]) scene.label(index);
    const { probabilities } = await scene.fitted();
    const ill = [...probabilities].filter((_, row) => row % 2 === 0);
    const well = [...probabilities].filter((_, row) => row % 2 === 1);
    expect(Math.min(...ill)).toBeGreaterThan(Math.max(...well));
  });

  it('a label that all other images speak against is suspect, by image and finding; one that was kept starts no round', async () => {
    scene.training.poolGrew(COUNT, true);
    expect(await scene.training.suspects()).toEqual(ok({ judged: 0, flagged: 0, suspects: [] }));
    for (let index = 0; index < 30; index++) scene.label(index, index === 6);
    await scene.fitted();
    const found = await scene.training.suspects();
    expect(found.ok && found.value.judged).toBe(30);
    const image = scene.images[6]?.id ?? '';
    const finding = scene.project.findings[0]?.id ?? '';
    expect(found.ok && found.value.suspects[0]).toMatchObject({ image, finding, state: 'absent', other: { finding, state: 'present' } });
    const before = scene.cells.get(image)?.value;
    if (!before) throw new Error('the label is there');
    const rounds = scene.trainer.calls.filter((method) => method === 'delta').length;
    const after = { ...before, kept: { time: time(99), probability: 0.1, other: finding } };
    scene.training.labelled([{ image, finding, before, after }], time(99));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(scene.trainer.calls.filter((method) => method === 'delta')).toHaveLength(rounds);
  });

  it('the project’s rule holds from the opening on: a search starts from its image before any label, and ends with another rule', async () => {
    const finding = scene.project.findings[0]?.id ?? '';
    const seed = scene.images[7]?.id ?? '';
    const search = { finding, seeds: [seed, ulid()], started: time(0) };
    const queue = { strategy: 'rare', head: 'of a later version', combine: 'max', search };
    const opened = new Scene(undefined, { ...scene.project, queue });
    opened.images.splice(0, COUNT, ...scene.images);
    opened.training.poolGrew(COUNT, true);
    const round = await vi.waitFor(() => {
      const found = opened.rounds.at(-1);
      if (!found) throw new Error('no round yet');
      return found;
    }, PATIENT);
    expect(opened.training.settings).toMatchObject({ strategy: 'rare', head: 'auto', combine: 'max' });
    const asked = round.queue.filter(({ reason }) => reason.code === 'similar').map(({ row }) => opened.images[row]?.id ?? '');
    // The seed itself may be asked about too; then come its nearest, in an order that leaves out what it has in common with everything.
    const nearest = (await opened.training.similar(seed, 4)).map(({ image }) => image);
    expect(asked[0]).toBe(seed);
    expect(asked.slice(1, 5).sort()).toEqual(nearest.sort());
    const odd = (image: string) => opened.images.findIndex(({ id }) => id === image) % 2 === 1;
    expect(asked.slice(0, 8).every(odd)).toBe(true);
    opened.project = { ...opened.project, queue: { ...queue, strategy: 'auto', search: null } };
    opened.training.configure();
    await vi.waitFor(() => expect(opened.rounds.at(-1)?.queue[0]?.reason.code).toBe('typical'), PATIENT);
    opened.training.close();
  });

  it('the head of the encoder proposes before any label, also for a finding that was renamed', async () => {
    const filled = (n: number, value: number) => ({ shape: [n], data: new Float32Array(n).fill(value) });
    const [finding] = scene.project.findings;
    if (!finding) throw new Error('a finding');
    scene.project.findings = [
      { ...finding, name: 'Sick', ready: 'Ill' },
      { ...finding, id: ulid(), name: 'new' },
    ];
    scene.ready = {
      file: {
        format: 'collimate-head',
        version: 1,
        id: 'ready',
        kind: 'logistic',
        task: 'multilabel',
        findings: ['other', 'Ill'],
        encoder: { id: 'e'.repeat(64), name: 'test', d: D },
        projection: null,
        calibration: { method: 'none', perFinding: ['none', 'none'] },
        prior: { source: 'labels', values: [0.5, 0.5], n: 0 },
        regularisation: null,
        seed: 0,
        labels: { hash: '', count: 0, perFinding: [] },
        created: time(0),
      },
      tensors: {
        'scaling.mean': filled(D, 0),
        'scaling.scale': filled(D, 1),
        weight: { shape: [2, D], data: Float32Array.from({ length: 2 * D }, (_, i) => (i === D ? 1 : 0)) },
        bias: filled(2, 0),
        'calibration.slope': filled(2, 1),
        'calibration.offset': filled(2, 0),
      },
    };
    scene.training.poolGrew(COUNT, true);
    const round = await vi.waitFor(() => {
      const newest = scene.rounds.at(-1);
      if (!newest?.head) throw new Error('no round yet');
      return newest;
    }, PATIENT);
    expect(round).toMatchObject({ stage: 'cold', head: { findings: ['Sick', 'new'], ready: { head: 'ready', findings: [true, false] } } });
    [...scene.rows.values()].forEach((row, i) => expect(round.probabilities[2 * i]).toBeCloseTo(1 / (1 + Math.exp(-(row[0] ?? NaN))), 5));
    // It can be exported: the trainer hands over the very head that is shown.
    expect(scene.training.full?.round.head?.id).toBe(round.head?.id);
    const head = await scene.trainer.call('head', {});
    expect(head).toMatchObject({ ok: true, value: { file: { id: round.head?.id } } });
  });

  it('a fine-tuned head that was kept proposes, also in the trainer that comes after, but only for the pool that it was made on', async () => {
    scene.tuned = await tunedHead([...scene.rows.keys()], D, (row) => (row % 2 === 0 ? 2 : -2));
    scene.training.poolGrew(COUNT, true);
    for (let index = 0; index < 20; index++) scene.label(index);
    const before = await scene.fitted();
    expect(before.head?.kind).toBe('attentive');
    scene.trainer.end();
    const after = await scene.fitted(before.pool);
    expect(after.head?.id).toBe(before.head?.id);
    expect(after.probabilities).toEqual(before.probabilities);
    expect(scene.training.tunedWaits).toBe(false);

    scene.images.pop();
    scene.training.rebuild();
    expect((await scene.fitted(after.pool)).head?.kind).not.toBe('attentive');
    expect(scene.training.tunedWaits).toBe(true);
  });

  it('a trainer that ends gets everything again', async () => {
    scene.training.poolGrew(COUNT, true);
    for (const index of [0, 1, 2, 3]) scene.label(index);
    const before = await scene.fitted();
    scene.trainer.end();
    scene.label(4);
    const after = await scene.fitted();
    expect(after.metrics.labelled).toBe(before.metrics.labelled + 1);
  });

  it('a late round of the project that was open before is not taken for one of this project', async () => {
    scene.training.poolGrew(COUNT, true);
    for (const index of [0, 1, 2, 3]) scene.label(index);
    await scene.fitted();
    scene.label(4);
    await vi.waitFor(() => expect(scene.trainer.calls.filter((method) => method === 'delta').length).toBeGreaterThan(0), PATIENT);
    scene.training.close();
    const next = new Scene(scene.trainer);
    next.training.poolGrew(COUNT, true);
    for (const index of [1, 3, 0, 2, 5]) next.label(index);
    await next.fitted();
    for (const round of next.rounds) expect(round.metrics.labelled).toBeLessThanOrEqual(5);
    expect(new Set(next.rounds.map(({ project }) => project))).toEqual(new Set([next.project.id]));
    next.training.close();
    expect(scene.trainer.listeners).toBe(0);
  });
});
