import type { Head, HeadFile } from '../../../src/contract/head';
import type { CardFacts } from '../../../src/contract/model-card';

/** A seeded head with weights of a fitted head's size. */
export function syntheticHead(
  encoder: { id: string; d: number },
  task: HeadFile['task'],
  components: number | null,
  served?: boolean[],
): Head {
  let state = 12345;
  const random = (n: number, scale = 1, offset = 0) =>
    Float32Array.from({ length: n }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return offset + scale * (state / 2 ** 31 - 1);
    });
  const { d } = encoder;
  const k = 3;
  const m = components ?? d;
  return {
    file: {
      format: 'collimate-head',
      version: 1,
      id: '0123456789abcdef',
      kind: 'logistic',
      task,
      findings: ['Pneumonia', 'No *Finding*', 'Effusion | small'],
      encoder: { ...encoder, name: 'test' },
      projection: components === null ? null : { components },
      ...(served ? { ready: { head: 'fedcba9876543210', findings: served } } : {}),
      calibration: { method: 'platt', perFinding: ['platt', 'platt', 'platt'] },
      prior: { source: 'labels', values: [0.2, 0.5, 0.3], n: 40 },
      regularisation: [1, 1, 1],
      seed: 0,
      labels: { hash: 'abc', count: 40, perFinding: [1, 2, 3].map((present) => ({ present, absent: 40 - present })) },
      created: '2026-01-01T00:00:00.000Z',
    },
    tensors: {
      'scaling.mean': { shape: [d], data: random(d, 0.5, 0.5) },
      'scaling.scale': { shape: [d], data: random(d, 0.3, 0.6) },
      ...(components === null ? {} : { projection: { shape: [d, components], data: random(d * components, 1 / Math.sqrt(d)) } }),
      weight: { shape: [k, m], data: random(k * m, 1 / Math.sqrt(m)) },
      bias: { shape: [k], data: random(k) },
      ...(served
        ? {
            'ready.weight': { shape: [k, d], data: random(k * d, 1 / Math.sqrt(d)).map((w, i) => (served[Math.floor(i / d)] ? w : 0)) },
            'ready.bias': { shape: [k], data: random(k).map((b, i) => (served[i] ? b : 0)) },
          }
        : {}),
      'calibration.slope': { shape: [k], data: random(k, 0.3, 1) },
      'calibration.offset': { shape: [k], data: random(k) },
    },
  };
}

/** The formula of src/contract/head.ts in float64, term by term: probabilities [n, findings] of embeddings [n, d]. */
export function probabilitiesOf(head: Head, rows: Float32Array): Float32Array {
  const values = (name: string) => head.tensors[name]?.data ?? new Float32Array();
  const { d } = head.file.encoder;
  const m = head.file.projection?.components ?? d;
  const out: number[] = [];
  for (let row = 0; row < rows.length / d; row++) {
    const embedding = Array.from(rows.subarray(row * d, (row + 1) * d));
    const x = embedding.map((v, i) => (v - (values('scaling.mean')[i] ?? 0)) / (values('scaling.scale')[i] ?? 0));
    const z = head.file.projection
      ? Array.from({ length: m }, (_, c) => x.reduce((sum, v, i) => sum + v * (values('projection')[i * m + c] ?? 0), 0))
      : x;
    const scores = head.file.findings.map((_, k) => {
      const logit = head.file.ready?.findings[k]
        ? embedding.reduce((sum, v, c) => sum + v * (values('ready.weight')[k * d + c] ?? 0), values('ready.bias')[k] ?? 0)
        : z.reduce((sum, v, c) => sum + v * (values('weight')[k * m + c] ?? 0), values('bias')[k] ?? 0);
      return (values('calibration.slope')[k] ?? 0) * logit + (values('calibration.offset')[k] ?? 0);
    });
    const total = scores.reduce((sum, s) => sum + Math.exp(s), 0);
    out.push(...scores.map((s) => (head.file.task === 'multilabel' ? 1 / (1 + Math.exp(-s)) : Math.exp(s) / total)));
  }
  return Float32Array.from(out);
}

export const cardFacts: CardFacts = {
  project: 'My *project*',
  version: '1.2.3',
  date: '2026-11-30',
  labels: { Pneumonia: 5 },
  patients: { labelled: 31, audited: 6, unknown: 2 },
  thresholds: [{ name: 'present from', values: [0.71, null, 0.5], how: 'out of fold' }],
  figures: [{ name: 'AUROC', finding: 'Pneumonia', value: 0.9123, low: 0.85, high: 0.96, n: 40, how: 'out of fold' }],
};
