import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeDesign, type Design } from '../../../../src/trainer/heads/design';
import { fitGda } from '../../../../src/trainer/heads/gda';
import { solveLogistic, type LogisticProblem } from '../../../../src/trainer/heads/logistic';
import { plainProducts, tensorProducts } from '../../../../src/trainer/heads/products';
import { start } from '../backend';

interface Case {
  n: number;
  m: number;
  x: number[];
  classes: number[];
  other: number[];
  multiclass: { weight: number[]; bias: number[] };
  multilabel: { weight: number[]; bias: number[] };
  logistic: { strength: number; softmax: number[]; sigmoid: number[]; masked: number[] }[];
}

const cases = JSON.parse(readFileSync(new URL('../../../reference/trainer/heads.json', import.meta.url), 'utf8')) as Case[];

/** The pool gives float32; the reference numbers are put in before anything is made of them. */
function design({ n, m, x }: Case, findings: number, y: number[]): Design {
  const rows = Int32Array.from({ length: n }, (_, i) => i);
  const made = makeDesign({ rows: n, columns: m, data: Float32Array.from(x) }, { rows, groups: rows, findings, y: Int8Array.from(y) });
  made.x.set(x);
  return made;
}

const oneHot = (c: Case) => c.classes.flatMap((k) => [0, 1, 2].map((f) => (f === k ? 1 : 0)));
const twoFindings = (c: Case) => c.classes.flatMap((k, i) => [k === 0 ? 1 : 0, c.other[i] ?? -1]);

function relative(found: ArrayLike<number>, expected: number[]): number {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - (found[i] ?? NaN)))) / scale;
}

describe.each(cases)('heads on $n rows of $m features', (c) => {
  beforeAll(() => start());

  it('Gaussian discriminant analysis equals numpy to 1e-6 relative, also where cells were not read', () => {
    const several = fitGda(design(c, 3, oneHot(c)), 'multiclass');
    expect(relative(several.weight, c.multiclass.weight)).toBeLessThan(1e-6);
    expect(relative(several.bias, c.multiclass.bias)).toBeLessThan(1e-6);
    const binary = fitGda(design(c, 2, twoFindings(c)), 'multilabel');
    expect(relative(binary.weight, c.multilabel.weight)).toBeLessThan(1e-6);
    expect(relative(binary.bias, c.multilabel.bias)).toBeLessThan(1e-6);
  });

  // The search over C runs in float32; the head itself is solved on in float64.
  it.each([
    ['plain', 1e-4],
    ['tensors', 2e-3],
  ] as const)('logistic regression equals scikit-learn in probability (%s, %s)', async (kind, limit) => {
    const make = kind === 'plain' ? plainProducts : tensorProducts;
    const options = { tolerance: kind === 'plain' ? 1e-8 : 1e-6, iterations: 2000 };
    const all = new Uint8Array(c.n).fill(1);

    const classes = design(c, 3, oneHot(c));
    const softmax: LogisticProblem[] = c.logistic.map(({ strength }) => ({ finding: null, include: all, strength }));
    const several = await solveLogistic(classes, 'multiclass', [0, 1, 2], softmax, make(classes), options);
    c.logistic.forEach((expected, g) => {
      for (let i = 0; i < c.n; i++) {
        const exp = [0, 1, 2].map((s) => Math.exp(several.logits[i * 9 + g * 3 + s] ?? NaN));
        const sum = exp.reduce((a, b) => a + b);
        exp.forEach((e, s) => expect(Math.abs(e / sum - (expected.softmax[i * 3 + s] ?? NaN))).toBeLessThan(limit));
      }
    });

    const labels = design(c, 2, twoFindings(c));
    const sigmoid: LogisticProblem[] = c.logistic.flatMap(({ strength }) => [0, 1].map((finding) => ({ finding, include: all, strength })));
    const two = await solveLogistic(labels, 'multilabel', [], sigmoid, make(labels), options);
    c.logistic.forEach((expected, g) => {
      for (let i = 0; i < c.n; i++) {
        [expected.sigmoid, expected.masked].forEach((reference, f) => {
          const p = 1 / (1 + Math.exp(-(two.logits[i * 6 + g * 2 + f] ?? NaN)));
          expect(Math.abs(p - (reference[i] ?? NaN))).toBeLessThan(limit);
        });
      }
    });
  });
});
