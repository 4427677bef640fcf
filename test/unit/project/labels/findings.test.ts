import { expect, it } from 'vitest';
import { emptyState, fold, nextUndo } from '../../../../src/contract/fold';
import type { Action, CellState } from '../../../../src/contract/model';
import { hasLabels } from '../../../../src/project/labels/findings';
import { id, makeProject } from '../../renderer/made-up/project';

const { findings } = makeProject('multilabel');
const [first, second] = [findings[0]?.id ?? '', findings[1]?.id ?? ''];
const annotator = id(1, 'N');
const time = '2026-11-22T10:00:00.000Z';
const answer = (seq: number, finding: string, state: CellState): Action => ({
  seq,
  id: id(seq, 'A'),
  annotator,
  time,
  kind: 'cells',
  cells: [{ image: id(1, 'G'), finding, before: null, after: { state, source: 'typed', use: 'train', shown: null, head: null, time } }],
});

it('a finding has labels once somebody has answered it, and as long as undo or redo can bring them back', () => {
  const state = fold([answer(1, first, 'absent')]);
  expect([hasLabels(emptyState(), first), hasLabels(state, first), hasLabels(state, second)]).toEqual([false, true, false]);
  const step = nextUndo(state, annotator);
  if (!step) throw new Error('nothing to undo');
  expect(hasLabels(fold([{ seq: 2, id: id(2, 'A'), annotator, time, kind: 'undo', ...step }], state), first)).toBe(true);
});
