import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PoolView } from '../../../../src/contract/views';
import { embeddingName, type EncoderService } from '../../../../src/contract/jobs/encoder';
import type { ImagingService } from '../../../../src/contract/jobs/imaging';
import type { TrainerService } from '../../../../src/contract/jobs/trainer';
import { SCHEMA, type Project } from '../../../../src/contract/model';
import { fail, ok, unwrap, type Result } from '../../../../src/contract/result';
import type { Emit, Handlers, ServiceSpec } from '../../../../src/contract/wire';
import type { Work } from '../../../../src/contract/work';
import { createEncoder, type Encoder } from '../../../../src/encoder/service';
import { Journal } from '../../../../src/main/journal/journal';
import { ProjectSession } from '../../../../src/main/projects/session';
import { startNodeBackend } from '../../../../src/trainer/host/node';
import { createTrainer } from '../../../../src/trainer/service';
import { factsOf, syntheticImaging } from '../../encoder/tiles';
import { LocalService } from './services';

vi.mock('electron', () => ({ shell: {} }));
// An hour takes a second here: no drive would have answered in time.
vi.mock('../../../../src/imaging/drive', async (original) => ({
  ...(await original<typeof import('../../../../src/imaging/drive')>()),
  patient: (drive: unknown) => drive,
  patiently: (call: () => Promise<unknown>) => call(),
}));
const { setupExports } = await import('../../../../src/main/exports');
const { setupTuning } = await import('../../../../src/main/tuning');

const IMAGES = 10;
/** Attempts of work that is tried after 0.5, 1, 2 … seconds and at last every ten minutes: in the first hour. */
const IN_AN_HOUR = 16;

/** What a method does in place of its work, until it is mended. */
type Fault = (() => Promise<Result<never>>) | null;

/** A service whose methods can be made to fail. */
function breakable<S extends ServiceSpec>(make: (emit: Emit<S>) => Handlers<S>, faults: Map<string, Fault>): LocalService<S> {
  return new LocalService<S>((emit) => {
    const real = make(emit);
    const wrapped = Object.keys(real).map((method) => [
      method,
      (params: never, context: { signal: AbortSignal }) => faults.get(method)?.() ?? real[method]?.(params, context),
    ]);
    return Object.fromEntries(wrapped) as Handlers<S>;
  });
}

/** Bytes that begin as a PNG does. */
const png = (text: string) => Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.from(text)]);

