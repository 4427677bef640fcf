import { beforeAll, describe, expect, it } from 'vitest';
import { Strategy, type Settings } from '../../../../src/contract/jobs/trainer';
import { reasonSentence } from '../../../../src/contract/reasons';
import { unwrap } from '../../../../src/contract/result';
import { herding } from '../../../../src/trainer/acquisition/herding';
import { rankQueue } from '../../../../src/trainer/acquisition/queue';
import type { Scene } from '../../../../src/trainer/acquisition/scene';
import { buildBasis } from '../../../../src/trainer/basis';
import { learn, prepare, queueOf } from '../../../../src/trainer/engine';
import { random } from '../../../../src/trainer/random';
import { start } from '../backend';
import { answers, gaussianPool, type Pool } from '../pool';

beforeAll(() => start());

async function queueWith(pool: Pool, labelled: readonly number[], changes: Partial<Settings>) {
  const base = { ...pool.base, settings: { ...pool.base.settings, ...changes } };
  const prepared = unwrap(await prepare({ base, labels: answers(pool, labelled) }, pool.rows));
  const learnt = await learn(prepared, '');
  return queueOf(prepared, learnt.ok ? learnt.value : null);
}

const noAudit = { audit: { share: 0, from: 0 } };
const first = (n: number) => Array.from({ length: n }, (_, i) => i);

describe.each(Strategy.options)('the strategy %s', (strategy) => {
  it.each([
    ['multiclass', 3],
    ['multilabel', 2],
  ] as const)('asks for distinct unlabelled images, the same ones again, each with a sentence (%s)', async (task, classes) => {
    const pool = gaussianPool(150, 12, classes, task);
    for (const labelled of [[], first(1), first(24)]) {
      const queue = await queueWith(pool, labelled, { strategy, ...noAudit });
      const rows = queue.map(({ row }) => row);
      expect(rows.length).toBe(20);
      expect(new Set(rows).size).toBe(20);
      expect(rows.some((row) => labelled.includes(row))).toBe(false);
      for (const { reason } of queue) expect(reasonSentence(reason)).toMatch(/^[A-Z].*[^ .]\.$/);
      expect(await queueWith(pool, labelled, { strategy, ...noAudit })).toEqual(queue);
    }
  });

  it('empties the pool and then asks for nothing', async () => {
    const pool = gaussianPool(30, 6, 2, 'multiclass');
    expect((await queueWith(pool, first(25), { strategy, ...noAudit })).map(({ row }) => row).sort((a, b) => a - b)).toEqual([
      25, 26, 27, 28, 29,
    ]);
    expect(await queueWith(pool, first(30), { strategy, ...noAudit })).toEqual([]);
  });
});

describe('the search for a finding', () => {
  const rare = { strategy: 'rare', queueSize: 30, ...noAudit } as const;

  it('starts from given images before the first label, and leads to their like', async () => {
    const pool = gaussianPool(300, 12, 3, 'multiclass');
    const seeds = first(300)
      .filter((row) => pool.truth[row] === 2)
      .slice(0, 3);
    const queue = await queueWith(pool, [], { ...rare, search: { finding: 2, seeds } });
    const likely = queue.filter(({ reason }) => reason.code === 'similar');
    expect(likely.length).toBeGreaterThanOrEqual(26);
    const found = likely.filter(({ row }) => pool.truth[row] === 2).length / likely.length;
    const share = pool.truth.filter((truth) => truth === 2).length / 300;
    expect(found).toBeGreaterThan(2 * share);
    expect(reasonSentence(likely[0]?.reason ?? { code: 'random', params: {} })).toContain('was started from');
  });

  it('looks for the finding that was asked for, not for the rarest; without anything to go by it asks as by default', async () => {
    const pool = gaussianPool(300, 12, 3, 'multilabel');
    const queue = await queueWith(pool, first(60), { ...rare, search: { finding: 1, seeds: [] } });
    const named = new Set(queue.map(({ reason }) => reason.params['finding']).filter((name) => name !== undefined));
    expect([...named]).toEqual([pool.base.findings[1]]);
    const none = await queueWith(pool, [], { ...rare, search: { finding: 1, seeds: [] } });
    expect(none).toEqual(await queueWith(pool, [], { ...rare, strategy: 'auto' }));
  });
});

it('the hardest finding alone decides where uncertainty is combined by its maximum', async () => {
  const pool = gaussianPool(300, 12, 3, 'multilabel');
  const settings = { strategy: 'margin', queueSize: 10, ...noAudit } as const;
  const prepared = unwrap(await prepare({ base: pool.base, labels: answers(pool, first(60)) }, pool.rows));
  const learnt = unwrap(await learn(prepared, ''));
  const largest = await queueWith(pool, first(60), { ...settings, combine: 'max' });
  const mean = await queueWith(pool, first(60), settings);
  expect(learnt.fitted.linear.fitted).toEqual([true, true, true]);
  expect(await queueWith(pool, first(60), { ...settings, combine: 'mean' })).toEqual(mean);
  // Of three uncertainties the largest is at least their mean, for each place of the order.
  largest.forEach(({ score }, i) => expect(score).toBeGreaterThanOrEqual((mean[i]?.score ?? 1) - 1e-12));
  expect(largest.map(({ row }) => row)).not.toEqual(mean.map(({ row }) => row));
});

