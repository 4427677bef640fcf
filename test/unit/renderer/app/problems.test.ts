import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../src/contract/errors';
import { Problems } from '../../../../src/renderer/app/problems';
import { failing } from '../fake-bridge';

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
  });
});
