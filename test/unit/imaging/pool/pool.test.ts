import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Pool } from '../../../../src/imaging/pool/pool';

const workerUrl = pathToFileURL(join(import.meta.dirname, 'misbehaving-worker.mjs'));
const pools: Pool[] = [];
function pool(threads: number, seconds = 10): Pool {
  const made = new Pool({ workerUrl, threads, seconds });
  pools.push(made);
  return made;
}
const job = (file: string) => ({ kind: 'frames', source: { file, frame: null } }) as const;

afterEach(async () => {
  for (const made of pools.splice(0)) await made.close();
});

describe('a file that takes its decoder with it', () => {
  test.each([
    ['hangs', 'image-timeout'],
    ['throws', 'decoder-crashed'],
    ['exits', 'decoder-crashed'],
  ])('%s: %s, and the others go on', async (file, code) => {
    const it = pool(1, 1);
    const [bad, ...good] = await Promise.all([it.run(job(file), 1), ...['a', 'b', 'c'].map((name) => it.run(job(name), 1))]);
    expect(bad).toMatchObject({ ok: false, failure: { code, params: { file } } });
    expect(good.map(({ ok }) => ok)).toEqual([true, true, true]);
  });
});

test.skipIf(process.platform === 'win32')(
  'threads that a dead drive holds are not replaced without end: jobs are refused at once, until it answers',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'collimate-pool-'));
    const pipes = ['1', '2'].map((name) => join(folder, `${name}.pipe`));
    execFileSync('mkfifo', pipes);
    const it = pool(2, 0.2);
    const answers = await Promise.all(pipes.map((pipe) => it.run(job(pipe), 1)));
    expect(answers.map((answer) => (answer.ok ? 'ok' : answer.failure.code))).toEqual(['image-timeout', 'image-timeout']);
    await setTimeout(2500);
    // At once: a job that waited for a thread would wait for ever, and one that had got a thread would be done.
    expect(await it.run(job('good'), 1)).toMatchObject({
      ok: false,
      failure: { code: 'file-unreadable', params: { file: 'good', reason: 'the drive does not answer' } },
    });
    for (const pipe of pipes) closeSync(openSync(pipe, 'r+'));
    // Threads begin anew, on a crowded machine in more than the time that a job has here.
    await vi.waitFor(async () => expect(await it.run(job('good'), 1)).toMatchObject({ ok: true }), { timeout: 15_000, interval: 50 });
    rmSync(folder, { recursive: true });
  },
);

test('the viewer goes before thumbnails, and these before embedding; each in the order it came', async () => {
  const it = pool(1);
  const done: string[] = [];
  const run = (file: string, priority: number) => it.run(job(file), priority).then(() => done.push(file));
  await Promise.all([run('slow', 2), run('embedding 1', 2), run('embedding 2', 2), run('thumbnail', 1), run('viewer', 0)]);
  expect(done).toEqual(['slow', 'viewer', 'thumbnail', 'embedding 1', 'embedding 2']);
});

test('an aborted job answers stopped at once and is not done if it was still waiting', async () => {
  const it = pool(1);
  const controller = new AbortController();
  const slow = it.run(job('slow'), 1);
  const dropped = it.run(job('dropped'), 1, controller.signal);
  const after = it.run(job('after'), 1);
  controller.abort();
  expect(await dropped).toMatchObject({ ok: false, failure: { code: 'stopped' } });
  expect(await slow).toEqual({ ok: true, value: 1 });
  // The worker counts what it was given: "dropped" never came.
  expect(await after).toEqual({ ok: true, value: 2 });
  expect(await it.run(job('late'), 1, controller.signal)).toMatchObject({ ok: false, failure: { code: 'stopped' } });
});

test('a thread whose memory has grown is replaced', async () => {
  const it = pool(1);
  expect(await it.run(job('spent'), 1)).toEqual({ ok: true, value: 1 });
  expect(await it.run(job('fresh'), 1)).toEqual({ ok: true, value: 1 });
});

test('closing answers stopped to everything', async () => {
  const it = pool(1);
  const running = it.run(job('slow'), 1);
  const waiting = it.run(job('a'), 1);
  await it.close();
  for (const result of [await running, await waiting, await it.run(job('b'), 1)]) {
    expect(result).toMatchObject({ ok: false, failure: { code: 'stopped' } });
  }
});
