import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EncoderCard, Precision } from '../../../src/contract/encoder-card';
import { unwrap } from '../../../src/contract/result';
import { convertCheckpoint } from '../../../src/encoder/eva-x/convert';
import type { EncoderFolder } from '../../../src/encoder/folder';
import { chooseSession, isClose, relativeDifference } from '../../../src/encoder/providers';
import { ensureBuiltin } from '../../../src/encoder/scattering/builtin';
import { bundle } from './bundle';

const reference = resolve(import.meta.dirname, '../../reference/encoder/evax');
const expected = (JSON.parse(readFileSync(join(reference, 'expected.json'), 'utf8')) as { packed: number[] }).packed;
const root = mkdtempSync(join(tmpdir(), 'collimate-'));
let bundled = '';
let evaX: EncoderFolder;
const checkpoint = join(root, 'zip.pt');

const convert = (precision: Precision) =>
  convertCheckpoint({ checkpoint, precision, place: () => join(root, precision), overwrite: false });

beforeAll(async () => {
  writeFileSync(checkpoint, gunzipSync(readFileSync(join(reference, 'zip.pt.gz'))));
  evaX = unwrap(await convert('fp32'));
  if (vulkan) bundled = await bundle({ child: resolve(import.meta.dirname, 'provider-child.ts') });
}, 60_000);
afterAll(() => {
  rmSync(root, { recursive: true });
  if (bundled !== '') rmSync(bundled, { recursive: true });
});

/** Electron brings a Vulkan in software and its loader; see set-up. */
function softwareVulkan(): string | null {
  const cache = join(homedir(), '.cache/collimate');
  const folders = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('electron-')) : [];
  return folders.map((name) => join(cache, name)).find((path) => existsSync(join(path, 'vk_swiftshader_icd.json'))) ?? null;
}
const vulkan = process.platform === 'linux' ? softwareVulkan() : null;
if (!vulkan) console.warn('skipped: WebGPU in software, the Electron of the tests is not set up');

const choose = (card: EncoderCard, model: string, provider: 'auto' | 'directml', memory = join(root, 'providers.json')) =>
  chooseSession({ model, card, provider, threads: 1, memory });

/** In a process with that Vulkan. */
function run(folder: string, provider: string) {
  const env = { ...process.env, LD_LIBRARY_PATH: vulkan ?? '', VK_ICD_FILENAMES: join(vulkan ?? '', 'vk_swiftshader_icd.json') };
  const args = [join(bundled, 'child.js'), folder, provider, join(root, 'software.json')];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' })) as {
    provider: string;
    reason: string;
    embedding: number[];
  };
}

describe('the provider', () => {
  test('the built-in encoder stays on the processor', async () => {
    const { card, model } = unwrap(await ensureBuiltin(root));
    const session = unwrap(await choose(card, model, 'auto'));
    expect(session).toMatchObject({ provider: 'cpu', reason: 'This encoder is quick enough on the processor.' });
    await session.close();
  });

  test.skipIf(process.platform !== 'linux')('one that cannot be had falls back with the reason', async () => {
    const session = unwrap(await choose(evaX.card, evaX.model, 'directml'));
    expect(session.provider).toBe('cpu');
    expect(session.reason).toMatch(/^directml cannot be used here: .+\.$/);
    await session.close();
  });

  test('one that ended the process is not tried again', async () => {
    const memory = join(root, 'crashed.json');
    const first = unwrap(await choose(evaX.card, evaX.model, 'directml', memory));
    await first.close();
    // What a process that dies in the middle of the test leaves behind.
    const keys = Object.keys(JSON.parse(readFileSync(memory, 'utf8')) as object);
    expect(keys).toEqual([]);
    const { RUNTIME_VERSION } = await import('../../../src/encoder/session');
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const key = `directml ${evaX.card.id} ${RUNTIME_VERSION}`;
    writeFileSync(memory, JSON.stringify({ [key]: { state: 'trying', reason: '', pid: gone } }));
    const session = unwrap(await choose(evaX.card, evaX.model, 'directml', memory));
    expect(session).toMatchObject({ provider: 'cpu', reason: 'directml made the encoder process end when it was tried.' });
    await session.close();
  });

  test.skipIf(!vulkan)(
    'WebGPU, in software: the same numbers; too slow to be chosen by itself; remembered',
    () => {
      const chosen = run(evaX.folder, 'webgpu');
      expect(chosen).toMatchObject({ provider: 'webgpu', reason: 'As chosen in the settings.' });
      expect(Math.max(...chosen.embedding.map((v, i) => Math.abs(v - (expected[i] ?? NaN))))).toBeLessThanOrEqual(1e-5);
      const auto = run(evaX.folder, 'auto');
      expect(auto.provider).toBe('cpu');
      expect(auto.reason).toMatch(/webgpu is not faster: \S+ images\/s in a short test, the processor \S+\.$/);
      expect(run(evaX.folder, 'auto').reason).toBe(auto.reason);
    },
    180_000,
  );

  test.skipIf(!vulkan)(
    'float16 where the card has none, as WebGPU in software: the processor, with the reason, in the same class',
    async () => {
      const half = unwrap(await convert('fp16'));
      const found = run(half.folder, 'webgpu');
      expect(found.provider).toBe('cpu');
      expect(found.reason).toMatch(/^webgpu cannot be used here: .*f16/);
      const exact = run(evaX.folder, 'cpu');
      expect(relativeDifference(Float32Array.from(found.embedding), Float32Array.from(exact.embedding))).toBeLessThanOrEqual(1e-3);
    },
    180_000,
  );

  test('gives the numbers of the processor: to 1e-4 of the largest in float32, to 1e-3 in float16', () => {
    const exact = Float32Array.of(2, -1, 0.5);
    const off = (by: number) => exact.map((value, i) => value + (i === 1 ? by : 0));
    expect(isClose('fp32', relativeDifference(off(1.8e-4), exact))).toBe(true);
    expect(isClose('fp32', relativeDifference(off(2.2e-4), exact))).toBe(false);
    expect(isClose('fp16', relativeDifference(off(1.8e-3), exact))).toBe(true);
    expect(isClose('fp16', relativeDifference(off(2.2e-3), exact))).toBe(false);
    expect(isClose('fp16', relativeDifference(off(NaN), exact))).toBe(false);
    expect(isClose('fp16', relativeDifference(exact.subarray(1), exact))).toBe(false);
  });
});
