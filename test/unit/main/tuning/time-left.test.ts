import { describe, expect, it } from 'vitest';
import { timeLeft } from '../../../../src/main/tuning/time-left';

describe('the time that fine-tuning takes', () => {
  it('is told from the pace since the first step, once that lasted long enough, and falls with what is left to do', () => {
    let now = 0;
    const left = timeLeft(() => now);
    expect(left(100, 1000)).toBeNull();
    now = 2_000;
    expect(left(120, 1000)).toBeNull();
    now = 10_000;
    expect(left(200, 1000)).toBe(80);
    // It learnt no more: the end comes sooner.
    expect(left(200, 400)).toBe(20);
    expect(left(400, 400)).toBe(0);
  });

  it('is not told from nothing', () => {
    let now = 0;
    const left = timeLeft(() => now);
    left(8, 1000);
    now = 60_000;
    expect(left(8, 1000)).toBeNull();
  });
});