describe('audit draws', () => {
  it('begin at the 30th label, take the share they should, and are unaffected by the strategy', async () => {
    const plain = gaussianPool(1200, 6, 2, 'multiclass');
    const pool = { ...plain, base: { ...plain.base, reserved: Uint8Array.from({ length: 1200 }, (_, row) => (row < 800 ? 0 : 1)) } };
    const early = await queueWith(pool, first(10), { queueSize: 15, audit: { share: 0.15, from: 30 } });
    expect(early.some(({ audit }) => audit)).toBe(false);
    const settings = { queueSize: 400, audit: { share: 0.15, from: 30 } };
    const margin = await queueWith(pool, first(40), { ...settings, strategy: 'margin' });
    const audits = margin.filter(({ audit }) => audit);
    // Binomial(400, 0.15): mean 60, five standard deviations.
    expect(audits.length).toBeGreaterThan(25);
    expect(audits.length).toBeLessThan(95);
    expect(new Set(margin.map(({ row }) => row)).size).toBe(margin.length);
    for (const { reason } of audits) expect(reason.code).toBe('audit');
    const entropy = await queueWith(pool, first(40), { ...settings, strategy: 'entropy' });
    expect(entropy.filter(({ audit }) => audit).map(({ row }) => row)).toEqual(audits.map(({ row }) => row));
  });
});

describe('the default', () => {
  it('asks for typical images, then draws at random, then asks for what settles most', async () => {
    const pool = gaussianPool(400, 12, 2, 'multilabel');
    const by = (strategy: Settings['strategy'], n: number) => queueWith(pool, first(n), { strategy, queueSize: 10, ...noAudit });
    expect((await by('auto', 0)).map(({ reason }) => reason.code)).toEqual(Array.from({ length: 10 }, () => 'typical'));
    expect(await by('auto', 15)).toEqual(await by('random', 15));
    expect(await by('auto', 30)).toEqual(await by('variance', 30));
  });
});

describe('cold start', () => {
  it.each([10, 50])('asks one at a time for what it asks for ten at a time (queue of %i)', async (queueSize) => {
    const pool = gaussianPool(400, 10, 6, 'multiclass', 12);
    const rows = async (labelled: readonly number[], size: number) =>
      (await queueWith(pool, labelled, { queueSize: size, ...noAudit })).map(({ row }) => row);
    const start = await rows([], 10);
    const tens = [...start, ...(await rows(start, 10))];
    const single: number[] = [];
    while (single.length < 20) single.push((await rows(single, queueSize))[0] ?? -1);
    expect(single).toEqual(tens);
    expect(new Set(single).size).toBe(20);
  });

  it('does not ask again about a cluster of which an image was labelled elsewhere', async () => {
    const pool = gaussianPool(400, 10, 6, 'multiclass', 12);
    const asked = await queueWith(pool, [], { queueSize: 10, ...noAudit });
    // Another image of the cloud whose images the first of the queue stands for.
    const other = pool.truth.findIndex((cloud, row) => cloud === pool.truth[asked[0]?.row ?? 0] && asked.every((one) => one.row !== row));
    const then = (await queueWith(pool, [other], { queueSize: 10, ...noAudit })).filter(({ reason }) => reason.code === 'typical');
    expect(then.length).toBe(9);
    expect(asked.map(({ row }) => row)).toEqual(expect.arrayContaining(then.map(({ row }) => row)));
  });

  it('sees every cloud of a pool of well separated ones', async () => {
    const pool = gaussianPool(400, 10, 6, 'multiclass', 12);
    const queue = await queueWith(pool, [], { queueSize: 12, ...noAudit });
    expect(new Set(queue.map(({ row }) => pool.truth[row])).size).toBe(6);
  });
});

