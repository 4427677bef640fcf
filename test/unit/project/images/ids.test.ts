import { expect, it } from 'vitest';
import { Id } from '../../../../src/contract/model';
import { newId } from '../../../../src/project/images/ids';

it('ids are ULIDs, never twice the same, and every letter comes as often as the others', () => {
  const ids = Array.from({ length: 20_000 }, newId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Id.safeParse(ids[0]).success).toBe(true);
  const counts = new Map<string, number>();
  // The first ten letters are the time.
  for (const id of ids) for (const letter of id.slice(10)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  expect(counts.size).toBe(32);
  // 10,000 of each are expected, with a standard deviation of 98.
  for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(600);
});
