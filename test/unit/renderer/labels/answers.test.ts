import { describe, expect, it } from 'vitest';
import type { CellState } from '../../../../src/contract/model';
import {
  absentRest,
  allUnsure,
  cleared,
  cycled,
  keyAnswer,
  leastCertain,
  proposed,
  unsureAnswer,
  type Rule,
} from '../../../../src/renderer/labels/answers';
import type { ImageView } from '../../../../src/renderer/labels/labels';
import { id, makeProject } from '../made-up/project';

const { findings } = makeProject('multilabel', ['A', 'B', 'C']);
const [a, b, c] = findings.map((finding) => finding.id);
if (a === undefined || b === undefined || c === undefined) throw new Error('three findings');

const view = (cells: Record<string, CellState> = {}): ImageView => ({
  id: id(1, 'G'),
  record: null,
  cells: new Map(
    Object.entries(cells).map(([finding, state]) => [
      finding,
      { state, source: 'typed', pending: false, kept: null, use: 'train', blind: false },
    ]),
  ),
  skipped: false,
  answered: Object.values(cells).some((state) => state !== 'none'),
  reserved: false,
  use: 'train',
});
const rulesOf =
  (rules: Record<string, Partial<Rule>>) =>
  (finding: string): Rule | null => {
    const rule = rules[finding];
    return rule ? { skill: true, enough: true, present: null, absent: null, ...rule } : null;
  };
const chances = (...values: number[]) => new Map(values.map((p, i) => [findings[i]?.id ?? '', p]));

describe('multi-label keys', () => {
  it('cycle present, absent, not read', () => {
    expect([cycled('none'), cycled('present'), cycled('absent'), cycled('unsure')]).toEqual(['present', 'absent', 'none', 'present']);
    expect(keyAnswer('multilabel', findings, view({ [a]: 'present' }), a)).toEqual([{ finding: a, state: 'absent' }]);
  });
  it('leave all other findings alone', () => {
    expect(keyAnswer('multilabel', findings, view({ [b]: 'present' }), a)).toEqual([{ finding: a, state: 'present' }]);
  });
  it('with Shift say unsure, and take it back', () => {
    expect(unsureAnswer(view(), a)).toEqual([{ finding: a, state: 'unsure' }]);
    expect(unsureAnswer(view({ [a]: 'unsure' }), a)).toEqual([{ finding: a, state: 'none' }]);
  });
  it('A sets only what nobody has read to absent', () => {
    expect(absentRest(findings, view({ [a]: 'present', [b]: 'unsure' }))).toEqual([{ finding: c, state: 'absent' }]);
  });
  it('Backspace takes everything away that is there', () => {
    expect(cleared(findings, view({ [b]: 'absent' }))).toEqual([{ finding: b, state: 'none' }]);
  });
  it('0 is about the least certain unread finding', () => {
    expect(leastCertain(findings, view(), chances(0.9, 0.45, 0.2))).toBe(b);
    expect(leastCertain(findings, view({ [b]: 'absent' }), chances(0.9, 0.45, 0.2))).toBe(c);
    expect(leastCertain(findings, view(), null)).toBe(a);
    expect(leastCertain(findings, view({ [a]: 'absent', [b]: 'absent', [c]: 'unsure' }), null)).toBeNull();
  });
  it('Enter writes what the rule lets it, of unread findings, and nothing else', () => {
    const rules = rulesOf({ [a]: { present: 0.8 }, [b]: { present: 0.8, absent: 0.05 }, [c]: { absent: 0.05 } });
    const says = (of: ImageView, ...p: number[]) => proposed('multilabel', findings, of, chances(...p), rules);
    expect(says(view(), 0.8, 0.5, 0.049)).toEqual([
      { finding: a, state: 'present' },
      { finding: c, state: 'absent' },
    ]);
    // The limit itself is not below it, and what has no limit is never taken over.
    expect(says(view(), 0.001, 0.05, 0.999)).toEqual([]);
    expect(says(view({ [a]: 'absent' }), 0.99, 0.79, 0.05)).toEqual([]);
    expect(proposed('multilabel', findings, view(), null, rules)).toEqual([]);
    expect(proposed('multilabel', findings, view(), chances(0.999, 0.999, 0.001), () => null)).toEqual([]);
  });
  it('Enter leaves a finding without skill unread, whatever its limits', () => {
    const rules = rulesOf({ [a]: { skill: false, present: 0.5, absent: 0.4 } });
    expect(proposed('multilabel', findings, view(), chances(0.99, 0.99, 0.99), rules)).toEqual([]);
  });
});

describe('multi-class keys', () => {
  it('choose one finding and make the others absent', () => {
    const answer = [
      { finding: a, state: 'absent' },
      { finding: b, state: 'present' },
      { finding: c, state: 'absent' },
    ];
    expect(keyAnswer('multiclass', findings, view(), b)).toEqual(answer);
    expect(keyAnswer('multiclass', findings, view({ [a]: 'unsure', [b]: 'unsure', [c]: 'unsure' }), b)).toEqual(answer);
    expect(keyAnswer('multiclass', findings, view({ [a]: 'present', [b]: 'absent', [c]: 'absent' }), b)).toEqual(answer.slice(0, 2));
  });
  it('unsure is about the whole image', () => {
    expect(allUnsure(findings).map(({ state }) => state)).toEqual(['unsure', 'unsure', 'unsure']);
  });
  it('the proposal is the likeliest finding from one half on, and none once it is answered', () => {
    const rules = rulesOf({ [a]: {}, [b]: {}, [c]: { enough: false } });
    const says = (of: ImageView, ...p: number[]) => proposed('multiclass', findings, of, chances(...p), rules);
    expect(says(view(), 0.2, 0.7, 0.1)).toEqual(keyAnswer('multiclass', findings, view(), b));
    expect(says(view(), 0.4, 0.35, 0.25)).toEqual([]);
    expect(says(view({ [a]: 'present' }), 0.2, 0.7, 0.1)).toEqual([]);
    // One of the two likeliest has too few labels.
    expect(says(view(), 0.1, 0.7, 0.2)).toEqual([]);
    expect(says(view(), 0.1, 0.2, 0.7)).toEqual([]);
    expect(proposed('multiclass', findings, view(), chances(0.2, 0.7, 0.1), rulesOf({ [a]: {}, [b]: { skill: false }, [c]: {} }))).toEqual(
      [],
    );
  });
});
