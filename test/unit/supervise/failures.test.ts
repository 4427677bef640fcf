import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fail } from '../../../src/contract/result';
import { Attempts } from '../../../src/supervise/attempts';
import { Failures } from '../../../src/supervise/failures';

const full = fail('disk-full', { folder: '/profile' }).failure;
const gone = fail('process-gone', { process: 'trainer', how: 'crashed' }).failure;

describe('work that fails', () => {
  let notes: string[] = [];
  let failures: Failures;
  beforeEach(() => {
    vi.useFakeTimers();
    notes = [];
    failures = new Failures(
      (text) => notes.push(text),
      () => undefined,
    );
  });
  afterEach(() => vi.useRealTimers());

  it('for ever is tried 15 times in an hour, is shown with the time of the next attempt, and takes one line of the log', () => {
    let tries = 0;
    const attempts: Attempts = new Attempts(failures, 'embed', () => {
      tries++;
      attempts.failed(full);
    });
    attempts.failed(full);
    vi.advanceTimersByTime(3600_000);
    expect(tries).toBe(15);
    expect(notes).toHaveLength(1);
    const [shown] = failures.shown();
    expect(shown).toMatchObject({ work: 'embed', failure: full, times: 16 });
    expect(Date.parse(shown?.again ?? '')).toBeGreaterThan(Date.now());
  });

  it('and then works is withdrawn, said in the log, and begins with short pauses the next time', () => {
    let tries = 0;
    const attempts = new Attempts(failures, 'round', () => tries++);
    for (let n = 0; n < 8; n++) attempts.failed(full);
    attempts.worked();
    expect([failures.shown(), notes.length]).toEqual([[], 2]);
    attempts.failed(full);
    vi.advanceTimersByTime(500);
    expect(tries).toBe(1);
  });

  it('is tried at once when the person asks for it', () => {
    let tries = 0;
    const attempts = new Attempts(failures, 'round', () => tries++);
    for (let n = 0; n < 12; n++) attempts.failed(full);
    attempts.retry();
    expect(tries).toBe(1);
    attempts.retry();
    vi.advanceTimersByTime(3600_000);
    expect(tries).toBe(1);
  });

  it('once because a process ended is not shown: the next attempt makes it good; what the person had asked for is', () => {
    const attempts = new Attempts(failures, 'round', () => undefined);
    attempts.failed(gone);
    attempts.failed(gone);
    expect(failures.shown()).toEqual([]);
    attempts.failed(gone);
    expect(failures.shown()).toHaveLength(1);
    failures.failed('export', gone, null);
    expect(failures.shown().map(({ work }) => work)).toEqual(['round', 'export']);
    failures.dismiss('export');
    expect(failures.shown()).toHaveLength(1);
  });

  it('because it was stopped has not failed', () => {
    failures.failed('tune', fail('stopped').failure, null);
    expect([failures.shown(), notes]).toEqual([[], []]);
  });
});
