import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Strategy, type LabelDelta, type QueueEntry, type SnapshotBase, type TunedHead } from '../../../src/contract/jobs/trainer';
import { unwrap } from '../../../src/contract/result';
import { learn, prepare, queueOf } from '../../../src/trainer/engine';
import { misfit } from '../../../src/contract/tuned-fits';
import { random } from '../../../src/trainer/random';
import { reserveOf } from '../../../src/contract/reserve-draws';
import { start } from './backend';
import { answers, gaussianPool } from './pool';

beforeAll(() => start());

const ROWS = 120;
const made = gaussianPool(ROWS, 8, 2, 'multilabel');
const reserved = Uint8Array.from({ length: ROWS }, (_, row) => (row % 7 === 3 ? 1 : 0));
const base: SnapshotBase = { ...made.base, reserved, settings: { ...made.base.settings, audit: { share: 0.3, from: 20 } } };
const pool = { ...made, base };
const basis = unwrapped(() => prepare({ base, labels: [] }, made.rows));
const groupOf = (row: number) => base.groups[row] ?? -1;
const kept = new Set([...reserved].flatMap((one, row) => (one === 1 ? [groupOf(row)] : [])));

function unwrapped<T>(work: () => Promise<Parameters<typeof unwrap<T>>[0]>) {
  let made: Promise<T> | null = null;
  return () => (made ??= work().then((result) => unwrap(result)));
}

async function queueAfter(labels: LabelDelta[], changes: Partial<SnapshotBase['settings']> = {}): Promise<QueueEntry[]> {
  const settings = { ...base.settings, ...changes };
  const prepared = unwrap(await prepare({ base: { ...base, settings }, labels }, made.rows, (await basis()).basis));
  const learnt = await learn(prepared, '');
  return queueOf(prepared, learnt.ok ? learnt.value : null);
}

describe('the draws', () => {
  it('are one image of each reserved patient, and hang neither on the order of the pool nor on who else is in it', () => {
    const { draws, groups } = reserveOf(base);
    expect(groups).toEqual(kept);
    expect(new Set(draws.map(groupOf))).toEqual(kept);
    expect(draws.length).toBe(kept.size);
    const named = (of: SnapshotBase) => reserveOf(of).draws.map((row) => of.embeddings[row]);
    fc.assert(
      fc.property(fc.shuffledSubarray(Array.from({ length: ROWS }, (_, row) => row)), (rows) => {
        const part: SnapshotBase = {
          ...base,
          embeddings: rows.map((row) => base.embeddings[row] ?? ''),
          groups: Int32Array.from(rows, groupOf),
          reserved: Uint8Array.from(rows, (row) => reserved[row] ?? 0),
        };
        // Patients of whom all images are in the part.
        const count = (of: SnapshotBase, group: number) => of.groups.filter((one) => one === group).length;
        const whole = new Set([...kept].filter((group) => count(part, group) === count(base, group)).map(String));
        const isWhole = (name: string | undefined) => whole.has(String(groupOf(base.embeddings.indexOf(name ?? ''))));
        expect(named(part).filter(isWhole)).toEqual(named(base).filter(isWhole));
      }),
    );
    expect(named({ ...base, seed: 8 })).not.toEqual(named(base));
  });

  it('come in another order than the images of patients with many', () => {
    // 200 patients of one image and 200 of nine: among the first hundred half of each.
    const groups = Int32Array.from({ length: 2000 }, (_, row) => (row < 200 ? row : 200 + (row % 200)));
    const large = { ...base, embeddings: Array.from(groups, (_, row) => `picture ${row}`), groups, reserved: new Uint8Array(2000).fill(1) };
    const many = reserveOf(large)
      .draws.slice(0, 100)
      .filter((row) => row >= 200).length;
    expect(many).toBeGreaterThan(30);
    expect(many).toBeLessThan(70);
  });
});

/** Answers to any images, as an import or a bulk answer brings them: reserved ones too, never blind there. */
const anything = fc.array(fc.integer({ min: 0, max: ROWS - 1 }), { maxLength: 60 }).map((rows) => {
  const distinct = [...new Set(rows)];
  return answers(pool, distinct).map((label): LabelDelta => (kept.has(groupOf(label.row)) ? { ...label, use: 'audit' } : label));
});

