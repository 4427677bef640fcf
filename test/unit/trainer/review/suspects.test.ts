import { beforeAll, expect, it } from 'vitest';
import { unwrap } from '../../../../src/contract/result';
import { skillOf } from '../../../../src/trainer/calibration/acceptance';
import { learn, prepare } from '../../../../src/trainer/engine';
import { random } from '../../../../src/trainer/random';
import { suspects } from '../../../../src/trainer/review/suspects';
import { start } from '../backend';
import { answers, gaussianPool } from '../pool';

beforeAll(() => start());
const first = (n: number) => Array.from({ length: n }, (_, i) => i);

it.each(['multiclass', 'multilabel'] as const)('wrong answers lead the list (%s)', async (task) => {
  const pool = gaussianPool(200, 12, 3, task, 5);
  const wrong = [3, 40, 77, 101, 150];
  const labels = answers(pool, first(160)).map((label) => {
    if (!wrong.includes(label.row)) return label;
    const lie = ((pool.truth[label.row] ?? 0) + 1) % 3;
    return { ...label, state: label.finding === lie ? 1 : 0 };
  });
  const { fitted } = unwrap(await learn(unwrap(await prepare({ base: pool.base, labels }, pool.rows)), ''));
  const list = suspects(fitted.outOfFold, task, skillOf(fitted.outOfFold, task));
  // In multi-label a wrong answer is wrong in two findings.
  const lies = task === 'multiclass' ? wrong.length : 2 * wrong.length;
  const found = list.slice(0, lies).filter(({ row }) => wrong.includes(row)).length;
  expect(found).toBeGreaterThanOrEqual(lies - 1);
  expect(list.slice(0, lies).filter(({ flagged }) => flagged).length).toBeGreaterThanOrEqual(lies - 2);
  expect(list.filter(({ flagged }) => flagged).length).toBeLessThan(list.length / 4);
  const said = list.map(({ probability }) => probability);
  expect(said).toEqual([...said].sort((a, b) => a - b));
});

it('thresholds are the means of a class over its own labels', () => {
  const targets = { rows: Int32Array.of(5, 6, 7, 8), groups: Int32Array.of(0, 1, 2, 3), findings: 1, y: Int8Array.of(1, 1, 0, 0) };
  const list = suspects({ targets, probabilities: Float32Array.of(0.9, 0.2, 0.4, 0.1) }, 'multilabel', [true]);
  // Present: mean .55; absent: mean of .6 and .9. Row 6 is absent with .8 > .75; row 7 is present with .4 < .55.
  expect(list.map(({ row, flagged }) => [row, flagged])).toEqual([
    [6, true],
    [7, false],
    [5, false],
    [8, false],
  ]);
  expect(list[0]?.score).toBeCloseTo(0.05, 6);
  expect(list[0]?.probability).toBeCloseTo(0.2, 6);
  expect(list[0]?.other).toMatchObject({ finding: 0, state: 'absent' });
  expect(list[0]?.other.probability).toBeCloseTo(0.8, 6);
  expect(list[0]?.other.usual).toBeCloseTo(0.75, 6);
});

it('an answer that is still the likelier one is not flagged, however rare the other is', () => {
  const targets = { rows: Int32Array.of(1, 2, 3, 4), groups: Int32Array.of(0, 1, 2, 3), findings: 1, y: Int8Array.of(1, 0, 0, 0) };
  const list = suspects({ targets, probabilities: Float32Array.of(0.2, 0.3, 0.6, 0.01) }, 'multilabel', [true]);
  // Present: mean .2, which rows 2 and 3 pass; absent: mean .7, which row 1 passes.
  expect(list.filter(({ score }) => score >= 0).map(({ row }) => row)).toEqual([1, 3, 2]);
  expect(list.filter(({ flagged }) => flagged).map(({ row }) => row)).toEqual([1, 3]);
});

it('a rare class that passes its mean by more does not hide the one that is likelier', () => {
  const targets = { rows: Int32Array.of(0, 1, 2), groups: Int32Array.of(0, 1, 2), findings: 3, y: Int8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) };
  const list = suspects({ targets, probabilities: Float32Array.of(0.3, 0.25, 0.45, 0.85, 0.05, 0.1, 0.5, 0.1, 0.4) }, 'multiclass', [
    true,
    true,
    true,
  ]);
  expect(list.find(({ row }) => row === 0)).toMatchObject({ flagged: true, other: { finding: 2, state: 'present' } });
});

it('names the class that claims the image; a class without judged labels claims none', () => {
  const y = Int8Array.of(1, 0, 0, 1, 0, 0, 0, 1, 0);
  const targets = { rows: Int32Array.of(2, 4, 6), groups: Int32Array.of(0, 1, 2), findings: 3, y };
  const probabilities = Float32Array.of(0.9, 0.05, 0.05, 0.1, 0.7, 0.2, 0.3, 0.6, 0.1);
  const [first] = suspects({ targets, probabilities }, 'multiclass', [true, true, true]);
  expect(first).toMatchObject({ row: 4, finding: 0, flagged: true, other: { finding: 1, state: 'present' } });
  expect(first?.other.usual).toBeCloseTo(0.6, 6);
});

it('says nothing of a finding that the model cannot tell', async () => {
  // The second finding is a coin: what speaks against its labels is noise.
  const pool = gaussianPool(240, 12, 2, 'multilabel', 5);
  const coin = random(3, 'coin');
  const labels = answers(pool, first(200)).map((label) => (label.finding === 1 ? { ...label, state: coin.integer(2) } : label));
  labels.forEach((label, i) => label.finding === 0 && [30, 90].includes(label.row) && (labels[i] = { ...label, state: 1 - label.state }));
  const { fitted } = unwrap(await learn(unwrap(await prepare({ base: pool.base, labels }, pool.rows)), ''));
  const all = suspects(fitted.outOfFold, 'multilabel', [true, true]);
  expect(all.filter(({ finding, flagged }) => finding === 1 && flagged).length).toBeGreaterThan(20);
  const skill = skillOf(fitted.outOfFold, 'multilabel');
  expect(skill).toEqual([true, false]);
  const listed = suspects(fitted.outOfFold, 'multilabel', skill);
  expect(listed).toEqual(all.filter(({ finding }) => finding === 0));
  expect(
    listed
      .slice(0, 2)
      .map(({ row }) => row)
      .sort((a, b) => a - b),
  ).toEqual([30, 90]);
});
