import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { highest } from '../../../../src/trainer/acquisition/uncertainty';

it('the highest of a pool are those that sorting all of it puts first, equal ones by row', () => {
  const pool = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 600 });
  fc.assert(
    fc.property(pool, fc.nat(40), (values, count) => {
      const rows = Int32Array.from(values.keys()).filter((row) => row % 5 !== 0);
      const sorted = [...rows].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
      expect(highest(rows, Float64Array.from(values), count)).toEqual(sorted.slice(0, count));
    }),
  );
});
