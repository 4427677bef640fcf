import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Acceptance } from '../../../../src/contract/jobs/trainer';
import { unwrap } from '../../../../src/contract/result';
import { absentThreshold, acceptanceOf, neededFor, presentOf, skillOf } from '../../../../src/trainer/calibration/acceptance';
import { fullRound, prepare, quickRound } from '../../../../src/trainer/engine';
import type { OutOfFold } from '../../../../src/trainer/heads/fit';
import { random } from '../../../../src/trainer/random';
import { start } from '../backend';
import { answers, gaussianPool } from '../pool';

const first = (n: number) => Array.from({ length: n }, (_, i) => i);
const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

const outOfFold = (p: readonly number[], y: readonly number[], groups = first(y.length), findings = 1): OutOfFold => ({
  targets: { rows: Int32Array.from(first(y.length / findings)), groups: Int32Array.from(groups), findings, y: Int8Array.from(y) },
  probabilities: Float32Array.from(p),
});
const noAudit = outOfFold([], []).targets;

describe('the limit on missed positives', () => {
  const probabilities = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 120 }).map(ascending);
  const limits = fc.integer({ min: 1, max: 50 }).map((percent) => percent / 100);

  it('accepts nothing below the number of patients that it takes, and from there on misses no more than the limit of those it has seen', () => {
    expect([0.1, 0.05, 0.2, 0.15].map(neededFor)).toEqual([9, 19, 4, 6]);
    fc.assert(
      fc.property(probabilities, limits, (present, missed) => {
        const limit = absentThreshold(present, missed);
        expect(limit === null).toBe(present.length < neededFor(missed));
        expect(present.filter((p) => p < (limit ?? 0)).length).toBeLessThan(missed * (present.length + 1) + 1e-6);
      }),
    );
  });

  it('grows with the share that may be missed, and is never above one half', () => {
    fc.assert(
      fc.property(probabilities, limits, limits, (present, a, b) => {
        const [less, more] = [absentThreshold(present, Math.min(a, b)), absentThreshold(present, Math.max(a, b))];
        expect(less ?? 0).toBeLessThanOrEqual(more ?? 0);
        expect(more ?? 0).toBeLessThanOrEqual(0.5);
      }),
    );
  });

  it.each([
    [9, 0.1],
    [14, 0.1],
    [25, 0.05],
    [40, 0.2],
  ])('holds for further positives of the same kind (%i patients, limit %d)', (count, missed) => {
    const repeats = 600;
    let share = 0;
    for (let seed = 0; seed < repeats; seed++) {
      const draw = random(seed, 'positives');
      const one = () => 1 / (1 + Math.exp(1.5 - draw.normal()));
      const limit = absentThreshold(ascending(Array.from({ length: count }, one)), missed) ?? 0;
      share += Array.from({ length: 200 }, one).filter((p) => p < limit).length / 200 / repeats;
    }
    expect(share).toBeLessThan(missed + 0.01);
    // It is of use: exactly floor(a (P + 1)) / (P + 1) are missed on the mean.
    expect(share).toBeGreaterThan(Math.floor(missed * (count + 1) + 1e-9) / (count + 1) - 0.015);
  });

  it('counts a patient once, by the least of its images, and leaves out what has no out-of-fold probability', () => {
    const made = outOfFold([0.9, 0.3, 0.5, NaN, 0.1, 0.7], [1, 1, 1, 1, 0, 1], [1, 1, 2, 3, 4, 2]);
    expect(presentOf(made, 0).map((p) => Math.fround(p))).toEqual([0.3, 0.5].map(Math.fround));
  });
});

describe('skill', () => {
  /** Truths of a coin of the given bias; probabilities that lean towards the truth by `gain`. */
  const drawn = (n: number, prevalence: number, gain: number, seed = 1) => {
    const draw = random(seed, 'skill');
    const y = Array.from({ length: n }, () => (draw.uniform() < prevalence ? 1 : 0));
    const odds = Math.log(prevalence / (1 - prevalence));
    return outOfFold(
      y.map((state) => 1 / (1 + Math.exp(-odds - gain * (state - prevalence) - draw.normal() / 4))),
      y,
    );
  };

  it('is there where the log loss is better than that of the prevalence, and not where it is the same or worse', () => {
    expect(skillOf(drawn(200, 0.2, 2), 'multilabel')).toEqual([true]);
    expect(skillOf(drawn(200, 0.2, 0), 'multilabel')).toEqual([false]);
    expect(skillOf(drawn(200, 0.2, -2), 'multilabel')).toEqual([false]);
    // One side alone, or nothing judged, is no evidence.
    expect(skillOf(outOfFold([0.1, 0.1, 0.1], [0, 0, 0]), 'multilabel')).toEqual([false]);
    expect(skillOf(outOfFold([NaN, NaN], [1, 0]), 'multilabel')).toEqual([false]);
  });

  it('is seldom seen where there is none', () => {
    const seen = first(400).filter((seed) => skillOf(drawn(100, 0.15, 0, seed), 'multilabel')[0]);
    expect(seen.length).toBeLessThan(400 * 0.05);
  });

  it('once it is there it stays down to one standard error', () => {
    const found = first(60).map((seed) => drawn(60, 0.3, 0.35, seed));
    const counted = found.map((one) => [skillOf(one, 'multilabel')[0], skillOf(one, 'multilabel', [true])[0]] as const);
    expect(counted.filter(([fresh, kept]) => fresh && !kept)).toEqual([]);
    expect(counted.filter(([fresh, kept]) => !fresh && kept).length).toBeGreaterThan(5);
    expect(skillOf(drawn(200, 0.2, -1), 'multilabel', [true])).toEqual([false]);
  });

  it('patients are clusters: ten images of one are not ten times the evidence', () => {
    const one = drawn(12, 0.4, 0.6, 5);
    const images = (patients: boolean) => {
      const { targets, probabilities } = one;
      const p = first(120).map((i) => probabilities[i % 12] ?? NaN);
      const y = first(120).map((i) => targets.y[i % 12] ?? 0);
      return outOfFold(p, y, patients ? first(120).map((i) => i % 12) : first(120));
    };
    expect(skillOf(images(false), 'multilabel')).toEqual([true]);
    expect(skillOf(images(true), 'multilabel')).toEqual(skillOf(one, 'multilabel'));
  });
});

