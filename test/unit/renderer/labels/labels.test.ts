import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { fold } from '../../../../src/contract/fold';
import { cellOf, Labels } from '../../../../src/renderer/labels/labels';
import { FakeBridge } from '../fake-bridge';
import { id, makeProject } from '../made-up/project';

const step = fc.oneof(
  fc.record({
    kind: fc.constant('cells' as const),
    cells: fc.array(
      fc.record({
        image: fc.integer({ min: 1, max: 4 }),
        finding: fc.integer({ min: 1, max: 3 }),
        state: fc.constantFrom('present', 'absent', 'unsure', 'none' as const),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  fc.record({ kind: fc.constant('skip' as const), image: fc.integer({ min: 1, max: 4 }) }),
  fc.constant({ kind: 'undo' as const }),
  fc.constant({ kind: 'redo' as const }),
);

describe('labels', () => {
  it('show what the contract’s fold says, and their counts are those of a recount', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const bridge = new FakeBridge({ images: 4, project: makeProject('multilabel') });
        const project = bridge.project.id;
        const live = new Labels(bridge.project);
        for (const action of bridge.journal) live.apply(action);
        for (const each of steps) {
          const before = bridge.journal.length;
          if (each.kind === 'cells') {
            const cells = each.cells.map((c) => ({
              image: id(c.image, 'G'),
              finding: id(c.finding, 'F'),
              state: c.state as 'present',
              source: 'typed' as const,
              shown: null,
              head: null,
            }));
            await bridge.call('labels.apply', { project, cells });
          } else if (each.kind === 'skip') await bridge.call('labels.skip', { project, image: id(each.image, 'G') });
          else await bridge.call(`labels.${each.kind}`, { project });
          for (const action of bridge.journal.slice(before)) live.apply(action);
        }
        const fresh = new Labels(bridge.project);
        fresh.load(fold(bridge.journal));
        const { perFinding, ...counts } = live.totals.get();
        const { perFinding: expected, ...expectedCounts } = fresh.totals.get();
        expect(counts).toEqual(expectedCounts);
        const some = (map: typeof perFinding) => new Map([...map].filter(([, c]) => c.present + c.absent + c.unsure > 0));
        expect(some(perFinding)).toEqual(some(expected));
        for (let n = 1; n <= 4; n += 1) expect(live.of(id(n, 'G'))).toEqual(fresh.of(id(n, 'G')));
      }),
      { numRuns: 60 },
    );
  });

  it('show a cell as pending until it is acknowledged, and as it was if it is refused', () => {
    const labels = new Labels(makeProject());
    const image = id(1, 'G');
    const cells = [{ image, finding: id(1, 'F'), state: 'present' as const }];
    const token = labels.begin(cells);
    expect(cellOf(labels.of(image), id(1, 'F'))).toMatchObject({ state: 'present', source: null, pending: true });
    labels.end(token, cells);
    expect(labels.of(image)).toMatchObject({ answered: false });
  });

  it('tell only those who watch the image', () => {
    const labels = new Labels(makeProject());
    const [first, second] = [vi.fn(), vi.fn()];
    labels.subscribeTo(id(1, 'G'), first);
    labels.subscribeTo(id(2, 'G'), second);
    labels.begin([{ image: id(1, 'G'), finding: id(1, 'F'), state: 'present' }]);
    expect(first).toHaveBeenCalledTimes(1);
    expect(second).not.toHaveBeenCalled();
  });

  it('give the same object for an image as long as nothing about it changes', () => {
    const labels = new Labels(makeProject());
    const view = labels.of(id(1, 'G'));
    labels.begin([{ image: id(2, 'G'), finding: id(1, 'F'), state: 'present' }]);
    expect(labels.of(id(1, 'G'))).toBe(view);
  });

  it('put 100,000 images into folder order and take labels', () => {
    const paths = Array.from({ length: 100_000 }, (_, i) => `p${String((i * 7919) % 100_000).padStart(6, '0')}.png`);
    const bridge = new FakeBridge({ paths });
    const labels = new Labels(bridge.project);
    labels.load(fold(bridge.journal));
    expect(labels.order()).toHaveLength(100_000);
    expect(labels.record(labels.order()[5] ?? '')?.path).toBe('p000005.png');
    const value = { state: 'present', source: 'typed', use: 'train', shown: null, head: null, time: '2026-11-22T10:00:00.000Z' } as const;
    for (let n = 1; n <= 200; n += 1) {
      const cells = [{ image: id(n, 'G'), finding: id(1, 'F'), before: null, after: value }];
      labels.apply({ seq: labels.seq + 1, id: id(n, 'J'), annotator: id(1, 'N'), time: value.time, kind: 'cells', cells });
    }
    expect(labels.totals.get().answered).toBe(200);
  });
});
