import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EncoderService } from '../../../src/contract/jobs/encoder';
import { unwrap } from '../../../src/contract/result';
import type { Emit } from '../../../src/contract/wire';
import { convertCheckpoint } from '../../../src/encoder/eva-x/convert';
import type { EncoderFolder } from '../../../src/encoder/folder';
import { createEncoder } from '../../../src/encoder/service';
import { maxDifference } from './arrays';
import { factsOf, syntheticImaging } from './tiles';

/** The driver: how many batches WebGPU still computes before its device is lost, and from which size on the processor's memory does not suffice. */
const driver = vi.hoisted(() => ({ batchesLeft: Infinity, largest: Infinity, opened: [] as string[], runs: [] as string[] }));

// No vendor's driver can be made to fail on demand, so it alone is replaced: its numbers are those of the processor.
vi.mock('onnxruntime-node', async (original) => {
  const runtime = await original<typeof import('onnxruntime-node')>();
  const create = async (path: string, options: InferenceSession.SessionOptions) => {
    const [provider = ''] = (options.executionProviders ?? []) as string[];
    driver.opened.push(provider);
    const real = await runtime.InferenceSession.create(path, { ...options, executionProviders: ['cpu'] });
    const run = async (...parameters: [InferenceSession.OnnxValueMapType, string[]]) => {
      const [batch = 0] = parameters[0]['pixels']?.dims ?? [];
      driver.runs.push(`${provider} ${String(batch)}`);
      if (provider === 'webgpu' && driver.batchesLeft-- <= 0) throw new Error('GPU Device lost. Reason: Unknown\nat dawn.cc');
      if (batch > driver.largest) throw new Error('Failed to allocate memory for requested buffer of size 4294967296');
      return real.run(...parameters);
    };
    return { run, release: () => real.release() };
  };
  return { ...runtime, InferenceSession: { create } };
});

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
let evaX: EncoderFolder;
beforeAll(async () => {
  const checkpoint = join(root, 'zip.pt');
  writeFileSync(checkpoint, gunzipSync(readFileSync(resolve(import.meta.dirname, '../../reference/encoder/evax/zip.pt.gz'))));
  evaX = unwrap(await convertCheckpoint({ checkpoint, precision: 'fp32', place: () => join(root, 'e'), overwrite: false }));
}, 60_000);
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => Object.assign(driver, { batchesLeft: Infinity, largest: Infinity, opened: [], runs: [] }));

const names = Array.from({ length: 40 }, (_, i) => `image ${String(i)}`);
let count = 0;

async function embedAll(provider: 'cpu' | 'webgpu', disturb: () => void = () => undefined, states: 'tokens'[] = []) {
  const changes: Parameters<Emit<EncoderService>>[1][] = [];
  const encoder = createEncoder({ profile: join(root, String(++count)), imaging: syntheticImaging().imaging }, (event, payload) => {
    if (event === 'changed') changes.push(payload);
  });
  const context = { signal: new AbortController().signal };
  const opened = unwrap(await encoder.handlers.open({ folder: evaX.folder, provider, threads: 1 }, context));
  disturb();
  const items = names.map((name) => ({ key: name, source: { file: `/x/${name}`, frame: null } }));
  const embedded = unwrap(await encoder.handlers.embed({ items, states }, context));
  const hashes = names.map((name) => factsOf(name).sha256);
  const { rows } = unwrap(await encoder.handlers.fetch({ names: hashes }, context));
  const made = unwrap(await encoder.handlers.madeBy({ names: hashes }, context));
  unwrap(await encoder.close());
  return { opened, embedded, changes, rows, made };
}

describe('a driver that gives up in the middle', () => {
  test.each([[[] as 'tokens'[]], [['tokens'] as 'tokens'[]]])(
    'a lost device: the processor takes over with the same batch, nothing is missing, and it is told (%s)',
    async (states) => {
      const whole = await embedAll('cpu', undefined, states);
      const broken = await embedAll('webgpu', () => (driver.batchesLeft = 3), states);
      expect(broken.opened).toMatchObject({ provider: 'webgpu', card: { id: evaX.card.id, precision: 'fp32' } });
      expect(broken.embedded).toEqual({ done: 40, failed: 0 });
      const reason = 'webgpu broke off: GPU Device lost. Reason: Unknown';
      expect(broken.changes).toEqual([{ provider: 'cpu', reason, batch: 8 }]);
      expect(broken.made).toEqual([
        { rows: 24, batch: 8, provider: 'webgpu' },
        { rows: 16, batch: 8, provider: 'cpu' },
      ]);
      expect(driver.runs.slice(-3)).toEqual(['webgpu 8', 'cpu 8', 'cpu 8']);
      expect(maxDifference(broken.rows, whole.rows)).toBeLessThanOrEqual(1e-5);
    },
  );

  test('too little memory: the same process goes on with smaller batches', async () => {
    const whole = await embedAll('cpu');
    const small = await embedAll('cpu', () => (driver.largest = 2));
    expect(small.changes).toMatchObject([{ provider: 'cpu', batch: 2 }]);
    expect(small.made).toEqual([{ rows: 40, batch: 2, provider: 'cpu' }]);
    expect(maxDifference(small.rows, whole.rows)).toBeLessThanOrEqual(1e-5);
  });
});
