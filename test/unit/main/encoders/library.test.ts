import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { ProjectSummary } from '../../../../src/contract/views';
import { BUILTIN_ENCODER } from '../../../../src/contract/model';
import { fail, ok, unwrap, type Result } from '../../../../src/contract/result';
import { ensureBuiltin } from '../../../../src/encoder/scattering/builtin';
import { EmbeddingStore } from '../../../../src/encoder/store/store';
import { EncoderLibrary } from '../../../../src/main/encoders/library';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
let profile = '';
let builtin = '';
/** A second encoder: the first one's files under another card. */
const other = 'f'.repeat(64);
const lost = '7'.repeat(64);
let projects: ProjectSummary[] = [];
let open: string | null = null;
let bin = '';
let binWorks = true;
const released: string[] = [];
let release: Result<void> = ok();

beforeEach(async () => {
  profile = mkdtempSync(join(root, 'profile'));
  bin = join(profile, 'bin');
  mkdirSync(bin);
  [projects, open, binWorks, released.length, release] = [[], null, true, 0, ok()];
  const { card, folder } = unwrap(await ensureBuiltin(join(profile, 'encoders')));
  builtin = card.id;
  const second = join(profile, 'encoders', other);
  mkdirSync(second);
  writeFileSync(join(second, 'model.onnx'), readFileSync(join(folder, 'model.onnx')));
  writeFileSync(join(second, 'encoder.json'), JSON.stringify({ ...card, id: other, name: 'Another', kind: 'eva-x' }));
  mkdirSync(join(profile, 'encoders', 'half-removed'));
});

const library = () =>
  new EncoderLibrary({
    profile,
    projects: () => Promise.resolve(projects),
    openProject: () => open,
    trash: async (path) => {
      if (!binWorks) throw new Error('no bin here');
      await rename(path, join(bin, 'encoder'));
    },
    release: (folder) => {
      released.push(folder);
      return Promise.resolve(release);
    },
  });
const project = (id: string, encoder: string): ProjectSummary => ({
  id,
  name: `Project ${id}`,
  folder: '/images',
  task: 'multiclass',
  encoder,
  images: 3,
  labelled: 1,
  opened: '2026-11-22T10:00:00.000Z',
  missing: false,
});
async function embed(encoder: string, rows: number): Promise<void> {
  const store = unwrap(await EmbeddingStore.open(join(profile, 'embeddings', encoder), { encoder, d: 5, type: 'float32' }));
  for (let i = 0; i < rows; i++) store.append(String(i).padStart(64, '0'), new Float32Array(5), { batch: 8, provider: 'cpu', display: 0 });
  unwrap(await store.close());
}

describe('the encoder library', () => {
  test('says what is there, what it takes, and who uses it', async () => {
    projects = [project('A', BUILTIN_ENCODER), project('B', other), project('C', lost)];
    open = 'B';
    await embed(builtin, 7);
    await embed(lost, 2);
    const { encoders, strays } = await library().library();
    expect(encoders.map(({ card }) => card.name)).toEqual(['Another', 'Built-in scattering']);
    expect(encoders[0]).toMatchObject({ builtin: false, speed: null, kept: { images: 0, bytes: 0, projects: [{ id: 'B', open: true }] } });
    expect(encoders[1]?.bytes).toBeGreaterThan(100_000);
    // 7 rows of 20 bytes; their names: a header of 64 bytes and 44 a row.
    expect(encoders[1]?.kept).toMatchObject({ images: 7, bytes: 7 * 20 + 64 + 7 * 44, projects: [{ id: 'A', open: false }] });
    expect(strays).toMatchObject([{ encoder: lost, images: 2, projects: [{ id: 'C' }] }]);
  });

  test('keeps the speed that was measured', async () => {
    const speed = { imagesPerSecond: 23.5, provider: 'cpu', reason: 'Here.', measured: '2026-11-22T10:00:00.000Z' };
    await library().noteSpeed(other, speed);
    expect((await library().library()).encoders[0]?.speed).toEqual(speed);
    writeFileSync(join(profile, 'speeds.json'), 'damaged');
    expect((await library().library()).encoders[0]?.speed).toBeNull();
  });

  test('moves an encoder to the bin and leaves its embeddings, which come back with it', async () => {
    await embed(other, 4);
    unwrap(await library().remove(other, { embeddings: false, forGood: false }));
    expect(released).toEqual([join(profile, 'encoders', other)]);
    expect(existsSync(join(bin, 'encoder', 'model.onnx'))).toBe(true);
    expect((await library().library()).strays).toMatchObject([{ encoder: other, images: 4 }]);
    unwrap(await library().removeEmbeddings(other));
    expect(await library().library()).toMatchObject({ encoders: [{ builtin: true }], strays: [] });
  });

  test('without a bin says so, and deletes for good only when told to', async () => {
    binWorks = false;
    await embed(other, 4);
    expect(await library().remove(other, { embeddings: true, forGood: false })).toMatchObject({ failure: { code: 'write-failed' } });
    expect(existsSync(join(profile, 'encoders', other))).toBe(true);
    unwrap(await library().remove(other, { embeddings: true, forGood: true }));
    expect(existsSync(join(profile, 'encoders', other))).toBe(false);
    expect(existsSync(join(profile, 'embeddings', other))).toBe(false);
  });

  test('takes nothing away from the project that is open, or from work under way', async () => {
    projects = [project('B', other)];
    open = 'B';
    await embed(other, 4);
    expect(await library().remove(other, { embeddings: true, forGood: true })).toMatchObject({ failure: { code: 'encoder-in-use' } });
    expect(await library().removeEmbeddings(other)).toMatchObject({ failure: { code: 'encoder-in-use' } });
    open = null;
    release = fail('wrong-use', { reason: 'The encoder is at work' });
    expect(await library().removeEmbeddings(other)).toMatchObject({ failure: { code: 'wrong-use' } });
    expect((await library().library()).encoders[0]?.kept.images).toBe(4);
  });

  test('removes neither the built-in encoder nor what is not in it', async () => {
    expect(await library().remove(builtin, { embeddings: false, forGood: true })).toMatchObject({ failure: { code: 'wrong-use' } });
    for (const id of ['half-removed', '../projects', lost])
      expect(await library().remove(id, { embeddings: true, forGood: true })).toMatchObject({ failure: { code: 'encoder-missing' } });
    expect(await library().removeEmbeddings('../projects')).toMatchObject({ failure: { code: 'encoder-missing' } });
  });
});
