import { expect, test } from 'vitest';
import { sentence } from '../../../src/contract/catalogue';
import { Restarts } from '../../../src/supervise/restarts';

test('every end halves the batch; single images that bring the process down twice end it', () => {
  const restarts = new Restarts();
  expect([restarts.batch, restarts.sentence]).toEqual([8, '']);
  const batches: number[] = [];
  while (restarts.ended(false)) batches.push(restarts.batch);
  expect(batches).toEqual([4, 2, 1, 1]);
  expect(sentence(restarts.givenUp())).toContain('ended unexpectedly 5 times, at last with one image at a time');
});

test('as long as something is embedded in between it goes on, and says how', () => {
  const restarts = new Restarts();
  restarts.ended(true);
  expect(restarts.sentence).toBe('Its process ended unexpectedly once and goes on with 4 images at a time.');
  for (let i = 0; i < 100; i++) expect(restarts.ended(i % 2 === 0)).toBe(true);
  expect(restarts.sentence).toBe('Its process ended unexpectedly 101 times and goes on with one image at a time.');
});

test('a process that ends by itself keeps its batch and is given up soon; how it ended is said', () => {
  const restarts = new Restarts();
  const exited = { kind: 'exited', detail: 'code 1' } as const;
  expect(restarts.ended(false, exited)).toBe(true);
  expect(restarts.batch).toBe(8);
  expect(restarts.sentence).toBe('Its process ended unexpectedly once and goes on with 8 images at a time. It ended by itself (code 1).');
  expect(restarts.ended(false, exited)).toBe(false);
  expect(sentence(restarts.givenUp())).toContain('2 times, at last with 8 images at a time. It ended by itself (code 1).');
});