describe('what Enter may take over', () => {
  const y = first(60).map((i) => (i % 4 === 0 ? 1 : 0));
  const judged = outOfFold(
    y.map((state, i) => (state === 1 ? 0.5 + i / 200 : 0.02 + i / 1000)),
    y,
  );
  const of = (more: Partial<Parameters<typeof acceptanceOf>[0]>) =>
    acceptanceOf({
      task: 'multilabel',
      outOfFold: judged,
      audit: noAudit,
      probabilities: new Float32Array(),
      missed: 0.1,
      before: [],
      ...more,
    });

  it('a finding with skill: present from .9 on, absent under the limit; one without: nothing', () => {
    expect(of({})).toMatchObject({ skill: [true], present: [0.9], absent: [0.5], positives: [15], needed: 9, missed: 0.1, wrong: [null] });
    expect(of({ missed: 0.05 })).toMatchObject({ present: [0.9], absent: [null], needed: 19 });
    const noise = outOfFold(
      first(60).map((i) => (i % 7) / 10 + 0.1),
      y,
    );
    expect(of({ outOfFold: noise })).toMatchObject({ skill: [false], present: [null], absent: [null], positives: [15] });
  });

  it('audits under the limit say how many are wrong, with the exact interval', () => {
    const audit = {
      rows: Int32Array.of(0, 1, 2, 3, 4),
      groups: Int32Array.of(0, 1, 2, 3, 4),
      findings: 1,
      y: Int8Array.of(0, 1, 0, -1, 1),
    };
    const [wrong] = of({ audit, probabilities: Float32Array.of(0.1, 0.2, 0.3, 0.1, 0.9) }).wrong;
    expect(wrong).toMatchObject({ n: 3, wrong: 1 });
    // scipy.stats.binomtest(1, 3).proportion_ci()
    expect(wrong?.low).toBeCloseTo(0.0084037, 6);
    expect(wrong?.high).toBeCloseTo(0.9057007, 6);
  });
});

describe('in a round', () => {
  beforeAll(() => start());
  const created = '2026-01-01T00:00:00.000Z';

  it('is decided by the full one, carried on by the quick ones, and null without a head', async () => {
    const pool = gaussianPool(400, 30, 4, 'multilabel', 3);
    const of = async (n: number) => unwrap(await prepare({ base: pool.base, labels: answers(pool, first(n)) }, pool.rows));
    expect((await fullRound(await of(0), 1, created, new Map())).round.acceptance).toBe(null);
    const { round, learnt } = await fullRound(await of(200), 2, created, new Map());
    if (!learnt) throw new Error('no head');
    expect(Acceptance.safeParse(round.acceptance).error).toBe(undefined);
    expect(round.acceptance?.skill).toEqual([true, true, true, true]);
    const limits = round.acceptance?.absent ?? [];
    // Of the images that nobody read, no more of those with a finding are under the limit than may be.
    const missed = limits.flatMap((limit, f) =>
      first(400)
        .slice(200)
        .filter((row) => pool.truth[row] === f)
        .map((row) => (round.probabilities[row * 4 + f] ?? 1) < (limit ?? 0)),
    );
    expect(missed.filter(Boolean).length / missed.length).toBeLessThan(0.16);
    const accepted = limits.map((limit, f) => first(400).filter((row) => (round.probabilities[row * 4 + f] ?? 1) < (limit ?? 0)).length);
    for (const count of accepted) expect(count).toBeGreaterThan(100);
    const quick = await quickRound(await of(203), 3, created, learnt);
    expect(quick?.acceptance).toEqual(round.acceptance);
    const renamed = { ...pool, base: { ...pool.base, findings: [...pool.base.findings].reverse() } };
    const other = unwrap(await prepare({ base: renamed.base, labels: answers(renamed, first(203)) }, pool.rows));
    expect(await quickRound(other, 4, created, learnt)).toBe(null);
  });

  it('of classes is one answer, with which classes have five labels', async () => {
    const pool = gaussianPool(300, 20, 3, 'multiclass', 4);
    const rare = first(120).filter(
      (row, _, all) => pool.truth[row] !== 2 || all.filter((one) => one < row && pool.truth[one] === 2).length < 4,
    );
    const labels = answers(pool, rare);
    const { round } = await fullRound(unwrap(await prepare({ base: pool.base, labels }, pool.rows)), 1, created, new Map());
    const none = [null, null, null];
    expect(round.acceptance).toMatchObject({
      skill: [true, true, true],
      enough: [true, true, false],
      present: none,
      absent: none,
      wrong: none,
    });
  });
});
