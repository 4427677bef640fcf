import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { StateCode, type LabelDelta, type SnapshotBase } from '../../../src/contract/jobs/trainer';
import { unwrap } from '../../../src/contract/result';
import { auditOf, readLabels } from '../../../src/trainer/labels';
import { gaussianPool } from './pool';

const ROWS = 24;
const plain = gaussianPool(ROWS, 4, 2, 'multilabel').base;

interface Case {
  readonly base: SnapshotBase;
  readonly labels: LabelDelta[];
}

/** Pools of a few patients with any images reserved, and answers of any use, blind or not, corrected or taken back. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    groups: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: ROWS, maxLength: ROWS }),
    reserved: fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: ROWS, maxLength: ROWS }),
    labels: fc.array(
      fc.record({
        row: fc.integer({ min: 0, max: ROWS - 1 }),
        finding: fc.integer({ min: 0, max: 1 }),
        state: fc.constantFrom(...Object.values(StateCode)),
        use: fc.constantFrom('train' as const, 'audit' as const),
        blind: fc.boolean(),
        seq: fc.integer({ min: 0, max: 40 }),
      }),
      { maxLength: 60 },
    ),
  })
  .map(({ groups, reserved, labels }) => ({
    base: { ...plain, groups: Int32Array.from(groups), reserved: Uint8Array.from(reserved) },
    labels,
  }));

it('parts training and audit by patient, whatever was answered, for what use and in what order', () => {
  fc.assert(
    fc.property(cases, ({ base, labels }) => {
      const table = unwrap(readLabels({ base, labels }));
      const groupsOf = (rows: Iterable<number>) => new Set(Array.from(rows, (row) => base.groups[row]));
      const trained = groupsOf(table.train);
      const reserved = groupsOf([...(base.reserved ?? [])].flatMap((one, row) => (one === 1 ? [row] : [])));
      const last = [...new Map(labels.map((label) => [`${label.row} ${label.finding}`, label])).values()].filter(({ state }) => state >= 0);
      const asAudit = groupsOf(last.filter(({ use }) => use === 'audit').map(({ row }) => row));
      for (const group of [...reserved, ...asAudit]) expect(trained.has(group)).toBe(false);
      // Nothing else is lost to training.
      const answered = new Set(last.map(({ row }) => row));
      const left = [...answered].filter((row) => !reserved.has(base.groups[row]) && !asAudit.has(base.groups[row]));
      expect(table.train).toEqual(left.sort((a, b) => a - b));
    }),
  );
});

it('measures by blind answers alone, one image a patient, the first that was answered', () => {
  fc.assert(
    fc.property(cases, ({ base, labels }) => {
      const table = unwrap(readLabels({ base, labels }));
      const last = [...new Map(labels.map((label) => [`${label.row} ${label.finding}`, label])).values()].filter(({ state }) => state >= 0);
      const blind = last.filter(({ use, blind: one }) => use === 'audit' && one);
      const patients = new Set(blind.map(({ row }) => base.groups[row] ?? -1));
      expect(new Set(table.asked)).toEqual(patients);
      const measured = table.audit.map((row) => base.groups[row] ?? -1);
      expect(new Set(measured)).toEqual(patients);
      expect(measured.length).toBe(patients.size);
      for (const row of table.audit) {
        const time = (of: number) => Math.min(...blind.filter((one) => one.row === of).map(({ seq }) => seq));
        const others = blind.filter((one) => base.groups[one.row] === base.groups[row]).map((one) => one.row);
        expect(time(row)).toBe(Math.min(...others.map(time)));
      }
      const kept = new Set(last.map(({ row }) => row));
      for (const row of [...table.train, ...blind.map((one) => one.row)]) kept.delete(row);
      expect(table.notBlind).toBe(kept.size);
      // A cell of the same image that was not answered blind says nothing.
      const said = auditOf(base, table);
      said.y.forEach((state, i) => {
        const cell = blind.find((one) => one.row === said.rows[Math.floor(i / 2)] && one.finding === i % 2);
        expect(state).toBe(cell?.state === StateCode.present ? 1 : cell?.state === StateCode.absent ? 0 : -1);
      });
    }),
  );
});

it('does not hang on the order in which cells are handed over', () => {
  fc.assert(
    fc.property(
      cases.chain(({ base, labels }) => {
        const once = [...new Map(labels.map((label) => [`${label.row} ${label.finding}`, label])).values()];
        return fc.record({
          base: fc.constant(base),
          once: fc.constant(once),
          other: fc.shuffledSubarray(once, { minLength: once.length, maxLength: once.length }),
        });
      }),
      ({ base, once, other }) => {
        expect(unwrap(readLabels({ base, labels: other }))).toEqual(unwrap(readLabels({ base, labels: once })));
      },
    ),
  );
});
