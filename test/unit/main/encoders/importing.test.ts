import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sentence } from '../../../../src/contract/catalogue';
import type { EncoderService } from '../../../../src/contract/jobs/encoder';
import { fail, unwrap } from '../../../../src/contract/result';
import { readHead } from '../../../../src/head-files/head-folder';
import { createEncoder } from '../../../../src/encoder/service';
import { Importing } from '../../../../src/main/encoders/importing';
import { syntheticImaging } from '../../encoder/tiles';
import { LocalService } from '../projects/services';

// Written by PyTorch: test/reference/encoder/evax_files.py.
const reference = join(import.meta.dirname, '../../../reference/encoder/evax');

describe('importing a checkpoint', () => {
  let root = '';
  let importing: Importing;
  let told: { what: string; done: number; total: number }[] = [];
  let changes = 0;
  /** So many conversions end the process; the batches that were asked for. */
  let deaths = 0;
  let batches: number[] = [];
  const library = () => readdirSync(join(root, 'encoders')).filter((name) => name !== '.new');
  const file = (name: string) => {
    const path = join(root, name);
    if (!existsSync(path)) writeFileSync(path, gunzipSync(readFileSync(join(reference, `${name}.gz`))));
    return path;
  };
  const start = () => {
    const encoder: LocalService<EncoderService> = new LocalService<EncoderService>((emit) => {
      const { handlers } = createEncoder({ profile: root, imaging: syntheticImaging().imaging }, emit);
      return {
        ...handlers,
        convert(params, context) {
          batches.push(params.batch ?? 0);
          if (deaths-- <= 0) return handlers.convert(params, context);
          encoder.end();
          return Promise.resolve(fail('process-gone', { process: 'encoder' }));
        },
      };
    });
    return new Importing({
      folder: join(root, 'encoders'),
      processes: { encoder },
      emit: (event, payload) => {
        if (event === 'progress') told.push(payload as (typeof told)[number]);
        if (event === 'encoders') changes += 1;
      },
    });
  };
  const context = { signal: new AbortController().signal };
  const inspect = (checkpoint: string) => importing.part['encoders.inspect']?.({ checkpoint }, context);
  const decide = (id: string, keep: boolean) => importing.part['encoders.keep']?.({ id, keep }, context);
  const imported = async (name: string, more: object = {}) => unwrap(await importing.import({ checkpoint: file(name), ...more }));

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'collimate-'));
    told = [];
    changes = 0;
    deaths = 0;
    batches = [];
    importing = start();
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('says what the file is, and of a second time that it is here and since when', async () => {
    expect(await inspect(file('zip.pt'))).toMatchObject({
      ok: true,
      value: { file: 'zip.pt', name: 'EVA-X of width 64, depth 1', d: 64, head: null, here: [] },
    });
    const first = await imported('zip.pt');
    expect(first.outcome).toBe('added');
    expect(library()).toEqual([first.card.id]);
    expect(existsSync(join(root, 'encoders/.new'))).toBe(false);
    const again = await imported('zip.pt');
    expect(again).toMatchObject({ outcome: 'already', card: { id: first.card.id } });
    expect(Math.abs(Date.parse(again.added) - Date.now())).toBeLessThan(60_000);
    expect(await inspect(file('zip.pt'))).toMatchObject({
      ok: true,
      value: { here: [{ card: { id: first.card.id } }] },
    });
    expect(changes).toBe(1);
  });

  it('the same weights with a head add the head to what is here; without it nothing is taken away', async () => {
    const plain = await imported('zip.pt');
    const tuned = await imported('head-14.pth');
    expect(tuned).toMatchObject({ outcome: 'head-added', card: { id: plain.card.id } });
    const folder = join(root, 'encoders', plain.card.id);
    expect(unwrap(await readHead(folder)).file.findings).toHaveLength(14);
    expect(await imported('zip.pt')).toMatchObject({ outcome: 'already', card: { head: { task: 'multilabel', named: 'by number' } } });
    expect(await imported('head-14.pth')).toMatchObject({ outcome: 'already' });
    const findings = Array.from({ length: 14 }, (_, i) => `Finding ${String(i)}`);
    expect(await imported('head-14.pth', { findings })).toMatchObject({ outcome: 'head-added', card: { head: { findings } } });
    // Names that a person gave are not lost to an import without any.
    expect(await imported('head-14.pth')).toMatchObject({ outcome: 'already', card: { head: { findings } } });
  });

  it('a head waits for its names', async () => {
    expect(await inspect(file('head-3.pth'))).toMatchObject({
      ok: true,
      value: { head: { classes: 3, task: 'multiclass' } },
    });
    const named = await imported('head-3.pth', { findings: ['Normal', 'Bacterial', 'Viral'] });
    expect(named.card.head).toEqual({ findings: ['Normal', 'Bacterial', 'Viral'], task: 'multiclass', named: 'by hand' });
  });

  it('int8 is calibrated on the folder, measured, and kept only on a yes', async () => {
    const images = join(root, 'images');
    mkdirSync(images);
    for (let i = 0; i < 12; i++)
      writeFileSync(join(images, `${String(i)}.png`), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    const offered = await imported('zip.pt', { precision: 'int8', images });
    expect(offered).toMatchObject({ outcome: 'offered', card: { precision: 'int8', quantisation: { calibrated: 6, measured: 6 } } });
    expect(offered.card.quantisation?.error).toBeGreaterThan(0);
    expect(library()).toEqual([]);
    expect(new Set(told.map(({ what }) => what))).toEqual(
      new Set(['Looking for images', 'Converting the weights', 'Reading your images', 'Calibrating, and measuring the error']),
    );
    expect(await decide(offered.card.id, false)).toEqual({ ok: true, value: null });
    expect(existsSync(join(root, 'encoders/.new'))).toBe(false);
    expect(await decide(offered.card.id, true)).toMatchObject({
      ok: false,
      failure: { code: 'encoder-missing' },
    });

    const float = await imported('zip.pt');
    const second = await imported('zip.pt', { precision: 'int8', images });
    expect(await decide(second.card.id, true)).toMatchObject({ ok: true, value: { outcome: 'added' } });
    // Two precisions, two encoders: their embeddings have folders of their own.
    expect(library().sort()).toEqual([float.card.id, second.card.id].sort());
    expect(JSON.parse(readFileSync(join(root, 'encoders', second.card.id, 'encoder.json'), 'utf8'))).toMatchObject({
      precision: 'int8',
      quantisation: { measured: 6 },
    });
  });

  it('what float16 costs is measured, too, and kept only on a yes', async () => {
    const images = join(root, 'images');
    mkdirSync(images);
    for (let i = 0; i < 6; i++)
      writeFileSync(join(images, `${String(i)}.png`), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    const offered = await imported('zip.pt', { precision: 'fp16', images });
    expect(offered).toMatchObject({ outcome: 'offered', card: { precision: 'fp16', quantisation: { calibrated: 0, measured: 6 } } });
    expect(offered.card.quantisation?.error).toBeGreaterThan(0);
    expect(offered.card.quantisation?.error).toBeLessThanOrEqual(1e-3);
    expect(library()).toEqual([]);
    expect(await decide(offered.card.id, true)).toMatchObject({ ok: true, value: { outcome: 'added' } });
    expect(library()).toEqual([offered.card.id]);
  });

  it('where the process ends on the way, with fewer images at a time, until there is no hope', async () => {
    const images = join(root, 'images');
    mkdirSync(images);
    for (let i = 0; i < 6; i++)
      writeFileSync(join(images, `${String(i)}.png`), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    deaths = 2;
    expect(await imported('zip.pt', { precision: 'int8', images })).toMatchObject({ outcome: 'offered' });
    expect(batches).toEqual([8, 4, 2]);
    deaths = Infinity;
    const given = await importing.import({ checkpoint: file('zip.pt') });
    expect(given.ok ? '' : given.failure.code).toBe('encoder-keeps-ending');
    expect(existsSync(join(root, 'encoders/.new'))).toBe(false);
  });

  it('int8 without images, a folder without any, and a stop leave nothing behind', async () => {
    const none = await importing.import({ checkpoint: file('zip.pt'), precision: 'int8' });
    expect(none.ok ? '' : none.failure.code).toBe('wrong-use');
    mkdirSync(join(root, 'empty'));
    const empty = await importing.import({ checkpoint: file('zip.pt'), precision: 'int8', images: join(root, 'empty') });
    expect(empty.ok ? '' : empty.failure.code).toBe('folder-empty');
    const running = importing.import({ checkpoint: file('zip.pt') });
    importing.stop();
    const stopped = await running;
    expect(stopped.ok ? '' : stopped.failure.code).toBe('stopped');
    expect(existsSync(join(root, 'encoders'))).toBe(false);
  });

  it.each([
    ['rope-axes-swapped.pt', /^The rotary table in rope-axes-swapped\.pt differs from that of EVA-X by/],
    ['nothing.pt', /is not there/],
  ])('%s is refused before anything is asked', async (name, words) => {
    const result = await inspect(name === 'nothing.pt' ? join(root, name) : file(name));
    expect(result?.ok === false ? sentence(result.failure) : '').toMatch(words);
  });
});
