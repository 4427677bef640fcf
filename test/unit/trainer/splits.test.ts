import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupedFolds, holdOut } from '../../../src/trainer/splits';

const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: -1, max: 1 })), { minLength: 1, maxLength: 150 });
const seed = fc.integer({ min: 0, max: 1e6 });

describe('splits', () => {
  it('never divide a patient, whatever the labels', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 2, max: 10 }), seed, (items, count, s) => {
        const groups = items.map(([group]) => group);
        const folds = groupedFolds(groups, { findings: 1, y: Int8Array.from(items, ([, y]) => y) }, count, s);
        const seen = new Map<number, number>();
        groups.forEach((group, i) => {
          expect(seen.get(group) ?? folds[i]).toBe(folds[i]);
          seen.set(group, folds[i] ?? -1);
        });
        expect(new Set(folds).size).toBe(Math.min(count, new Set(groups).size));
        const { pool, held } = holdOut(groups, 0.4, s);
        expect(pool.length + held.length).toBe(groups.length);
        const heldGroups = new Set(Array.from(held, (i) => groups[i]));
        expect(Array.from(pool).some((i) => heldGroups.has(groups[i] ?? -1))).toBe(false);
      }),
    );
  });

  it('spread the rarer side over the folds where every patient has one image', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 40 }), seed, (present, s) => {
        const y = Int8Array.from({ length: 100 }, (_, i) => (i < present ? 1 : 0));
        const folds = groupedFolds(
          Array.from({ length: 100 }, (_, i) => i),
          { findings: 1, y },
          5,
          s,
        );
        const counts = [0, 1, 2, 3, 4].map((fold) => Array.from(folds).filter((one, i) => one === fold && y[i] === 1).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are the same for the same seed and differ for another', () => {
    const groups = Array.from({ length: 60 }, (_, i) => i);
    const y = Int8Array.from(groups, (i) => i % 2);
    const of = (s: number) => Array.from(groupedFolds(groups, { findings: 1, y }, 5, s));
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });
});
