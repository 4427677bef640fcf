import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import type { BridgeService } from '../../../../src/contract/bridge';
import type { EncoderService } from '../../../../src/contract/jobs/encoder';
import type { ImagingService } from '../../../../src/contract/jobs/imaging';
import type { TrainerService } from '../../../../src/contract/jobs/trainer';
import { SCHEMA, type Project } from '../../../../src/contract/model';
import { ok, unwrap } from '../../../../src/contract/result';
import { convertCheckpoint } from '../../../../src/encoder/eva-x/convert';
import { createEncoder, type Encoder } from '../../../../src/encoder/service';
import { exportModel } from '../../../../src/main/exports/model';
import { Journal } from '../../../../src/main/journal/journal';
import type { Processes } from '../../../../src/main/processes';
import { ProjectSession } from '../../../../src/main/projects/session';
import { setupTuning } from '../../../../src/main/tuning';
import { startNodeBackend } from '../../../../src/trainer/host/node';
import { createTrainer } from '../../../../src/trainer/service';
import { evaX, hasEvaX } from '../../encoder/arrays';
import { syntheticImaging, syntheticTile } from '../../encoder/tiles';
import { LocalService } from '../projects/services';

const COUNT = 40;
const LABELS = 24;
/** Embedding, training and export, as long as a crowded machine takes. */
const PATIENT = { timeout: 60_000, interval: 50 };
const root = mkdtempSync(join(tmpdir(), 'collimate-'));
const profile = join(root, 'profile');
const encoders: Encoder[] = [];
const bugs: unknown[] = [];
const failures = (error: unknown) => void bugs.push(error);
type Progress = z.infer<BridgeService['events']['progress']>;

/** The services of the app in this process, over pictures that are made up. */
function start(): Processes {
  return {
    encoder: new LocalService<EncoderService>((emit) => {
      const encoder = createEncoder({ profile, imaging: syntheticImaging().imaging }, emit);
      encoders.push(encoder);
      return encoder.handlers;
    }),
    trainer: new LocalService<TrainerService>((emit) => {
      const trainer = createTrainer({
        startBackend: () => startNodeBackend({ backend: 'wasm' }),
        emit,
        onBug: failures,
        now: () => '2026-11-22T10:00:00.000Z',
      });
      return {
        ...trainer,
        // So few labels hardly ever let it win; what is tested is what becomes of one that did.
        tune: async (params, context) => {
          const found = await trainer.tune(params, context);
          return found.ok ? ok({ ...found.value, wins: true }) : found;
        },
      };
    }),
    imaging: null as unknown as LocalService<ImagingService>,
    trial: () => {
      throw new Error('nothing is tried here');
    },
  };
}

/** The project's session in an app that was just started, and what its page hears. */
async function open(folder: string) {
  const processes = start();
  const heard: Progress[] = [];
  const emit = (event: string, payload: unknown) => {
    if (event === 'progress') heard.push(payload as Progress);
  };
  const log = { note: () => undefined, bug: failures, onBug: () => undefined };
  const session = unwrap(await ProjectSession.open({ folder, profile, resources: '', processes, emit, log }));
  session.begin();
  await vi.waitFor(() => expect(session.embedding.state).toBe('done'), PATIENT);
  const tuning = setupTuning({ projects: { session: () => session } as never, processes, emit });
  const tune = tuning.part['tuning.start'];
  if (!tune) throw new Error('main does not answer tuning.start');
  const full = async (kind: RegExp) => {
    await vi.waitFor(() => expect(session.training.full?.round.head?.kind ?? '').toMatch(kind), PATIENT);
    const round = session.training.full?.round;
    return { head: round?.head, probabilities: round?.probabilities };
  };
  return {
    session,
    processes,
    heard,
    stop: tuning.stop,
    full,
    tune: () => tune({ project: session.project.id, kind: 'block' }, new AbortController()),
  };
}

