import { beforeAll, describe, expect, it } from 'vitest';
import { defaultSettings, type Strategy } from '../../../src/contract/jobs/trainer';
import { rankQueue } from '../../../src/trainer/acquisition/queue';
import { queueRules } from '../../../src/trainer/acquisition/rules';
import type { Acquisition, Scene } from '../../../src/trainer/acquisition/scene';
import { emptyLinear, logitsOf, type Design, type Linear } from '../../../src/trainer/heads/design';
import { fitHead } from '../../../src/trainer/heads/fit';
import { linearHeads, type LinearHead, type LinearKind } from '../../../src/trainer/heads/linear';
import { start } from './backend';
import { gaussianPool } from './pool';

/** docs/adding.md shows how; here each is added to the ones that there are. */
beforeAll(() => start());

const scene: Scene = {
  task: 'multiclass',
  findings: ['a', 'b'],
  features: { rows: 6, columns: 2, data: new Float32Array(12).fill(1) },
  open: Int32Array.of(1, 3, 4, 5),
  labelled: Int32Array.of(0, 2),
  answered: 2,
  audits: [],
  spare: [],
  scores: null,
  present: [[0], [2]],
  seed: 0,
};

describe('a rule of the queue', () => {
  const last: Acquisition = ({ open }, count) =>
    Array.from(open)
      .reverse()
      .slice(0, count)
      .map((row) => ({ row, score: row, reason: { code: 'random', params: {} } }));
  const settings = { ...defaultSettings, queueSize: 3, audit: { share: 0, from: 0 }, strategy: 'last' as Strategy };
  const ask = async (of: Scene, rule = { choose: last }) =>
    (await rankQueue(of, settings, { ...queueRules, last: rule })).map(({ row }) => row);

  it('chooses by its name', async () => {
    expect(await ask(scene)).toEqual([5, 4, 3]);
  });

  it('gives way to typical images before the first label, unless it can begin, and to another one where it needs a head', async () => {
    const fresh: Scene = { ...scene, open: Int32Array.of(0, 1, 2, 3, 4, 5), labelled: new Int32Array(), present: [[], []] };
    const reasons = async (of: Scene, rule: Parameters<typeof ask>[1] & { begins?: () => boolean; needsHead?: boolean }) =>
      (await rankQueue(of, settings, { ...queueRules, last: rule })).map(({ reason }) => reason.code);
    expect(await reasons(fresh, { choose: last })).toContain('typical');
    expect(await ask(fresh, Object.assign({ choose: last }, { begins: () => true }))).toEqual([5, 4, 3]);
    expect(await reasons(scene, { choose: last, needsHead: true })).not.toContain('random');
  });
});

/** Logits by the difference of the two means. */
function meanDifference({ n, m, x, targets }: Design, include: Uint8Array | null = null): Linear {
  const k = targets.findings;
  const linear = emptyLinear(k, m);
  for (let f = 0; f < k; f++) {
    const sums = [new Float64Array(m), new Float64Array(m)] as const;
    const counts = [0, 0] as [number, number];
    for (let i = 0; i < n; i++) {
      const side = targets.y[i * k + f] === 1 ? 1 : 0;
      if (include && include[i] !== 1) continue;
      counts[side] += 1;
      for (let c = 0; c < m; c++) sums[side][c] = (sums[side][c] ?? 0) + (x[i * m + c] ?? 0);
    }
    const mean = (side: 0 | 1, c: number) => (sums[side][c] ?? 0) / Math.max(1, counts[side]);
    for (let c = 0; c < m; c++) {
      const weight = mean(1, c) - mean(0, c);
      linear.weight[f * m + c] = weight;
      linear.bias[f] = (linear.bias[f] ?? 0) - (weight * (mean(1, c) + mean(0, c))) / 2;
    }
    linear.fitted[f] = true;
  }
  return linear;
}

describe('a linear head', () => {
  const nearest: LinearHead<LinearKind> = {
    kind: 'nearest' as LinearKind,
    from: 20,
    equalPriors: true,
    fit: ({ design, folds }) =>
      Promise.resolve({
        linear: meanDifference(design),
        strengths: null,
        outOfFold: () => {
          const logits = new Float64Array(design.n * design.targets.findings);
          for (const fold of new Set(folds)) {
            const own = logitsOf(
              meanDifference(
                design,
                Uint8Array.from(folds, (each) => Number(each !== fold)),
              ),
              design,
            );
            own.forEach((z, i) => {
              if (folds[Math.floor(i / design.targets.findings)] === fold) logits[i] = z;
            });
          }
          return Promise.resolve(logits);
        },
      }),
    refit: (design, { include }) => Promise.resolve(meanDifference(design, include)),
  };
  const pool = gaussianPool(90, 8, 2, 'multilabel');
  const targets = {
    rows: Int32Array.from({ length: 90 }, (_, i) => i),
    groups: Int32Array.from({ length: 90 }, (_, i) => i),
    findings: 2,
    y: Int8Array.from({ length: 180 }, (_, i) => Number(pool.truth[Math.floor(i / 2)] === i % 2)),
  };
  const options = { task: 'multilabel', folds: 5, seed: 1 } as const;

  it('is fitted, calibrated and judged like the others', async () => {
    const head = await fitHead(pool.rows, targets, { ...options, head: nearest.kind }, [...linearHeads, nearest]);
    expect(head?.kind).toBe('nearest');
    const probabilities = head?.outOfFold.probabilities ?? new Float32Array();
    const right = probabilities.filter((p, i) => p > 0.5 === (targets.y[i] === 1)).length;
    expect(right / probabilities.length).toBeGreaterThan(0.9);
    expect(head?.compared).toEqual([]);
  });

  it('is compared with them on the same folds', async () => {
    const head = await fitHead(pool.rows, targets, { ...options, head: 'auto' }, [...linearHeads, nearest]);
    expect(head?.compared.map(({ kind }) => kind)).toEqual(['gda', 'logistic', 'nearest']);
  });
});
