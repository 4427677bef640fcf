import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../src/contract/errors';
import { Problems } from '../../../../src/renderer/app/problems';
import { failing } from '../made-up/project';

describe('problems', () => {
  it.each(ErrorCode.options.filter((code) => code !== 'stopped'))('%s becomes a sentence with what to do next', (code) => {
    const problems = new Problems();
    problems.failure(failing(code, { file: 'a.png', folder: '/data', reason: 'it is broken' }));
    const [shown] = problems.shown.get();
    expect(shown?.what).toMatch(/^\S.+ .+\.$/);
    expect(shown?.details).toContain(code);
    expect(shown?.details).toContain('detail of the failure');
  });
  it('what the person stopped is not reported', () => {
    const problems = new Problems();
    problems.failure(failing('stopped'));
    expect(problems.shown.get()).toEqual([]);
  });
  it('the same sentence is shown once', () => {
    const problems = new Problems();
    problems.failure(failing('disk-full', { folder: '/data' }));
    problems.failure(failing('disk-full', { folder: '/data' }));
    expect(problems.shown.get()).toHaveLength(1);
    expect(problems.shown.get()[0]?.times).toBe(2);
  });
  it('at most three pass by, and what stands is not pushed away', () => {
    const problems = new Problems();
    let dismissed = 0;
    const stand = (title: string) =>
      problems.stand('unsaved', failing('disk-full', { folder: '/data' }), { title, next: 'Again.', actions: [] }, () => (dismissed += 1));
    stand('One.');
    for (const text of ['a', 'b', 'c', 'd']) problems.note(text);
    stand('Two.');
    expect(problems.shown.get().map(({ what }) => what)).toEqual(['Two. The disk that holds /data is full.', 'b', 'c', 'd']);
    problems.dismiss(problems.shown.get()[0]?.id ?? 0);
    expect(dismissed).toBe(1);
    stand('Three.');
    problems.withdraw('unsaved');
    expect(problems.shown.get()).toHaveLength(3);
    expect(dismissed).toBe(1);
  });
});
