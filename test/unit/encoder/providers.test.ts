import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EncoderCard } from '../../../src/contract/encoder-card';
import { unwrap } from '../../../src/contract/result';
import { convertCheckpoint } from '../../../src/encoder/eva-x/convert';
import type { EncoderFolder } from '../../../src/encoder/folder';
import { chooseSession } from '../../../src/encoder/providers';
import { ensureBuiltin } from '../../../src/encoder/scattering/builtin';
import { bundle } from './bundle';

const reference = resolve(import.meta.dirname, '../../reference/encoder/evax');
const expected = (JSON.parse(readFileSync(join(reference, 'expected.json'), 'utf8')) as { packed: number[] }).packed;
const root = mkdtempSync(join(tmpdir(), 'collimate-'));
let bundled = '';
let evaX: EncoderFolder;

beforeAll(async () => {
  const checkpoint = join(root, 'zip.pt');
  writeFileSync(checkpoint, gunzipSync(readFileSync(join(reference, 'zip.pt.gz'))));
  const place = () => join(root, 'encoder');
  evaX = unwrap(await convertCheckpoint({ checkpoint, crop: 'official', precision: 'fp32', place, overwrite: false }));
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
    async () => {
      bundled = await bundle({ child: resolve(import.meta.dirname, 'provider-child.ts') });
      const env = { ...process.env, LD_LIBRARY_PATH: vulkan ?? '', VK_ICD_FILENAMES: join(vulkan ?? '', 'vk_swiftshader_icd.json') };
      const run = (provider: string) => {
        const memory = join(root, 'software.json');
        const text = execFileSync(process.execPath, [join(bundled, 'child.js'), evaX.folder, provider, memory], { env, encoding: 'utf8' });
        return JSON.parse(text) as { provider: string; reason: string; embedding: number[] };
      };
      const chosen = run('webgpu');
      expect(chosen).toMatchObject({ provider: 'webgpu', reason: 'As chosen in the settings.' });
      expect(Math.max(...chosen.embedding.map((v, i) => Math.abs(v - (expected[i] ?? NaN))))).toBeLessThanOrEqual(1e-5);
      const auto = run('auto');
      expect(auto.provider).toBe('cpu');
      expect(auto.reason).toMatch(/webgpu is not faster: \S+ images\/s in a short test, the processor \S+\.$/);
      expect(run('auto').reason).toBe(auto.reason);
    },
    180_000,
  );
});