describe('the queue', () => {
  it.each(Strategy.options)('asks for nothing of a reserved patient but once, as an audit (%s)', async (strategy) => {
    await fc.assert(
      fc.asyncProperty(anything, fc.integer({ min: 0, max: ROWS - 1 }), async (labels, seedRow) => {
        const queue = await queueAfter(labels, { strategy, queueSize: 200, search: { finding: 1, seeds: [seedRow, 3] } });
        const answered = new Set(labels.map(({ row }) => row));
        const asked = new Set<number>();
        for (const { row, audit, reason } of queue) {
          expect(audit).toBe(kept.has(groupOf(row)));
          expect(reason.code === 'audit').toBe(audit);
          expect(!audit && answered.has(row)).toBe(false);
          expect(audit && asked.has(groupOf(row))).toBe(false);
          asked.add(groupOf(row));
        }
        // All of them, also those that were answered otherwise, and every image that can teach something.
        expect(queue.filter(({ audit }) => audit).length).toBe(kept.size);
        const open = Array.from({ length: ROWS }, (_, row) => row).filter((row) => !answered.has(row) && !kept.has(groupOf(row)));
        expect(queue.flatMap(({ row, audit }) => (audit ? [] : [row])).sort((a, b) => a - b)).toEqual(open);
      }),
      { numRuns: 8 },
    );
  });

  it('draws the same audits whatever is answered in between, and stops with the last patient', async () => {
    const orders = new Set<string>();
    for (const run of [1, 2, 3]) {
      const draw = random(run, 'person');
      const labels: LabelDelta[] = [];
      const audits: number[] = [];
      for (let seq = 0; ;) {
        const queue = await queueAfter(labels, { strategy: draw.uniform() < 0.5 ? 'margin' : 'random', queueSize: 12 });
        if (queue.length === 0) break;
        // Of what is not audited the person leaves out what she likes.
        const taken = queue.filter(({ audit }, place) => audit || place === 0 || draw.uniform() < 0.7);
        for (const { row, audit } of taken) {
          if (audit) audits.push(row);
          const state = () => (draw.uniform() < 0.4 ? 1 : 0);
          const use = audit ? { use: 'audit' as const, blind: true } : { use: 'train' as const };
          labels.push(...[0, 1].map((finding) => ({ row, finding, state: state(), ...use, seq })));
          seq++;
        }
      }
      expect(audits).toEqual(reserveOf(base).draws);
      orders.add(labels.map(({ row }) => row).join());
    }
    expect(orders.size).toBe(3);
  });

  it('leaves images of patients with an answer kept out of training for the end', async () => {
    const old = answers(pool, [0]).map((label): LabelDelta => ({ ...label, use: 'audit' }));
    const queue = await queueAfter(old, { queueSize: 500 });
    expect(queue.flatMap(({ row, audit }) => (audit ? [] : [row])).pop()).toBe(1);
  });
});

it('a fine-tuned head that has learnt from what is reserved now no longer serves', async () => {
  const head = unwrap(
    await learn(unwrap(await prepare({ base: made.base, labels: answers(pool, [0, 1, 2, 3, 4, 5]) }, made.rows)), ''),
  ).head;
  const tuned = (rows: number[]): TunedHead => ({
    file: { ...head.file, kind: 'attentive' },
    tensors: {},
    learnt: [true, true],
    pool: 'digest',
    rows: Int32Array.from(rows),
    held: new Float32Array(2 * rows.length),
    logits: new Float32Array(2 * ROWS),
  });
  expect(misfit(tuned([0, 1]), base, 'digest')).toBeNull();
  // Row 2 is of the patient whose row 3 is reserved.
  expect(misfit(tuned([0, 1, 2]), base, 'digest')).toContain('reserved');
  expect(misfit(tuned([0, 1, 2]), made.base, 'digest')).toBeNull();
});

it('a head and its likes do not move with answers to the reserve', async () => {
  const train = answers(
    pool,
    Array.from({ length: 60 }, (_, row) => row).filter((row) => !kept.has(groupOf(row))),
  );
  const bulk = answers(
    pool,
    Array.from({ length: ROWS }, (_, row) => row).filter((row) => kept.has(groupOf(row))),
  );
  const of = async (labels: LabelDelta[]) => {
    const prepared = unwrap(await prepare({ base, labels }, made.rows, (await basis()).basis));
    const learnt = unwrap(await learn(prepared, ''));
    const settings = { ...base.settings, audit: { share: 0, from: 0 }, queueSize: 5 };
    const queue = await queueOf({ ...prepared, snapshot: { base: { ...base, settings }, labels } }, learnt);
    return { weight: learnt.head.tensors['weight']?.data, labels: learnt.head.file.labels, queue };
  };
  expect(await of([...train, ...bulk])).toEqual(await of(train));
});
