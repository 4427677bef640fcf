import { describe, expect, it } from 'vitest';
import { accepting, nothingProposed } from '../../../../src/renderer/queue/enter';
import { makeProject } from '../made-up/project';

const { findings } = makeProject('multilabel', ['Edema', 'Pleural thickening', 'Infiltration']);
const [a = '', b = '', c = ''] = findings.map(({ id }) => id);

describe('the button of Enter', () => {
  it('says what it will write, by name where the names fit', () => {
    const say = (...ghosts: [string, 'present' | 'absent'][]) =>
      accepting(
        'multilabel',
        findings,
        ghosts.map(([finding, state]) => ({ finding, state })),
      );
    expect(say([a, 'present'])).toBe('Accept Edema present');
    expect(say([a, 'absent'], [b, 'absent'], [c, 'present'])).toBe('Accept 1 present, 2 absent');
    expect(say([b, 'present'], [c, 'present'])).toBe('Accept 2 present');
    const present = [{ finding: b, state: 'present' as const }];
    expect(accepting('multilabel', findings, present, Infinity)).toBe('Accept Pleural thickening present');
    expect(accepting('multiclass', findings, [{ finding: a, state: 'absent' }, ...present])).toBe('Accept Pleural thickening');
  });

  it('gives the reason where there is nothing to write', () => {
    const rule = { skill: true, enough: true, present: null, absent: null };
    const says = (p: number, skill: boolean) => nothingProposed('multiclass', findings, new Map([[a, p]]), () => ({ ...rule, skill }));
    expect(says(0.4, false)).toContain('Too few labels yet');
    expect(says(0.4, true)).toContain('None reaches 50 %');
    expect(says(0.6, true)).toContain('One of the two likeliest has too few labels yet');
  });
});
