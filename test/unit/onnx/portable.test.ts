import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { openSession } from '../../../src/encoder/session';
import { inMemory } from '../../../src/onnx/fields';
import { encodeHalves } from '../../../src/contract/float16';
import { Graph } from '../../../src/onnx/graph';
import { toHalf } from '../../../src/onnx/half';
import { inspect } from '../../../src/onnx/inspect';
import { CONTRIB, serialiseModel, type Model } from '../../../src/onnx/model';
import { portable } from '../../../src/onnx/portable';
import { maxDifference } from '../encoder/arrays';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));

const [IMAGES, TOKENS, HEADS, WIDTH] = [2, 5, 2, 64];
const D = HEADS * WIDTH;
/** Numbers without a pattern, between -size and size. */
const noise = (n: number, seed: number, size = 1) =>
  Float32Array.from(
    { length: n },
    (_, i) => size * ((Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ (seed * 7919), 0x85ebca6b) >>> 0) / 2 ** 31 - 1),
  );

/** What the graphs of encoders use beyond the standard operators of version 18. */
function quick(int8: boolean): Model {
  const graph = new Graph();
  const x = graph.input('x', ['N', TOKENS, D]);
  const angles = Array.from({ length: (TOKENS * WIDTH) / 2 }, (_, i) => i / 7);
  const tables = (['cos', 'sin'] as const).map((turn) => graph.constant(turn, [TOKENS, WIDTH / 2], Float32Array.from(angles, Math[turn])));
  const first = graph.ints('first', [0]);
  const heads = { int: HEADS };
  const turn = (value: string) =>
    graph.node(
      'RotaryEmbedding',
      [value, first, ...tables],
      { interleaved: { int: 1 }, num_heads: heads, rotary_embedding_dim: { int: 0 } },
      { domain: CONTRIB },
    );
  const product = (name: string, seed: number): string => {
    if (!int8) return graph.node('MatMul', [x, graph.constant(name, [D, D], noise(D * D, seed, 0.3))]);
    const weight = graph.constant(name, [D, D], Int8Array.from(noise(D * D, seed, 127), Math.round));
    const scales = graph.constant(
      `${name}.scale`,
      [D],
      noise(D, 9, 5e-4).map((value) => Math.abs(value) + 2e-3),
    );
    const bias = name === 'v' ? [graph.constant('v.bias', [D], noise(D, 8))] : [];
    return graph.node('MatMulIntegerToFloat', [quantised, weight, 'x.scale', scales, 'x.zero', '', ...bias], {}, { domain: CONTRIB });
  };
  let quantised = '';
  if (int8) {
    const zero = graph.constant('x.zero', [], Uint8Array.of(128));
    quantised = graph.node('QuantizeLinear', [x, graph.scalar('x.scale', 1 / 100), zero]);
  }
  const [q, k, v] = [product('q', 1), product('k', 2), product('v', 3)];
  graph.node('Attention', [turn(q), turn(k), v], { q_num_heads: heads, kv_num_heads: heads, scale: { float: WIDTH ** -0.5 } }, { as: 'y' });
  graph.output('y', ['N', TOKENS, D]);
  return { opset: 23, graph, metadata: { kept: 'yes' } };
}

async function valuesOf(model: Model, name: string): Promise<Float32Array> {
  const path = join(root, `${name}.onnx`);
  writeFileSync(path, serialiseModel(model));
  const session = unwrap(await openSession(path, 'cpu', 1));
  const { y } = unwrap(await session.run({ x: { shape: [IMAGES, TOKENS, D], data: noise(IMAGES * TOKENS * D, 4) } }));
  await session.close();
  return y?.data ?? new Float32Array();
}

describe('a model in standard operators', () => {
  const half = toHalf(quick(false), () => false, encodeHalves);
  if (!half) throw new Error('its weights are too large');
  test.each([
    ['float32', quick(false), 1e-6],
    // Every step of what is written out is rounded to half precision.
    ['float16', half, 5e-3],
    ['int8', quick(true), 1e-5],
  ] as const)('%s: gives the same values, in operators of ai.onnx version 18 and IR 8', async (name, model, limit) => {
    const made = portable(model);
    const { opset, irVersion, domains, metadata } = inspect(inMemory(serialiseModel(made)));
    expect({ opset, irVersion, domains: [...domains], metadata }).toEqual({
      opset: 18,
      irVersion: 8,
      domains: [],
      metadata: { kept: 'yes' },
    });
    expect(made.graph.nodes.map(({ op }) => op)).not.toContain('Attention');
    const expected = await valuesOf(model, `${name} quick`);
    expect(expected.some((value) => Math.abs(value) > 0.1)).toBe(true);
    expect(maxDifference(await valuesOf(made, name), expected)).toBeLessThan(limit);
  });

  test('an operator that has no standard form is a bug, not a file that runs nowhere else', () => {
    const graph = new Graph();
    graph.node('FastGelu', [graph.input('x', ['N'])], {}, { domain: CONTRIB, as: 'y' });
    graph.output('y', ['N']);
    expect(() => portable({ opset: 23, graph, metadata: {} })).toThrow(/FastGelu of com.microsoft/);
  });
});