describe('Uncertainty Herding', () => {
  async function scene(n: number, labelled: readonly number[]): Promise<Scene> {
    const pool = gaussianPool(n, 16, 3, 'multiclass');
    const basis = await buildBasis(pool.rows, 0, 256);
    const taken = new Set(labelled);
    const draw = random(3, 'z');
    return {
      task: 'multiclass',
      findings: pool.base.findings,
      features: basis.features,
      open: Int32Array.from({ length: n }, (_, i) => i).filter((row) => !taken.has(row)),
      labelled: Int32Array.from(labelled),
      scores: {
        z: Float64Array.from({ length: 3 * n }, () => 2 * draw.normal()),
        weight: new Float64Array(48),
        bias: new Float64Array(3),
        fitted: [true, true, true],
        probabilities: new Float32Array(3 * n).fill(1 / 3),
      },
      answered: labelled.length,
      audits: [],
      spare: [],
      present: [[], [], []],
      seed: 1,
    };
  }

  /** The rule as it is written down, every row candidate and reference, nothing lazy. */
  function exact({ features: unit, open, labelled, scores }: Scene, count: number): number[] {
    const n = unit.rows;
    const distance = (i: number, j: number) => {
      let sum = 0;
      for (let c = 0; c < unit.columns; c++) sum += ((unit.data[i * unit.columns + c] ?? 0) - (unit.data[j * unit.columns + c] ?? 0)) ** 2;
      return Math.sqrt(sum);
    };
    const u = Float64Array.from({ length: n }, (_, row) => {
      const exp = [0, 1, 2].map((f) => Math.exp(scores?.z[row * 3 + f] ?? 0));
      const sum = exp.reduce((a, b) => a + b, 0);
      const [a = 0, b = 0] = exp.map((e) => e / sum).sort((x, y) => y - x);
      return 1 - (a - b);
    });
    const between: number[] = [];
    labelled.forEach((i) => labelled.forEach((j) => i < j && between.push(distance(i, j))));
    between.sort((a, b) => a - b);
    const h = between[Math.floor(0.02 * between.length)] ?? 1;
    const k = (i: number, j: number) => Math.exp(-((distance(i, j) / h) ** 2));
    const covered = Float64Array.from({ length: n }, (_, i) => Math.max(0, ...Array.from(labelled, (l) => k(i, l))));
    const out: number[] = [];
    for (let pick = 0; pick < count; pick++) {
      let best = -1;
      let most = -1;
      for (const x of open) {
        if (out.includes(x)) continue;
        let gain = 0;
        for (let i = 0; i < n; i++) gain += (u[i] ?? 0) * Math.max(0, k(i, x) - (covered[i] ?? 0));
        if (gain > most) [best, most] = [x, gain];
      }
      out.push(best);
      for (let i = 0; i < n; i++) covered[i] = Math.max(covered[i] ?? 0, k(i, best));
    }
    return out;
  }

  it('is the exact rule where nothing is cut down', async () => {
    const some = await scene(300, first(12));
    const picks = await herding({ candidates: 300, references: 300 })(some, 8);
    expect(picks.map(({ row }) => row)).toEqual(exact(some, 8));
  });

  it('cut down at 2,000 images chooses sets worth at least 90 % of the exact ones', async () => {
    const large = await scene(2000, first(30));
    const exactPicks = await herding({ candidates: 2000, references: 2000 })(large, 10);
    const restricted = await herding({ candidates: 1000, references: 1000 })(large, 10);
    // Each pick's score is its gain; their sum is the value of the set, as measured on the references used.
    const worth = (rows: readonly number[]) => value(large, rows);
    expect(worth(restricted.map(({ row }) => row)) / worth(exactPicks.map(({ row }) => row))).toBeGreaterThan(0.9);
  });

  function value({ features: unit, labelled, scores }: Scene, rows: readonly number[]): number {
    const n = unit.rows;
    const m = unit.columns;
    const cosine = (i: number, j: number) => {
      let sum = 0;
      for (let c = 0; c < m; c++) sum += (unit.data[i * m + c] ?? 0) * (unit.data[j * m + c] ?? 0);
      return sum;
    };
    const between: number[] = [];
    labelled.forEach((i) => labelled.forEach((j) => i < j && between.push(Math.sqrt(Math.max(0, 2 - 2 * cosine(i, j))))));
    between.sort((a, b) => a - b);
    const h = between[Math.floor(0.02 * between.length)] ?? 1;
    const k = (i: number, j: number) => Math.exp((2 * cosine(i, j) - 2) / (h * h));
    let total = 0;
    for (let i = 0; i < n; i++) {
      const exp = [0, 1, 2].map((f) => Math.exp(scores?.z[i * 3 + f] ?? 0));
      const sum = exp.reduce((a, b) => a + b, 0);
      const [a = 0, b = 0] = exp.map((e) => e / sum).sort((x, y) => y - x);
      const before = Math.max(...Array.from(labelled, (l) => k(i, l)));
      total += (1 - (a - b)) * Math.max(0, Math.max(...rows.map((row) => k(i, row))) - before);
    }
    return total;
  }
});

describe('a queue without a head', () => {
  it('spreads beyond what is labelled, even if all labels are of one kind', async () => {
    const pool = gaussianPool(60, 6, 2, 'multilabel');
    const labels = answers(pool, [0]).map((label) => ({ ...label, state: 1 }));
    const prepared = unwrap(await prepare({ base: pool.base, labels }, pool.rows));
    const queue = await rankQueue(
      {
        task: 'multilabel',
        findings: pool.base.findings,
        features: prepared.basis.features,
        open: Int32Array.from(first(60).slice(1)),
        labelled: Int32Array.of(0),
        scores: null,
        answered: 1,
        audits: [],
        spare: [],
        present: [[0], [0]],
        seed: 1,
      },
      { ...pool.base.settings, strategy: 'margin' },
    );
    expect(queue.length).toBe(20);
    expect(queue[0]?.reason.code).toBe('representative');
  });
});