describe.skipIf(!hasEvaX)('the encoder’s last block, fine-tuned in the app', () => {
  const project = join(root, 'project');
  let app: Awaited<ReturnType<typeof open>>;

  beforeAll(async () => {
    const images = join(root, 'images');
    mkdirSync(images);
    const names = Array.from({ length: COUNT }, (_, i) => `${String(i).padStart(3, '0')}.png`);
    for (const name of names) writeFileSync(join(images, name), name);
    const never = new AbortController().signal;
    const made = await convertCheckpoint({
      checkpoint: join(evaX, 'micro-packed.pt'),
      precision: 'fp32',
      place: (id) => join(profile, 'encoders', id),
      overwrite: false,
      scratch: root,
      signal: never,
    });
    const annotator = { id: ulid(), name: 'a' };
    const record: Project = {
      id: ulid(),
      name: 'test',
      schema: SCHEMA,
      roots: [{ id: ulid(), path: images }],
      task: 'multilabel',
      findings: [{ id: ulid(), name: 'ill', hotkey: '1', colour: '#ffffff' }],
      encoder: unwrap(made).card.id,
      seed: 0,
      audit: { share: 0, from: 30 },
      annotators: [annotator],
      created: '2026-11-22T10:00:00.000Z',
    };
    const journal = unwrap(await Journal.open(project, { create: true }));
    unwrap(await journal.append({ id: ulid(), annotator: annotator.id, time: record.created, kind: 'project', project: record }));
    await journal.close();

    app = await open(project);
    // The brighter half of the corner is ill.
    const corner = (name: string) =>
      syntheticTile(name, 224, 1)
        .data.subarray(0, 20 * 224)
        .reduce((sum, value) => sum + value, 0);
    const median = names.map(corner).sort((a, b) => a - b)[COUNT / 2] ?? 0;
    const cells = app.session
      .images()
      .slice(0, LABELS)
      .map(({ id, path }) => ({
        image: id,
        finding: record.findings[0]?.id ?? '',
        state: corner(path) < median ? ('absent' as const) : ('present' as const),
        source: 'bulk' as const,
        shown: null,
        head: null,
      }));
    unwrap(await app.session.answers.label(cells));
    await app.full(/gda|logistic/);
  }, 120_000);

  afterAll(async () => {
    await app.session.close();
    for (const encoder of encoders) await encoder.close();
    rmSync(root, { recursive: true });
  });

  test('says how far it is and how long it takes, and can be stopped', async () => {
    const running = app.tune();
    await vi.waitFor(() => expect(typeof app.heard.at(-1)?.secondsLeft).toBe('number'), PATIENT);
    expect(app.session.status().trainer.tuning).toBe(true);
    app.stop();
    expect(await running).toMatchObject({ ok: false, failure: { code: 'stopped' } });
    const [first] = app.heard;
    expect(first).toEqual({ job: 'tune', done: 0, total: LABELS, what: 'Reading the labelled images' });
    const training = app.heard.filter(({ secondsLeft }) => secondsLeft !== undefined);
    expect(training[0]).toMatchObject({ what: 'Training the last block', secondsLeft: null });
    expect(training.every(({ done, total }) => done <= total)).toBe(true);
    expect(app.session.status().trainer.tuning).toBe(false);
    expect(app.session.training.full?.round.head?.kind).not.toBe('block');
  });

  test('proposes, is exported with the encoder, and is there again after a restart', async () => {
    const before = await app.full(/gda|logistic/);
    expect(await app.tune()).toMatchObject({ ok: true, value: { labels: LABELS } });
    expect(app.heard.at(-1)?.what).toBe('Reading all images');
    const tuned = await app.full(/block/);
    expect(tuned.probabilities).not.toEqual(before.probabilities);

    for (const parts of ['model', 'head'] as const) {
      const out = join(root, `exported ${parts}`);
      const request = { out, parts, overwrite: false, signal: new AbortController().signal };
      const exported = unwrap(await exportModel(app.session, app.processes, request));
      expect(exported.maxDifference).toBeLessThan(1e-4);
      expect(JSON.parse(readFileSync(join(out, 'head.json'), 'utf8'))).toMatchObject({ kind: 'block', id: tuned.head?.id });
    }

    await app.session.close();
    app = await open(project);
    expect(await app.full(/block/)).toEqual(tuned);
    expect(bugs).toEqual([]);
  });

  test('block inputs that are damaged on the disk are computed again, to the bit', async () => {
    const names = app.session.pooled().map(({ name }) => name);
    const states = async () => unwrap(await app.processes.encoder.call('fetchStates', { state: 'blockInput', names })).bits;
    const before = await states();
    const [id = ''] = readdirSync(join(profile, 'block-inputs'));
    const file = join(profile, 'block-inputs', id, '000000.vectors');
    const bytes = readFileSync(file);
    for (const at of [7, Math.floor(bytes.length / 2), bytes.length - 1]) bytes[at] = (bytes[at] ?? 0) ^ 0x08;
    writeFileSync(file, bytes);
    expect(await app.tune()).toMatchObject({ ok: true, value: { labels: LABELS } });
    expect(await states()).toEqual(before);
    expect(app.session.status()).toMatchObject({ embedding: { damaged: 3 }, failures: [] });
  });
});
