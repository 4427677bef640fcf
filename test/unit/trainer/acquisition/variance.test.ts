import { beforeAll, describe, expect, it } from 'vitest';
import type { Scene } from '../../../../src/trainer/acquisition/scene';
import { varianceReduction } from '../../../../src/trainer/acquisition/variance';
import { buildBasis } from '../../../../src/trainer/basis';
import { cholesky, choleskySolve } from '../../../../src/trainer/linear-algebra/cholesky';
import { random } from '../../../../src/trainer/random';
import { start } from '../backend';
import { gaussianPool } from '../pool';

beforeAll(() => start());

async function scene(n: number, labelled: readonly number[], headed = true): Promise<Scene> {
  const pool = gaussianPool(n, 16, 2, 'multilabel');
  const { features } = await buildBasis(pool.rows, 0, 256);
  const taken = new Set(labelled);
  const draw = random(3, 'z');
  const scores = {
    z: Float64Array.from({ length: n }, () => 2 * draw.normal()),
    weight: new Float64Array(16),
    bias: new Float64Array(1),
    fitted: [true],
    probabilities: new Float32Array(n).fill(0.5),
  };
  return {
    task: 'multilabel',
    findings: ['a'],
    features,
    open: Int32Array.from({ length: n }, (_, i) => i).filter((row) => !taken.has(row)),
    labelled: Int32Array.from(labelled),
    scores: headed ? scores : null,
    answered: 0,
    audits: [],
    spare: [],
    present: [[]],
    seed: 1,
  };
}

/** Posterior covariance of x and every row, by solving with I + X^T X over the rows answered. */
function covariances({ features: { rows, columns: m, data } }: Scene, answered: readonly number[]): (x: number) => Float64Array {
  const a = new Float64Array(m * m);
  for (let i = 0; i < m; i++) a[i * m + i] = 1;
  for (const row of answered)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < m; j++) a[i * m + j] = (a[i * m + j] ?? 0) + (data[row * m + i] ?? 0) * (data[row * m + j] ?? 0);
  cholesky(a, m);
  return (x) => {
    const solved = Float64Array.from(data.subarray(x * m, (x + 1) * m));
    choleskySolve(a, m, solved);
    return Float64Array.from({ length: rows }, (_, n) => solved.reduce((sum, value, c) => sum + value * (data[n * m + c] ?? 0), 0));
  };
}

const doubt = ({ scores }: Scene, row: number) => (scores ? 2 / (1 + Math.exp(Math.abs(scores.z[row] ?? 0))) : 1);

function gain(some: Scene, answered: readonly number[], x: number, covariance = covariances(some, answered)): number {
  const c = covariance(x);
  const taken = c.reduce((sum, value, n) => sum + doubt(some, n) * value * value, 0) / c.length;
  return (doubt(some, x) * taken) / ((c[x] ?? 0) + 1);
}

/** The rule as it is written down, every posterior made anew. */
function exact(some: Scene, count: number): number[] {
  const out: number[] = [];
  for (let pick = 0; pick < count; pick++) {
    const answered = [...some.labelled, ...out];
    const covariance = covariances(some, answered);
    const left = Array.from(some.open).filter((row) => !out.includes(row));
    const gains = left.map((row) => gain(some, answered, row, covariance));
    out.push(left[gains.indexOf(Math.max(...gains))] ?? -1);
  }
  return out;
}

const first = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('the reduction of variance', () => {
  it.each([
    [first(12), true],
    [first(40), true],
    [first(5), false],
    [[], false],
  ])('is the exact rule where nothing is cut down', async (labelled, headed) => {
    const some = await scene(150, labelled, headed);
    const picks = await varianceReduction({ candidates: 150, references: 150 })(some, 8);
    expect(picks.map(({ row }) => row)).toEqual(exact(some, 8));
    const last = picks.at(-1);
    const before = [...labelled, ...picks.slice(0, -1).map(({ row }) => row)];
    expect(last?.score).toBeCloseTo(gain(some, before, last?.row ?? -1), 5);
  });

  it('cut down at 2,000 images takes off at least 90 % of what the exact rule does', async () => {
    const large = await scene(2000, first(30));
    const worth = async (candidates: number, references: number) => {
      const picks = await varianceReduction({ candidates, references })(large, 10);
      let sum = 0;
      picks.forEach(({ row }, i) => {
        sum += gain(large, [...first(30), ...picks.slice(0, i).map((pick) => pick.row)], row);
      });
      return sum;
    };
    expect((await worth(300, 500)) / (await worth(2000, 2000))).toBeGreaterThan(0.9);
  });
});
