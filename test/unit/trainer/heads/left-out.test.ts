import { describe, expect, it } from 'vitest';
import { cholesky, choleskySolve } from '../../../../src/trainer/linear-algebra/cholesky';
import { makeDesign } from '../../../../src/trainer/heads/design';
import { fitGda, momentsOf, problemsOf } from '../../../../src/trainer/heads/gda';
import { gdaLeftOut } from '../../../../src/trainer/heads/left-out';
import { random } from '../../../../src/trainer/random';

function made(n: number, m: number, classes: number, task: 'multiclass' | 'multilabel') {
  const draw = random(n + m, 'left out');
  const truth = Array.from({ length: n }, (_, i) => i % classes);
  const data = Float32Array.from({ length: n * m }, (_, p) => draw.normal() + ((truth[Math.floor(p / m)] ?? 0) === p % classes ? 1 : 0));
  const findings = task === 'multiclass' ? classes : 1;
  const y = Int8Array.from(
    truth.flatMap((c) => (task === 'multiclass' ? Array.from({ length: classes }, (_, f) => (f === c ? 1 : 0)) : [c])),
  );
  const rows = Int32Array.from(truth.keys());
  // Patients of one, two and three images.
  const groups = rows.map((row) => [0, 1, 1, 2, 2, 2][row % 6] ?? 0).map((patient, row) => 3 * Math.floor(row / 6) + patient);
  return { truth, groups, design: makeDesign({ rows: n, columns: m, data }, { rows, groups, findings, y }) };
}

/** The scores of one patient's rows, everything else fitted anew with the shrinkage t given. */
function refitted(
  { truth, groups, design: { n, m, x } }: ReturnType<typeof made>,
  patient: number,
  t: number,
  classes: number,
): number[][] {
  const kept = Array.from({ length: n }, (_, i) => i).filter((i) => groups[i] !== patient);
  const means = Array.from({ length: classes }, (_, c) => {
    const members = kept.filter((i) => truth[i] === c);
    return Array.from({ length: m }, (_, a) => members.reduce((sum, i) => sum + (x[i * m + a] ?? 0), 0) / members.length);
  });
  const s = new Float64Array(m * m);
  for (const i of kept) {
    const mean = means[truth[i] ?? 0] ?? [];
    for (let a = 0; a < m; a++) {
      for (let b = 0; b < m; b++)
        s[a * m + b] = (s[a * m + b] ?? 0) + ((x[i * m + a] ?? 0) - (mean[a] ?? 0)) * ((x[i * m + b] ?? 0) - (mean[b] ?? 0));
    }
  }
  for (let a = 0; a < m; a++) s[a * m + a] = (s[a * m + a] ?? 0) + t;
  expect(cholesky(s, m)).toBe(true);
  const weights = means.map((mean) => {
    const w = Float64Array.from(mean);
    choleskySolve(s, m, w);
    return w.map((value) => value * m);
  });
  return Array.from({ length: n }, (_, i) => i)
    .filter((i) => groups[i] === patient)
    .map((i) =>
      weights.map((w, c) => {
        const dot = (v: ArrayLike<number>, from: number) => w.reduce((sum, value, a) => sum + value * (v[from + a] ?? 0), 0);
        return dot(x, i * m) - dot(means[c] ?? [], 0) / 2;
      }),
    );
}

describe.each([
  ['multilabel', 2, 42, 12],
  ['multilabel', 2, 24, 40],
  ['multiclass', 3, 42, 12],
  ['multiclass', 3, 24, 40],
] as const)('%s, %i classes, %i rows of %i features', (task, classes, n, m) => {
  const pool = made(n, m, classes, task);
  const { design, groups } = pool;

  it('logits left out are those of a head fitted without the patient', () => {
    const logits = gdaLeftOut(design, task);
    const [problem] = problemsOf(design, task);
    if (!problem) throw new Error('no problem');
    const { shrinkage } = momentsOf(design, problem);
    for (const patient of new Set(groups)) {
      const rows = Array.from(groups.keys()).filter((i) => groups[i] === patient);
      refitted(pool, patient, shrinkage, classes).forEach((scores, a) => {
        const row = rows[a] ?? 0;
        const middle = scores.reduce((sum, score) => sum + score, 0) / classes;
        const expected = task === 'multilabel' ? [(scores[1] ?? 0) - (scores[0] ?? 0)] : scores.map((score) => score - middle);
        expected.forEach((value, f) => expect(logits[row * design.targets.findings + f]).toBeCloseTo(value, 8));
      });
    }
  });

  it('keeping the shrinkage changes little against the head that is fitted in folds', () => {
    const logits = gdaLeftOut(design, task);
    const k = design.targets.findings;
    const [a, b]: number[][] = [[], []];
    for (const patient of new Set(groups)) {
      const include = Uint8Array.from(groups, (group) => (group === patient ? 0 : 1));
      const { weight, bias } = fitGda(design, task, include);
      groups.forEach((group, i) => {
        if (group !== patient) return;
        a?.push(logits[i * k] ?? NaN);
        b?.push(weight.subarray(0, m).reduce((sum, w, c) => sum + w * (design.x[i * m + c] ?? 0), bias[0] ?? 0));
      });
    }
    const length = Math.hypot(...(b ?? []));
    expect(Math.hypot(...(a ?? []).map((value, i) => value - (b?.[i] ?? 0))) / length).toBeLessThan(0.15);
  });
});

it('a class whose only patient is left out leaves no logit', () => {
  const { design } = made(12, 5, 2, 'multilabel');
  const y = Int8Array.from({ length: 12 }, (_, i) => (i === 0 ? 1 : 0));
  const lone = makeDesign({ rows: 12, columns: 5, data: Float32Array.from(design.x) }, { ...design.targets, y });
  const logits = gdaLeftOut(lone, 'multilabel');
  expect(logits[0]).toBeNaN();
  expect(logits.subarray(3).every(Number.isFinite)).toBe(true);
});
