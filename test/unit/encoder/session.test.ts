import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { saturationTest } from '../../../src/encoder/saturation';
import { int8Saturates, openSession } from '../../../src/encoder/session';
import { Graph } from '../../../src/onnx/graph';
import { serialiseModel } from '../../../src/onnx/model';
import { bundle } from './bundle';

const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'double.onnx');
const graph = new Graph();
const x = graph.input('x', ['N', 2]);
graph.node('Mul', [x, graph.scalar('two', 2)], {}, { as: 'y' });
graph.output('y', ['N', 2]);
writeFileSync(path, serialiseModel({ opset: 18, graph, metadata: {} }));
const input = { x: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } };

describe('sessions', () => {
  test('the runtime keeps no id of the computer, and prepares nothing to be sent', async () => {
    const bundled = await bundle({ session: resolve(import.meta.dirname, '../../../src/encoder/session.ts') });
    const home = join(folder, 'home');
    mkdirSync(home);
    const url = JSON.stringify(pathToFileURL(join(bundled, 'session.js')).href);
    const code = `import(${url}).then(async ({ openSession }) => {
      const opened = await openSession(${JSON.stringify(path)}, 'cpu', 1);
      await opened.value.run({ x: { shape: [1, 2], data: Float32Array.of(1, 2) } });
      await opened.value.close();
    })`;
    // Not the environment of this process: automated builds and unit tests are spared by the runtime itself, by variables that they set.
    const env = { PATH: process.env['PATH'], HOME: home, TMPDIR: home, XDG_CACHE_HOME: home };
    execFileSync(process.execPath, ['-e', code], { env });
    rmSync(bundled, { recursive: true });
    expect(readdirSync(home, { recursive: true })).toEqual([]);
  });

  test('auto is the processor, and says why', async () => {
    const session = unwrap(await openSession(path, 'auto', 1));
    expect(session.provider).toBe('cpu');
    expect(session.reason).toMatch(/\.$/);
    expect(unwrap(await session.run(input)).y).toEqual({ shape: [2, 2], data: Float32Array.of(2, 4, 6, 8) });
    await session.close();
  });

  // Linux packages of the runtime hold neither DirectML nor CoreML.
  test.skipIf(process.platform !== 'linux')('a provider that cannot be had falls back to the processor with the reason', async () => {
    for (const provider of ['directml', 'coreml'] as const) {
      const session = unwrap(await openSession(path, provider, 1));
      expect(session.provider).toBe('cpu');
      expect(session.reason).toMatch(new RegExp(`^${provider} cannot be used here: .+`));
      expect(unwrap(await session.run(input)).y?.data).toEqual(Float32Array.of(2, 4, 6, 8));
      await session.close();
    }
  });

  // The slow way costs a processor with VNNI half of what int8 brings.
  test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
    'int8 products are computed the slow way where they would saturate, and only there',
    async () => {
      const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
      expect(await int8Saturates()).toBe(!/\b(avx512_vnni|avx_vnni|amx_int8)\b/.test(flags));
    },
  );

  test('both ways give what exact arithmetic gives', async () => {
    const { bytes, input, expected } = saturationTest;
    const exact = await InferenceSession.create(bytes(), { extra: { session: { x64quantprecision: '1' } } });
    const { y } = await exact.run({ x: new Tensor('float32', input.data, input.shape) });
    expect(new Set(y?.data as Float32Array)).toEqual(new Set([expected]));
    await exact.release();
  });

  test('what is no model, and what does not fit it, are values', async () => {
    const broken = join(folder, 'broken.onnx');
    for (const bytes of [Buffer.from('hello'), readFileSync(path).subarray(0, 40), Buffer.alloc(0)]) {
      writeFileSync(broken, bytes);
      const opened = await openSession(broken, 'cpu', 1);
      expect(opened.ok ? null : opened.failure.code).toBe('encoder-run-failed');
    }
    const session = unwrap(await openSession(path, 'cpu', 1));
    const wrong = await session.run({ x: { shape: [1, 3], data: new Float32Array(3) } });
    expect(wrong.ok ? null : wrong.failure.code).toBe('encoder-run-failed');
    const unnamed = await session.run({ z: { shape: [1, 2], data: new Float32Array(2) } });
    expect(unnamed.ok ? null : unnamed.failure.code).toBe('encoder-run-failed');
    await session.close();
  });
});
