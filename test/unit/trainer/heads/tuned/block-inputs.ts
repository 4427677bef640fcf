import type { LastBlock, Tensor } from '../../../../../src/contract/head';
import { defaultSettings, type SnapshotBase } from '../../../../../src/contract/jobs/trainer';
import { decodeHalves, halfOf } from '../../../../../src/contract/float16';
import type { StateSource } from '../../../../../src/trainer/heads/tuned/states';
import { matrix } from '../../../../../src/trainer/matrix';
import { random } from '../../../../../src/trainer/random';
import { blockEmbedding } from '../../../../../src/trainer/tensors/block';
import { score } from '../../../../../src/trainer/tensors/tuning';
import type { Pool } from '../../pool';

export interface BlockPool extends Pool {
  readonly states: StateSource;
  readonly block: LastBlock;
}

const [T, d, hidden, pairs] = [13, 16, 32, 4];

/** A block with seeded weights by the recipe of the project's fixtures, but small. */
export function smallBlock(seed = 1): LastBlock {
  const draw = random(seed, 'block');
  const drawn = (shape: number[], size: number, about = 0): Tensor => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => about + size * draw.normal()),
  });
  const angles = Array.from({ length: T * pairs }, (_, i) => (Math.floor(i / pairs) === 0 ? 0 : Math.floor(i / pairs) / 4 ** (i % pairs)));
  const block: Record<string, Tensor> = {
    'block.rope.cos': { shape: [T, pairs], data: Float32Array.from(angles, Math.cos) },
    'block.rope.sin': { shape: [T, pairs], data: Float32Array.from(angles, Math.sin) },
  };
  for (const name of ['q', 'k', 'v', 'proj']) block[`block.${name}`] = drawn([d, d], 0.25);
  for (const name of ['q', 'proj', 'down']) block[`block.${name}.bias`] = drawn([d], 0.1);
  for (const name of ['gate', 'up']) {
    block[`block.${name}`] = drawn([d, hidden], 0.25);
    block[`block.${name}.bias`] = drawn([hidden], 0.1);
  }
  block['block.down'] = drawn([hidden, d], 0.18);
  for (const name of ['block.norm1', 'block.norm2', 'norm']) {
    block[`${name}.gain`] = drawn([d], 0.1, 1);
    block[`${name}.bias`] = drawn([d], 0.1);
  }
  return block;
}

/** Images as states of noise, in which one patch carries the sign of the finding that is present: the mean of the block's output hardly shows it. */
export async function blockPool(n: number, { strength = 3, seed = 1 }: { strength?: number; seed?: number } = {}): Promise<BlockPool> {
  const draw = random(seed, 'block inputs');
  const block = smallBlock();
  const signs = [0, 1].map(() => Array.from({ length: d }, () => draw.normal()));
  const truth = Array.from({ length: n }, () => draw.integer(2));
  const size = T * d;
  const bits = new Uint16Array(n * size);
  for (let i = 0; i < n; i++) {
    const marked = 1 + draw.integer(T - 1);
    for (let p = 0; p < size; p++) {
      const sign = Math.floor(p / d) === marked ? (signs[truth[i] ?? 0]?.[p % d] ?? 0) : 0;
      bits[i * size + p] = halfOf(draw.normal() + strength * sign);
    }
  }
  const read = (rows: readonly number[]) => {
    const out = new Uint16Array(rows.length * size);
    rows.forEach((row, i) => out.set(bits.subarray(row * size, (row + 1) * size), i * size));
    return Promise.resolve(out);
  };
  const data = new Float32Array(bits.length);
  decodeHalves(bits, data);
  const formula = { constants: {}, logits: blockEmbedding };
  const embeddings = await score(formula, block, [() => Promise.resolve({ states: { shape: [n, T, d], data } })], () => Promise.resolve());
  const base: SnapshotBase = {
    encoder: { id: 'test', name: 'test', d },
    task: 'multilabel',
    findings: ['first', 'second'],
    seed: 7,
    settings: { ...defaultSettings, queueSize: 20 },
    embeddings: Array.from({ length: n }, (_, i) => `image ${String(i)}`),
    groups: Int32Array.from({ length: n }, (_, i) => Math.floor(i / 2)),
  };
  return { base, rows: matrix(n, d, embeddings), truth, states: { shape: [T, d], read }, block };
}
