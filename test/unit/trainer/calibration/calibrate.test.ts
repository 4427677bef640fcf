import { describe, expect, it } from 'vitest';
import { calibrateLabels, type Judged } from '../../../../src/trainer/calibration/calibrate';
import { calibrateClasses, softmax } from '../../../../src/trainer/calibration/classes';
import { fitPlatt } from '../../../../src/trainer/calibration/platt';
import { applyPrior, choosePrior } from '../../../../src/trainer/calibration/prior';
import { calibrated } from '../../../../src/trainer/heads/formula';
import { random } from '../../../../src/trainer/random';
import { figures } from '../figures';

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** n rows whose truth is drawn with sigmoid(true logit); the head reports `scale` times that logit. */
function drawn(n: number, scale: number, seed = 1): { logits: number[]; y: number[] } {
  const draw = random(seed, 'calibration');
  const truth = Array.from({ length: n }, () => 2 * draw.normal());
  return { logits: truth.map((z) => scale * z), y: truth.map((z) => (draw.uniform() < sigmoid(z) ? 1 : 0)) };
}

const centred = { withPrior: false, leftOut: false };

const judge = (logits: number[], y: number[], findings = 1): Judged => ({
  n: y.length / findings,
  findings,
  y: Int8Array.from(y),
  logits: Float64Array.from(logits),
});

describe("Platt's sigmoid", () => {
  it.each(figures.platt)('equals scikit-learn (%#)', ({ logits, y, slope, offset }) => {
    const found = fitPlatt(logits, y);
    expect(found.slope).toBeCloseTo(slope, 4);
    expect(found.offset).toBeCloseTo(offset, 4);
  });

  it('undoes an arbitrary scale of the logits', () => {
    const { logits, y } = drawn(4000, 250);
    const { slope, offset } = fitPlatt(logits, y);
    expect(slope * 250).toBeGreaterThan(0.9);
    expect(slope * 250).toBeLessThan(1.1);
    expect(Math.abs(offset)).toBeLessThan(0.15);
  });

  it('stays finite where the logits separate the sides, and never turns the ranking round', () => {
    const separable = fitPlatt([-3, -2, -1, 1, 2, 3], [0, 0, 0, 1, 1, 1]);
    expect(sigmoid(3 * separable.slope + separable.offset)).toBeLessThan(0.95);
    expect(fitPlatt([-3, -2, -1, 1, 2, 3], [1, 1, 1, 0, 0, 0]).slope).toBeGreaterThan(0);
  });
});

describe('calibration of findings', () => {
  it('pools one temperature for findings with fewer than ten labels on a side, and leaves untaught ones at their prevalence', () => {
    const many = drawn(200, 4);
    const logits = many.logits.flatMap((z, i) => [z, i < 12 ? z : NaN, NaN]);
    const y = many.y.flatMap((state, i) => [state, i < 12 ? state : -1, i < 3 ? 1 : -1]);
    const few = many.y.slice(0, 12).reduce((a, b) => a + b, 0);
    const present = many.y.reduce((a, b) => a + b, 0);
    const counts = [
      { present, absent: 200 - present },
      { present: few, absent: 12 - few },
      { present: 3, absent: 0 },
    ];
    const found = calibrateLabels(judge(logits, y, 3), counts, [true, true, false], centred);
    expect(found.perFinding).toEqual(['platt', 'temperature', 'prior']);
    expect((found.slope[1] ?? 0) * 4).toBeGreaterThan(0.5);
    expect((found.slope[1] ?? 0) * 4).toBeLessThan(2);
    expect(sigmoid(found.offset[2] ?? 0)).toBeCloseTo(4 / 5, 6);
  });
});

/** Logits as a logistic head gives them: the prior of a rare finding is in them. */
const raised = (n: number, prior: number) => {
  const draw = random(3, 'rare');
  const logits = Array.from({ length: n }, () => prior + draw.normal());
  return { logits, y: logits.map((z) => (draw.uniform() < sigmoid(z) ? 1 : 0)) };
};

describe.each([true, false])('the mean probability of the labels is their prevalence (logits with a prior: %s)', (withPrior) => {
  const source = { withPrior, leftOut: true };

  it.each([-2.5, -6, 0, 4])('of a finding by its own sigmoid, and by the common temperature (logits about %d)', (middle) => {
    // The same finding twice, of the second one only a few labels show it.
    const { y, logits } = raised(400, -2.5);
    const places = logits.map((z) => z + 2.5 + middle);
    let shown = 0;
    const states = y.flatMap((state) => [state, state === 1 && ++shown > 6 ? -1 : state]);
    const targets = judge(
      places.flatMap((z) => [z, z]),
      states,
      2,
    );
    const count = (f: number, state: number) => states.filter((one, i) => i % 2 === f && one === state).length;
    const counts = [0, 1].map((f) => ({ present: count(f, 1), absent: count(f, 0) }));
    const found = calibrateLabels(targets, counts, [true, true], source);
    expect(found.perFinding).toEqual(['platt', 'temperature']);
    [0, 1].forEach((f) => {
      const held = places.filter((_, i) => (states[2 * i + f] ?? -1) >= 0);
      const p = held.map((z) => sigmoid(z * (found.slope[f] ?? 0) + (found.offset[f] ?? 0)));
      const prevalence = (counts[f]?.present ?? 0) / held.length;
      expect(Math.abs(p.reduce((a, b) => a + b, 0) / held.length - prevalence)).toBeLessThan(0.01);
    });
  });

  it.each([true, false])('of classes (every class often: %s)', async (often) => {
    const draw = random(8, 'classes');
    const prior = often ? [0, -1.5, -2] : [0, -1.5, -4.5];
    const logits: number[] = [];
    const y: number[] = [];
    for (let i = 0; i < 300; i++) {
      const z = prior.map((one) => one + draw.normal());
      const p = softmax(z);
      const u = draw.uniform();
      const truth = u < (p[0] ?? 0) ? 0 : u < (p[0] ?? 0) + (p[1] ?? 0) ? 1 : 2;
      logits.push(...z);
      y.push(...[0, 1, 2].map((f) => (f === truth ? 1 : 0)));
    }
    const counts = [0, 1, 2].map((f) => y.filter((state, i) => i % 3 === f && state === 1).length);
    const found = await calibrateClasses(judge(logits, y, 3), counts, [0, 1, 2], source);
    expect(found.perFinding[0]).toBe(often ? 'platt' : 'temperature');
    const said = calibrated('multiclass', found.slope, found.offset, logits);
    counts.forEach((count, f) => {
      const mean = said.filter((_, i) => i % 3 === f).reduce((a, b) => a + b, 0) / 300;
      expect(Math.abs(mean - count / 300)).toBeLessThan(0.01);
    });
  });
});

