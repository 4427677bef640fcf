import { expect, test } from 'vitest';
import { endingOfExit, endingOfReason, endingWords, wantsMemory } from '../../../src/supervise/ending';

test('what Chromium and Node say of an end is told apart', () => {
  const reasons = ['oom', 'killed', 'crashed', 'launch-failed', 'abnormal-exit', 'clean-exit'].map((reason) => endingOfReason(reason, 9));
  expect(reasons.map(({ kind }) => kind)).toEqual(['memory', 'killed', 'crashed', 'not-started', 'exited', 'exited']);
  expect(new Set(reasons.map(endingWords)).size).toBe(6);
  const exits = [endingOfExit(null, 'SIGKILL'), endingOfExit(null, 'SIGABRT'), endingOfExit(1, null)];
  expect(exits.map(({ kind }) => kind)).toEqual(['killed', 'crashed', 'exited']);
  // What ends by itself wants no smaller batch.
  expect([...reasons, ...exits].map(wantsMemory)).toEqual([true, true, true, false, false, false, true, true, false]);
});
