import { expect, it } from 'vitest';
import { proposalSets } from '../../../../src/trainer/calibration/conformal';
import { random } from '../../../../src/trainer/random';

const K = 3;

/** Probabilities of `n` rows, and truths that are drawn from other ones: conformal sets need no calibrated head. */
function drawn(n: number, seed: number, task: 'multiclass' | 'multilabel') {
  const draw = random(seed, 'sets');
  const probabilities = new Float32Array(n * K);
  const y = new Int8Array(n * K);
  for (let i = 0; i < n; i++) {
    const z = Array.from({ length: K }, () => 2 * draw.normal());
    if (task === 'multilabel') {
      z.forEach((value, f) => {
        probabilities[i * K + f] = 1 / (1 + Math.exp(-2 * value));
        y[i * K + f] = draw.uniform() < 1 / (1 + Math.exp(-value / 2)) ? 1 : 0;
      });
      continue;
    }
    const exp = z.map((value) => Math.exp(value));
    const sum = exp.reduce((a, b) => a + b, 0);
    let left = draw.uniform();
    const share = z.map((value) => Math.exp(value / 3));
    const total = share.reduce((a, b) => a + b, 0);
    const truth = share.findIndex((value) => (left -= value / total) < 0);
    exp.forEach((value, f) => {
      probabilities[i * K + f] = value / sum;
      y[i * K + f] = f === truth ? 1 : 0;
    });
  }
  return { probabilities, y };
}

it.each(['multiclass', 'multilabel'] as const)('cover the truth as often as they say, whatever the head (%s)', (task) => {
  const audits = 60;
  const others = 400;
  let covered = 0;
  const repeats = 200;
  for (let seed = 0; seed < repeats; seed++) {
    const { probabilities, y } = drawn(audits + others, seed, task);
    const rows = Int32Array.from({ length: audits }, (_, i) => i);
    const sets = proposalSets(task, { rows, groups: rows, findings: K, y: y.subarray(0, audits * K) }, probabilities, 0.1);
    expect(sets.n).toEqual([audits, audits, audits]);
    let held = 0;
    for (let i = audits; i < audits + others; i++) {
      const f = task === 'multiclass' ? y.subarray(i * K, (i + 1) * K).indexOf(1) : 1;
      const p = probabilities[i * K + f] ?? 0;
      if ((y[i * K + f] === 1 ? p : 1 - p) >= (sets.least[f] ?? 2)) held++;
    }
    covered += held / others / repeats;
  }
  // The 6th smallest of 60: 1 - 6/61. Beta-binomial: standard deviation .038 / sqrt(200) = .0028.
  expect(Math.abs(covered - 55 / 61)).toBeLessThan(3 * 0.0032);
});

it('says nothing of a finding with fewer than 50 audit draws', () => {
  const rows = Int32Array.from({ length: 55 }, (_, i) => i);
  const y = Int8Array.from({ length: 110 }, (_, at) => (at % 2 === 1 && at < 20 ? -1 : at % 4 === 0 ? 1 : 0));
  const sets = proposalSets('multilabel', { rows, groups: rows, findings: 2, y }, new Float32Array(110).fill(0.5), 0.1);
  expect(sets.least).toEqual([0.5, null]);
  expect(sets.n).toEqual([55, 45]);
});
