import type { LabelDelta, SnapshotBase } from '../../../src/contract/jobs/trainer';
import { defaultSettings } from '../../../src/contract/jobs/trainer';
import { matrix, type Matrix } from '../../../src/trainer/matrix';
import { random } from '../../../src/trainer/random';

export interface Pool {
  readonly base: SnapshotBase;
  readonly rows: Matrix;
  /** The class of each row. */
  readonly truth: number[];
}

/** Classes as overlapping Gaussian clouds in d dimensions; two images a patient. */
export function gaussianPool(n: number, d: number, classes: number, task: SnapshotBase['task'], apart = 2.5, seed = 1): Pool {
  const draw = random(seed, 'pool');
  const centres = Array.from({ length: classes * d }, () => (apart * draw.normal()) / Math.sqrt(d));
  const truth = Array.from({ length: n }, () => draw.integer(classes));
  const data = Float32Array.from(
    { length: n * d },
    (_, i) => draw.normal() / 2 + (centres[(truth[Math.floor(i / d)] ?? 0) * d + (i % d)] ?? 0),
  );
  const base: SnapshotBase = {
    encoder: { id: 'test', name: 'test', d },
    task,
    findings: Array.from({ length: classes }, (_, f) => `finding ${f}`),
    seed: 7,
    settings: { ...defaultSettings, queueSize: 20 },
    embeddings: Array.from({ length: n }, (_, i) => `image ${i}`),
    groups: Int32Array.from({ length: n }, (_, i) => Math.floor(i / 2)),
  };
  return { base, rows: matrix(n, d, data), truth };
}

/** True answers for `rows`, in that order; those of the audit are blind. */
export function answers({ base, truth }: Pool, rows: readonly number[], use: LabelDelta['use'] = 'train', from = 0): LabelDelta[] {
  return rows.flatMap((row, i) =>
    base.findings.map((_, finding) => ({
      row,
      finding,
      state: truth[row] === finding ? 1 : 0,
      use,
      ...(use === 'audit' ? { blind: true } : {}),
      seq: from + i,
    })),
  );
}
