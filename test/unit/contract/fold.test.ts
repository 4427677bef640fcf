import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { annotatorState, apply, cellOf, emptyState, fold, nextRedo, nextUndo, UNDO_LIMIT } from '../../../src/contract/fold';
import type { Action } from '../../../src/contract/model';
import { actionsOf, annotators, draftOf, findings, id, plan, project, value, type Plan } from './actions';

const history = fc.array(plan, { maxLength: 40 }).map(actionsOf);
const doing = plan.filter(({ kind }) => kind === 'cells' || kind === 'skip');
const labels = (actions: Action[]) => {
  const state = fold(actions);
  return annotators.map((annotator) => {
    const { cells, skipped } = annotatorState(state, annotator);
    return { cells, skipped };
  });
};
const next = (actions: Action[], planned: Plan): Action[] => {
  const draft = draftOf(planned, fold(actions), actions.length);
  return draft ? [...actions, { ...draft, seq: actions.length + 1 }] : actions;
};

describe('fold', () => {
  test('undo inverts do', () => {
    fc.assert(
      fc.property(history, doing, (before, planned) => {
        const undone = next(next(before, planned), { kind: 'undo', annotator: planned.annotator });
        expect(undone).toHaveLength(before.length + 2);
        expect(labels(undone)).toEqual(labels(before));
      }),
    );
  });

  test('redo inverts undo, however many steps', () => {
    fc.assert(
      fc.property(history, doing, fc.constantFrom(...annotators), fc.integer({ min: 1, max: 5 }), (before, planned, annotator, steps) => {
        const start = next(before, { ...planned, annotator });
        let actions = start;
        for (let step = 0; step < steps; step++) actions = next(actions, { kind: 'undo', annotator });
        const undone = actions.length - start.length;
        for (let step = 0; step < undone; step++) actions = next(actions, { kind: 'redo', annotator });
        expect(labels(actions)).toEqual(labels(start));
        expect(annotatorState(fold(actions), annotator).undo).toEqual(annotatorState(fold(start), annotator).undo);
      }),
    );
  });

  test('a prefix folded, then the rest, is all folded', () => {
    fc.assert(
      fc.property(history, fc.nat(), (actions, at) => {
        const cut = actions.length === 0 ? 0 : at % actions.length;
        expect(fold(actions.slice(cut), fold(actions.slice(0, cut)))).toEqual(fold(actions));
      }),
    );
  });

  test('what one annotator says never changes what another said', () => {
    fc.assert(
      fc.property(history, (actions) => {
        const [first] = annotators;
        const own = actions.filter(({ annotator }) => annotator === first);
        expect(annotatorState(fold(actions), first)).toEqual(annotatorState(fold(own), first));
      }),
    );
  });

  test('a new answer makes what was taken back unrepeatable', () => {
    const [annotator] = annotators;
    const answer: Plan = { kind: 'cells', annotator, cells: [{ image: 0, finding: 0, state: 'present' }] };
    const undone = next(next([], answer), { kind: 'undo', annotator });
    expect(nextRedo(fold(undone), annotator)).not.toBeNull();
    expect(nextRedo(fold(next(undone, answer)), annotator)).toBeNull();
  });

  test('project and images are replaced by the newest record of the same id', () => {
    const [annotator] = annotators;
    const entry = { annotator, time: project.created };
    const image = { id: id(3, 0), root: id(8, 0), path: 'a.png', frame: null, bytes: 10, mtime: 5 };
    const facts = { sha256: null, width: null, height: null, patient: null, study: null, view: null };
    const state = fold([
      { ...entry, seq: 1, id: id(7, 1), kind: 'project', project },
      { ...entry, seq: 2, id: id(7, 2), kind: 'images', images: [{ ...image, ...facts }] },
      { ...entry, seq: 3, id: id(7, 3), kind: 'images', images: [{ ...image, ...facts, width: 30, height: 40 }] },
      { ...entry, seq: 4, id: id(7, 4), kind: 'project', project: { ...project, name: 'renamed' } },
    ]);
    expect(state.images.get(image.id)?.width).toBe(30);
    expect(state.images.size).toBe(1);
    expect(state.project?.name).toBe('renamed');
  });

  test('steps beyond the limit cannot be undone, their labels stay', () => {
    const [annotator] = annotators;
    const state = emptyState();
    for (let seq = 1; seq <= UNDO_LIMIT + 5; seq++) {
      const cells = [{ image: id(3, seq), finding: findings[0], before: null, after: value('present') }];
      apply(state, { seq, id: id(7, seq), annotator, time: project.created, kind: 'cells', cells });
    }
    let undone = 0;
    for (let step; (step = nextUndo(state, annotator)); undone++) {
      apply(state, { seq: state.seq + 1, id: id(6, undone), annotator, time: project.created, kind: 'undo', ...step });
    }
    expect(undone).toBe(UNDO_LIMIT);
    expect(cellOf(state, annotator, id(3, 5), findings[0])).toEqual(value('present'));
    expect(cellOf(state, annotator, id(3, 6), findings[0])).toBeNull();
  });

  test('200,000 answers fold', () => {
    const actions: Action[] = Array.from({ length: 200_000 }, (_, n) => ({
      seq: n + 1,
      id: id(7, n),
      annotator: annotators[0],
      time: project.created,
      kind: 'cells',
      cells: [{ image: id(3, n % 50_000), finding: findings[n % 3] ?? findings[0], before: null, after: value('absent') }],
    }));
    const state = fold(actions);
    expect(state.annotators.get(annotators[0])?.cells.size).toBe(50_000);
    expect(state.seq).toBe(200_000);
  });
});