describe('calibration of classes', () => {
  it('recovers the temperature of a softmax, and gives a class without labels no probability to speak of', async () => {
    const draw = random(5, 'softmax');
    const logits: number[] = [];
    const y: number[] = [];
    for (let i = 0; i < 3000; i++) {
      const z = [draw.normal() * 2, draw.normal() * 2, draw.normal() * 2];
      const p = softmax(z);
      const u = draw.uniform();
      const truth = u < (p[0] ?? 0) ? 0 : u < (p[0] ?? 0) + (p[1] ?? 0) ? 1 : 2;
      logits.push(...z.map((value) => 10 * value), 0);
      y.push(...[0, 1, 2, 3].map((f) => (f === truth ? 1 : 0)));
    }
    const counts = [0, 1, 2, 3].map((f) => y.filter((state, i) => i % 4 === f && state === 1).length);
    const found = await calibrateClasses(judge(logits, y, 4), counts, [0, 1, 2], centred);
    expect(found.perFinding).toEqual(['platt', 'platt', 'platt', 'unseen']);
    expect((found.slope[0] ?? 0) * 10).toBeGreaterThan(0.92);
    expect((found.slope[0] ?? 0) * 10).toBeLessThan(1.08);
    expect(softmax([5, 1, 0, 0].map((z, f) => z * 10 * (found.slope[f] ?? 0) + (found.offset[f] ?? 0)))[3]).toBeLessThan(1e-9);
  });
});

describe('the prior', () => {
  const targets = (present: number, absent: number) => {
    const rows = Int32Array.from({ length: present + absent }, (_, i) => i);
    return { rows, groups: rows, findings: 1, y: Int8Array.from(rows, (i) => (i < present ? 1 : 0)) };
  };
  const flat = { method: 'temperature' as const, perFinding: ['temperature'], slope: Float64Array.of(1), offset: Float64Array.of(0) };

  it('is that of the labels below 30 audit draws, and shifts nothing', () => {
    const prior = choosePrior(targets(40, 40), targets(2, 20), 'multilabel');
    expect(prior.source).toBe('labels');
    expect(applyPrior(flat, prior)[0]).toBe(0);
  });

  it('is that of the audit draws from 30 on: a finding without a head becomes their prevalence', () => {
    const prior = choosePrior(targets(49, 49), targets(5, 43), 'multilabel');
    expect(prior).toEqual({ source: 'audit', values: [6 / 50], n: 48 });
    expect(sigmoid(applyPrior({ ...flat, perFinding: ['prior'] }, prior)[0] ?? NaN)).toBeCloseTo(6 / 50, 10);
  });

  it.each(['platt', 'temperature'])('leaves an offset that was fitted to what logits mean as it is (%s)', (how) => {
    const prior = choosePrior(targets(49, 49), targets(5, 43), 'multilabel');
    expect(applyPrior({ ...flat, perFinding: [how] }, prior)[0]).toBe(0);
  });

  it('put in would do harm where rows were chosen by what they look like: there the offset of the labels holds for the pool', () => {
    // A logistic truth with prevalence of about a quarter; labels are asked for at the boundary, a fifth of them at random.
    const draw = random(11, 'chosen rows');
    const pool = Array.from({ length: 20_000 }, () => {
      const z = 2 * draw.normal() - 2;
      return { z, y: draw.uniform() < sigmoid(z) ? 1 : 0 };
    });
    const labelled = pool.filter(({ z }) => draw.uniform() < (Math.abs(z) < 1 ? 0.2 : 0.02));
    const fit = fitPlatt(
      labelled.map(({ z }) => z),
      labelled.map(({ y }) => y),
    );
    const count = (rows: readonly { y: number }[]) => rows.reduce((sum, { y }) => sum + y, 0);
    const prevalence = count(pool) / pool.length;
    const among = count(labelled) / labelled.length;
    const odds = (p: number) => Math.log(p / (1 - p));
    const said = (shift: number) => pool.reduce((sum, { z }) => sum + sigmoid(fit.slope * z + fit.offset + shift), 0) / pool.length;
    expect(Math.abs(said(0) - prevalence)).toBeLessThan(0.02);
    expect(Math.abs(said(odds(prevalence) - odds(among)) - prevalence)).toBeGreaterThan(0.05);
  });
});
