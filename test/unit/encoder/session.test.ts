import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { openSession } from '../../../src/encoder/session';
import { Graph } from '../../../src/onnx/graph';
import { serialiseModel } from '../../../src/onnx/model';

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
