import { expect, test } from 'vitest';
import { duration, progress } from '../../../src/cli/progress';

function watch(isTTY: boolean) {
  let time = 0;
  const written: string[] = [];
  const bar = progress('Embedding', { isTTY, write: (text) => written.push(text) }, () => time);
  return { bar, written, pass: (milliseconds: number) => (time += milliseconds) };
}

test('a terminal gets one line that is written again, with rate and time left', () => {
  const { bar, written, pass } = watch(true);
  for (let done = 0; done <= 100; done++) {
    bar.at(done, 200);
    pass(100);
  }
  bar.end();
  expect(written[0]).toBe('\r\x1b[KEmbedding: 0 of 200');
  expect(written.at(-2)).toBe('\r\x1b[KEmbedding: 100 of 200, 10/s, 10 s left');
  expect(written.at(-1)).toBe('\r\x1b[KEmbedding: 100 of 200 in 10 s\n');
});

test('elsewhere lines are sparse, and quick work leaves only the last one', () => {
  const long = watch(false);
  for (let done = 1; done <= 600; done++) {
    long.bar.at(done, 600);
    long.pass(100);
  }
  long.bar.end();
  expect(long.written.length).toBeGreaterThan(4);
  expect(long.written.length).toBeLessThan(9);
  for (const line of long.written) expect(line).toMatch(/^Embedding: .*\n$/);
  const quick = watch(false);
  quick.bar.at(1, 1);
  quick.bar.end();
  expect(quick.written).toEqual(['Embedding: 1 of 1 in 0.0 s\n']);
});

test('work that never began says nothing', () => {
  const { bar, written } = watch(true);
  bar.end();
  expect(written).toEqual([]);
});

test.each([
  [3.21, '3.2 s'],
  [42, '42 s'],
  [600, '10 min'],
  [9000, '2.5 h'],
])('%f seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));
