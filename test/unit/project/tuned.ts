import type { TunedHead } from '../../../src/contract/jobs/trainer';
import { headId, poolDigest } from '../../../src/contract/head-identity';

/** A fine-tuned head of one finding over these images, of which it says the logits it is told; it learnt from the first three. */
export async function tunedHead(names: readonly string[], d: number, logit: (row: number) => number): Promise<TunedHead> {
  const wave = (n: number, by: number) => Float32Array.from({ length: n }, (_, i) => Math.cos(by * i + 1));
  const tensors = {
    'scaling.mean': { shape: [d], data: new Float32Array(d) },
    'scaling.scale': { shape: [d], data: new Float32Array(d).fill(1) },
    weight: { shape: [1, d], data: wave(d, 2) },
    bias: { shape: [1], data: wave(1, 3) },
    'attention.query': { shape: [1, d], data: wave(d, 5) },
    'norm.gain': { shape: [d], data: wave(d, 7) },
    'norm.bias': { shape: [d], data: wave(d, 11) },
    'calibration.slope': { shape: [1], data: Float32Array.of(1) },
    'calibration.offset': { shape: [1], data: Float32Array.of(0) },
  };
  const file = {
    format: 'collimate-head' as const,
    version: 1 as const,
    kind: 'attentive' as const,
    task: 'multilabel' as const,
    findings: ['ill'],
    encoder: { id: 'e'.repeat(64), name: 'test', d },
    projection: null,
    unit: true,
    calibration: { method: 'platt' as const, perFinding: ['platt'] },
    prior: { source: 'labels' as const, values: [0.5], n: 3 },
    regularisation: null,
    seed: 0,
    labels: { hash: '', count: 3, perFinding: [{ present: 2, absent: 1 }] },
  };
  const logits = Float32Array.from(names, (_, row) => logit(row));
  return {
    file: { ...file, id: await headId(file, tensors), created: '2026-11-22T10:00:00.000Z' },
    tensors,
    learnt: [true],
    pool: await poolDigest(names),
    rows: Int32Array.of(0, 1, 2),
    held: logits.slice(0, 3),
    logits,
  };
}