describe('work in the background', () => {
  let root = '';
  let images = '';
  let project: Project;
  let session: ProjectSession;
  let notes: string[] = [];
  const encoders: Encoder[] = [];
  const faults = new Map<string, Fault>();
  let encoder: LocalService<EncoderService>;
  let trainer: LocalService<TrainerService>;
  let imaging: LocalService<ImagingService>;
  let emitTrainer: Emit<TrainerService> = () => undefined;
  /** How many images the newest pool holds. */
  let pool = 0;

  const shown = () => session.failing.shown();
  const failing = (work: Work) => shown().find((each) => each.work === work);
  const calls = (service: { calls: unknown[] }, method: string) => service.calls.filter((each) => each === method).length;
  const processes = () => ({
    encoder,
    trainer,
    imaging,
    trial: () => {
      throw new Error('nothing is tried here');
    },
  });

  /** Real work is done between the fake seconds. */
  const breathe = () => new Promise((resolve) => setImmediate(resolve));
  async function pass(seconds: number, every: () => void = () => undefined): Promise<void> {
    for (let n = 0; n < seconds; n++) {
      every();
      await vi.advanceTimersByTimeAsync(1000);
      await breathe();
    }
  }
  async function until(done: () => boolean): Promise<void> {
    for (let n = 0; n < 20_000 && !done(); n++) {
      await vi.advanceTimersByTimeAsync(50);
      await breathe();
    }
    expect(done()).toBe(true);
  }

  async function open(): Promise<void> {
    const folder = join(root, 'project');
    notes = [];
    pool = 0;
    encoder = breakable((emit) => {
      const made = createEncoder({ profile: join(root, 'profile'), imaging: syntheticImaging().imaging }, emit);
      encoders.push(made);
      return made.handlers;
    }, faults);
    trainer = breakable((emit) => {
      emitTrainer = emit;
      return createTrainer({
        startBackend: () => startNodeBackend({ backend: 'cpu' }),
        emit,
        onBug: (error) => notes.push(String(error)),
        now: () => '2026-11-22T10:00:00.000Z',
      });
    }, faults);
    const never = () => Promise.resolve(fail('internal'));
    imaging = breakable(
      () => ({
        identify: never,
        pixels: never,
        frames: never,
        header: never,
        read: () => Promise.resolve(ok({ facts: factsOf('x') })),
        hash: ({ file }) => Promise.resolve(ok(factsOf(file.split('/').at(-1)?.replace('moved-', '') ?? '').sha256)),
      }),
      faults,
    );
    const log = { note: (text: string) => notes.push(text), bug: (error: unknown) => notes.push(String(error)), onBug: () => undefined };
    session = unwrap(
      await ProjectSession.open({
        folder,
        profile: join(root, 'profile'),
        resources: '',
        processes: processes(),
        emit: (event, payload) => {
          if (event === 'pool') pool = (payload as PoolView).images.length;
        },
        log,
      }),
    );
    session.begin();
  }
  const rounds = () => session.training.stage === 'idle' && session.training.backend !== null && trainer.calls.includes('base');
  const settled = () => until(() => session.embedding.state === 'done' && rounds());

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    faults.clear();
    root = mkdtempSync(join(tmpdir(), 'collimate-'));
    images = join(root, 'images');
    mkdirSync(images);
    for (let n = 0; n < IMAGES; n++) writeFileSync(join(images, `${String(n)}.png`), png(String(n)));
    const annotator = { id: ulid(), name: 'a' };
    project = {
      id: ulid(),
      name: 'test',
      schema: SCHEMA,
      roots: [{ id: ulid(), path: images }],
      task: 'multiclass',
      findings: ['well', 'ill'].map((name, n) => ({ id: ulid(), name, hotkey: String(n), colour: '#ffffff' })),
      encoder: 'builtin',
      seed: 0,
      audit: { share: 0, from: 30 },
      annotators: [annotator],
      created: '2026-11-22T10:00:00.000Z',
    };
    const journal = unwrap(await Journal.open(join(root, 'project'), { create: true }));
    unwrap(await journal.append({ id: ulid(), annotator: annotator.id, time: project.created, kind: 'project', project }));
    await journal.close();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await session.close();
    for (const each of encoders.splice(0)) await each.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** Fails for an hour as it should, then works by itself, and works at once in an app that was started again. */
  async function holds(work: Work, tries: () => number, mend: () => void): Promise<void> {
    await until(() => failing(work) !== undefined);
    const before = [tries(), notes.length] as const;
    await pass(3600);
    // What an attempt does takes its real time, in which fake hours may pass.
    expect(tries() - before[0]).toBeGreaterThanOrEqual(1);
    expect(tries() - before[0]).toBeLessThanOrEqual(IN_AN_HOUR);
    expect(notes.length - before[1]).toBeLessThanOrEqual(2);
    expect(failing(work)).toMatchObject({ again: expect.any(String) });
    expect(session.status().failures.map((each) => each.work)).toContain(work);
    mend();
    await pass(601);
    await until(() => failing(work) === undefined);
  }
  const breaks = (method: string, code: Parameters<typeof fail>[0] = 'disk-full') =>
    faults.set(method, () => Promise.resolve(fail(code, { folder: '/p', file: '/f', process: 'encoder', how: 'crashed' })));

  it('scan: a folder that is not there', async () => {
    renameSync(images, join(root, 'away'));
    await open();
    const looks = () => failing('scan')?.times ?? 0;
    await holds('scan', looks, () => renameSync(join(root, 'away'), images));
    await settled();
    expect(session.embedding.done).toBe(IMAGES);
  });

  it('hash: nobody to compare files by their contents takes no file that moved for a new one', async () => {
    await open();
    await settled();
    await session.close();
    for (let n = 0; n < IMAGES; n++) renameSync(join(images, `${String(n)}.png`), join(images, `moved-${String(n)}.png`));
    breaks('hash', 'process-gone');
    await open();
    await until(() => failing('hash') !== undefined);
    // A group of files at a time.
    const tries = () => calls(imaging, 'hash') / IMAGES;
    await holds('hash', tries, () => faults.clear());
    expect(session.state.images.size).toBe(IMAGES);
    expect(session.images().every(({ path }) => path.startsWith('moved-'))).toBe(true);
  });

  it('embed: a full disk', async () => {
    breaks('embed');
    await open();
    await holds(
      'embed',
      () => calls(encoder, 'embed'),
      () => faults.clear(),
    );
    await settled();
    expect(session.embedding.done).toBe(IMAGES);
  });

  it('embed: a process that keeps ending, each attempt with the smallest batch', async () => {
    faults.set('embed', () => {
      encoder.end();
      return Promise.resolve(fail('process-gone', { process: 'encoder' }));
    });
    await open();
    // Twice an attempt, once it is down to one image at a time.
    await holds(
      'embed',
      () => calls(encoder, 'embed') / 2,
      () => faults.clear(),
    );
    await settled();
    expect(shown()).toEqual([]);
  });

  it('hand-over: embeddings that cannot be read', async () => {
    breaks('fetch', 'file-unreadable');
    await open();
    await holds(
      'hand-over',
      () => calls(encoder, 'fetch'),
      () => faults.clear(),
    );
    await settled();
    expect(shown()).toEqual([]);
  });

  it('round: no backend', async () => {
    faults.set('start', () => Promise.resolve(fail('backend-unavailable', { backend: 'tfjs-node', reason: 'it is not installed' })));
    await open();
    await holds(
      'round',
      () => calls(trainer, 'start'),
      () => faults.clear(),
    );
    await settled();
    expect(shown()).toEqual([]);
  });

  it('round: a failure of the trainer is one, and does not end its process', async () => {
    let life: number | undefined;
    faults.set('base', () => {
      life ??= trainer.pid;
      setTimeout(
        () => emitTrainer('failed', { snapshot: snapshot(), failure: fail('head-invalid', { folder: 'x', reason: 'y' }).failure }),
        1,
      );
      return Promise.resolve(ok() as Result<never>);
    });
    let sent = 0;
    const snapshot = () => sent;
    await open();
    const again = trainer.call.bind(trainer);
    trainer.call = (method, params, options) => {
      if (method === 'base') sent = (params as { snapshot: number }).snapshot;
      return again(method, params, options);
    };
    await holds(
      'round',
      () => calls(trainer, 'base'),
      () => faults.clear(),
    );
    expect(trainer.pid).toBe(life);
  });

  it('round: a process that ends over every snapshot', async () => {
    faults.set('base', () => {
      setTimeout(() => trainer.end(), 1);
      return Promise.resolve(ok() as Result<never>);
    });
    await open();
    await holds(
      'round',
      () => calls(trainer, 'base'),
      () => faults.clear(),
    );
    expect(shown()).toEqual([]);
  });

  it('thumbnail: a full disk is asked once for all pictures, however many are looked at', async () => {
    await open();
    await settled();
    breaks('read');
    const file = join(root, 'thumbnail.webp');
    const look = () => {
      for (let n = 0; n < 20; n++) void session.thumbnails.of(file, { file: '/x', frame: null });
    };
    look();
    await until(() => failing('thumbnail') !== undefined);
    const before = calls(imaging, 'read');
    await pass(3600, look);
    // Those that are asked for together before the first has failed are under way.
    expect(calls(imaging, 'read') - before).toBeLessThanOrEqual(IN_AN_HOUR * 21);
    expect(notes.filter((note) => note.startsWith('thumbnail'))).toHaveLength(1);
    faults.set('read', () => {
      writeFileSync(file, Buffer.concat([Buffer.from('RIFF'), Buffer.from([6, 0, 0, 0]), Buffer.from('WEBPxx')]));
      return Promise.resolve(ok({ facts: factsOf('x') }) as unknown as Result<never>);
    });
    session.retry('thumbnail');
    await until(() => failing('thumbnail') === undefined);
  });

  it('tune and export: what the person had asked for is not repeated by itself, and succeeds when they ask again', async () => {
    await open();
    await settled();
    const projects = { session: () => session } as never;
    const tuning = setupTuning({ projects, processes: processes(), emit: () => undefined });
    const context = new AbortController();
    const tuned = await tuning.part['tuning.start']?.({ project: project.id, kind: 'attentive' }, context);
    expect(tuned).toMatchObject({ ok: false, failure: { code: 'wrong-use' } });
    expect(failing('tune')).toMatchObject({ again: null, times: 1 });
    const exports = setupExports({ projects, processes: processes(), emit: () => undefined });
    const [image] = session.images();
    const cell = {
      image: image?.id ?? '',
      finding: project.findings[0]?.id ?? '',
      state: 'present',
      source: 'typed',
      shown: null,
      head: null,
    } as const;
    unwrap(await session.answers.label([cell]));
    const out = join(root, 'out');
    mkdirSync(out);
    const request = { project: project.id, folder: out, overwrite: false };
    // A folder stands where the temporary file would be made.
    rmSync(out, { recursive: true });
    writeFileSync(out, '');
    const refused = await exports.part['export.labels']?.(request, context);
    expect(refused?.ok).toBe(false);
    expect(failing('export')).toMatchObject({ again: null, times: 1 });
    await pass(3600);
    expect(shown().map(({ work, times }) => [work, times])).toEqual([
      ['tune', 1],
      ['export', 1],
    ]);
    rmSync(out);
    mkdirSync(out);
    expect((await exports.part['export.labels']?.(request, context))?.ok).toBe(true);
    expect(failing('export')).toBeUndefined();
    session.retry('tune');
    await until(() => failing('tune')?.times === 1);
    session.failing.dismiss('tune');
    expect(shown()).toEqual([]);
  });

  describe('a store that is damaged', () => {
    const shut = async () => {
      await session.close();
      for (const each of encoders.splice(0)) await each.close();
    };
    const rows = async () => {
      const names = session.images().map(({ sha256, frame }) => embeddingName(sha256 ?? '', frame));
      return unwrap(await encoder.call('fetch', { names })).rows;
    };
    // In the header, in a record and its checksum; in the first and the last row. Every byte of small stores: store.test.ts.
    const places = { names: [17, 69, 101], vectors: [0, -1] };
    const cases = Object.entries(places).flatMap(([kind, all]) => all.map((at) => ({ kind, at })));

    it('is told of once, learning goes on with all images, and the rows are as they were to the bit', async () => {
      await open();
      await settled();
      const before = await rows();
      await shut();
      const [id = ''] = readdirSync(join(root, 'profile', 'embeddings'));
      const store = join(root, 'profile', 'embeddings', id);
      for (const { kind, at } of cases) {
        const [newest = ''] = readdirSync(store)
          .filter((file) => file.endsWith(kind))
          .sort()
          .reverse();
        const file = join(store, newest);
        const bytes = readFileSync(file);
        const place = at < 0 ? bytes.length + at : Math.min(at, bytes.length - 1);
        bytes[place] = (bytes[place] ?? 0) ^ 0x04;
        writeFileSync(file, bytes);
        await open();
        await until(() => session.embedding.damaged > 0 && session.embedding.state === 'done' && rounds() && pool === IMAGES);
        expect(session.status()).toMatchObject({ embedding: { done: IMAGES, total: IMAGES }, failures: [] });
        expect(await rows()).toEqual(before);
        await shut();
      }
      await open();
      await until(() => rounds() && pool === IMAGES);
      expect(session.embedding.damaged).toBe(0);
    }, 300_000);

    it('while the project is open costs nothing but the rows: they come back with the next trainer', async () => {
      await open();
      await settled();
      const before = await rows();
      const [id = ''] = readdirSync(join(root, 'profile', 'embeddings'));
      const file = join(root, 'profile', 'embeddings', id, '000000.vectors');
      const bytes = readFileSync(file);
      for (let at = 0; at < bytes.length; at += 5000) bytes[at] = (bytes[at] ?? 0) ^ 0x40;
      writeFileSync(file, bytes);
      trainer.calls.splice(0);
      trainer.end();
      await until(() => session.embedding.damaged === IMAGES && session.embedding.state === 'done' && rounds() && pool === IMAGES);
      expect(await rows()).toEqual(before);
      expect(shown()).toEqual([]);
    });
  });

  it('learning goes on after the encoder and then the trainer ended, though nothing was to be embedded any more', async () => {
    await open();
    await settled();
    encoder.end();
    trainer.calls.splice(0);
    trainer.end();
    await until(rounds);
    expect(shown()).toEqual([]);
  });

  it('everything that failed works at once in an app that is started again on the same profile', async () => {
    for (const method of ['embed', 'start']) breaks(method);
    await open();
    await until(() => failing('embed') !== undefined);
    await pass(1800);
    await session.close();
    faults.clear();
    await open();
    await settled();
    expect([session.embedding.done, shown()]).toEqual([IMAGES, []]);
  });
});
