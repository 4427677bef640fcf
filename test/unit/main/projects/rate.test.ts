import { describe, expect, it } from 'vitest';
import { Rate } from '../../../../src/main/projects/rate';

describe('rate', () => {
  it('says nothing before there is something to say, then items a second and the time left', () => {
    let now = 0;
    const rate = new Rate(() => now);
    expect(rate.perSecond()).toBeNull();
    now = 500;
    rate.add(2);
    expect(rate.perSecond()).toBeNull();
    for (let i = 0; i < 10; i++) {
      now += 500;
      rate.add(5);
    }
    expect(rate.perSecond()).toBeCloseTo(52 / 5.5, 5);
    expect(rate.secondsFor(100)).toBeCloseTo(100 / (52 / 5.5), 5);
  });

  it('forgets what lies more than some seconds back', () => {
    let now = 0;
    const rate = new Rate(() => now);
    for (let i = 0; i < 60; i++) {
      now += 500;
      rate.add(i < 30 ? 50 : 5);
    }
    expect(rate.perSecond()).toBeCloseTo(10, 0);
  });
});
