import * as fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { unwrap } from '../../../../src/contract/result';
import { fullRound, prepare } from '../../../../src/trainer/engine';
import { fitPower } from '../../../../src/trainer/evaluation/progress';
import { start } from '../backend';
import { answers, gaussianPool } from '../pool';

beforeAll(() => start());
const first = (n: number) => Array.from({ length: n }, (_, i) => i);
const metricsOf = async (pool: ReturnType<typeof gaussianPool>, n: number) => {
  const prepared = unwrap(await prepare({ base: pool.base, labels: answers(pool, first(n)) }, pool.rows));
  return (await fullRound(prepared, 1, '2026-01-01T00:00:00.000Z', new Map())).round.metrics;
};

it('finds the curve that points lie on', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 14 }), fc.double({ min: 0.1, max: 1, noNaN: true }), (step, b) => {
      const c = 0.2 + 0.05 * step;
      const points = [10, 20, 40, 80, 160].map((n) => ({ n, auroc: 0.9 - b * n ** -c }));
      const found = fitPower(points);
      for (const { n, auroc } of points) expect(found.a - found.b * n ** -found.c).toBeCloseTo(auroc, 6);
    }),
  );
});

it('never expects a loss, nor more than AUROC 1', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.3, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }), (areas) => {
      const { a, b, c } = fitPower(areas.map((auroc, i) => ({ n: 10 * 2 ** i, auroc })));
      expect(b).toBeGreaterThanOrEqual(0);
      expect(a).toBeLessThanOrEqual(1 + 1e-9);
      expect(c).toBeGreaterThanOrEqual(0.2);
    }),
  );
});

it('advises to stop where classes lie far apart, and not where labels still help; says nothing of few labels', async () => {
  const easy = await metricsOf(gaussianPool(400, 8, 2, 'multiclass', 14), 150);
  expect(easy.stop?.kappas).toHaveLength(3);
  expect(easy.stop).toMatchObject({ advised: true });
  const hard = await metricsOf(gaussianPool(400, 60, 2, 'multilabel', 1.5), 80);
  expect(hard.learningCurve?.points).toHaveLength(5);
  expect(hard.stop).toMatchObject({ advised: false });
  expect(await metricsOf(gaussianPool(100, 8, 2, 'multiclass'), 20)).toMatchObject({ stop: null, learningCurve: null });
});
