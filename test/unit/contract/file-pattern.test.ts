import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchPattern, parsePattern } from '../../../src/contract/file-pattern';
import type { Stated } from '../../../src/contract/model';
import { unwrap } from '../../../src/contract/result';

const read = (pattern: string, path: string): Partial<Stated> | null => {
  const found = matchPattern(unwrap(parsePattern(pattern)), path);
  return found && Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null));
};

describe('a pattern of file names', () => {
  it.each<[string, string, Partial<Stated> | null]>([
    ['{patient}_{view}_*.png', '0012_PA_3.png', { patient: '0012', view: 'PA' }],
    ['{patient}_{view}_*.png', 'ward/b/0012_PA_3.PNG', { patient: '0012', view: 'PA' }],
    ['{patient}_{view}_*.png', '0012_PA.png', null],
    // As few characters as possible, from the left.
    ['{patient}_*', 'a_b_c.png', { patient: 'a' }],
    ['*_{view}', 'a_b_c.png', { view: 'b_c' }],
    [
      '{patient}/{study}/*_{view}.jpg',
      'train/patient001/study2/view1_lateral.jpg',
      { patient: 'patient001', study: 'study2', view: 'lateral' },
    ],
    ['{patient}/{study}/*_{view}.jpg', 'study2/view1_lateral.jpg', null],
    ['{patient}\\*', 'P7\\x.png'.replace('\\', '/'), { patient: 'P7' }],
    ['p{patient}_???.png', 'P9_abc.png', { patient: '9' }],
    // Without a dot it is about the name without its ending.
    ['{patient}_{view}', 'x/1.2_PA.dcm', { patient: '1.2', view: 'PA' }],
    ['{patient}*.*', '7.tar.png', { patient: '7' }],
    ['{patient}', 'über.png', { patient: 'über' }],
    ['{ Patient }_*', '4_x.png', { patient: '4' }],
  ])('%s of %s', (pattern, path, expected) => {
    expect(read(pattern, path)).toEqual(expected);
  });

  it.each([
    ['*.png', 'it has none of'],
    ['{patient}_{patient}', '{patient} is there twice'],
    ['{name}_{view}', '{name} is none of'],
    ['{patient_*.png', 'a brace is not closed'],
    [`{patient}${'x'.repeat(200)}`, 'more than 200 characters'],
  ])('%s is refused with the reason', (pattern, reason) => {
    const parsed = parsePattern(pattern);
    expect(parsed.ok ? '' : parsed.failure.params['reason']).toContain(reason);
  });

  it('finds again what a name was made of', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/);
    fc.assert(
      fc.property(word, word, word, word, (patient, study, view, rest) => {
        expect(read('{patient}/{study}_{view}_*.png', `root/${patient}/${study}_${view}_${rest}.png`)).toEqual({ patient, study, view });
      }),
    );
  });

  it('leaves nothing of the path out, whatever the pattern', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }), (pattern, path) => {
        const parsed = parsePattern(`{patient}${pattern}`);
        const patient = parsed.ok ? (matchPattern(parsed.value, path)?.patient ?? '') : '';
        expect(path).toContain(patient);
      }),
    );
  });

  it('is quick on names that are made to be slow', () => {
    const began = performance.now();
    expect(read(`{patient}${'*a'.repeat(90)}b`, 'a'.repeat(250))).toBeNull();
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
