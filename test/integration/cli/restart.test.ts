import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxDifference, readNpyFile } from '../../unit/encoder/arrays';
import { contents, kermany, rowsOf, shared, start, succeed, temporaryFolder } from './command';

const checkpoint = join(shared, 'fixtures/eva-x/micro-split.pt');
const headed = join(shared, 'fixtures/eva-x/micro-split.finetuned14.pt');
const hasData = existsSync(checkpoint) && existsSync(kermany) && process.platform === 'linux';
if (!hasData) console.warn('skipped: ../shared is missing, or this is not Linux');
/** Enough for four ends on the way. */
const COUNT = 500;
const { path: work, remove } = temporaryFolder();
afterAll(remove);

const childOf = (pid: number) => Number(readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ')[0]);

/** Rows that the cache holds: 44 bytes each behind a header of 64. */
function rowsIn(cache: string): number {
  if (!existsSync(join(cache, 'embeddings'))) return 0;
  const files = readdirSync(join(cache, 'embeddings'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.names'));
  return files.reduce((rows, file) => rows + Math.max(0, statSync(join(cache, 'embeddings', file)).size - 64) / 44, 0);
}

describe.skipIf(!hasData)('the process of the encoder', () => {
  // A trap of the machine code (V8 without memory, a driver's assertion) ends a process as SIGTRAP and SIGILL do.
  const args = (out: string) => ['images', '--encoder', 'encoder', '--out', `${out}.npy`, '--index', `${out}.csv`, '--threads', '1'];
  const undisturbed = join(work, 'undisturbed');
  beforeAll(async () => {
    mkdirSync(join(work, 'images'));
    for (const name of readdirSync(kermany).sort().slice(0, COUNT)) copyFileSync(join(kermany, name), join(work, 'images', name));
    await succeed(work, 'convert', checkpoint, '--out', 'encoder');
    await succeed(work, 'embed', ...args('undisturbed'));
  }, 120_000);

  const signals: { signals: NodeJS.Signals[] }[] = [
    { signals: ['SIGKILL'] },
    { signals: ['SIGTRAP', 'SIGILL'] },
    { signals: ['SIGKILL', 'SIGABRT', 'SIGSEGV', 'SIGTRAP'] },
  ];
  test.each(signals)(
    'ended by $signals, it goes on where it was with smaller batches',
    async ({ signals }) => {
      const cache = join(work, signals.join('-'));
      const out = `after-${signals.join('-')}`;
      const { child, ended } = start(work, ['embed', ...args(out), '--cache', cache, '--json']);
      let before = 0;
      for (const signal of signals) {
        while (child.exitCode === null && rowsIn(cache) <= before) await sleep(10);
        expect(child.exitCode).toBe(null);
        before = rowsIn(cache);
        process.kill(childOf(child.pid ?? 0), signal);
      }
      const { code, json, stderr } = await ended;
      expect([code, stderr]).toEqual([0, expect.stringContaining('goes on with')]);
      const batch = 8 / 2 ** signals.length >= 1 ? 8 / 2 ** signals.length : 1;
      expect(json).toMatchObject({ batch });
      const [found, expected] = [out, 'undisturbed'].map((name) => readNpyFile(join(work, `${name}.npy`)));
      expect(found?.shape).toEqual(expected?.shape);
      expect(maxDifference(found?.data ?? new Float32Array(), expected?.data ?? new Float32Array())).toBeLessThanOrEqual(1e-5);
      const card = JSON.parse(await readFile(join(work, `${out}.json`), 'utf8')) as {
        count: number;
        made: { rows: number; batch: number }[];
      };
      expect(card.made[0]).toMatchObject({ batch: 8, provider: 'cpu' });
      expect(card.made.at(-1)?.batch).toBe(batch);
      expect(card.made.reduce((sum, { rows }) => sum + rows, 0)).toBe(card.count);
      expect(await readFile(`${join(work, out)}.csv`, 'utf8')).toBe(await readFile(`${undisturbed}.csv`, 'utf8'));
    },
    120_000,
  );

  test('ended in the middle of a prediction, it goes on with the rest', async () => {
    await succeed(work, 'convert', headed, '--out', 'headed');
    await succeed(work, 'export', '--encoder', 'headed', '--head', 'headed', '--out', 'model');
    const args = (out: string) => ['predict', 'model', 'images', '--threads', '1', '--out', out];
    const { findings } = (await succeed(work, ...args('undisturbed-predictions.csv'))) as { findings: string[] };
    const { child, ended } = start(work, [...args('predictions.csv'), '--json']);
    let told = '';
    child.stderr?.on('data', (text: string) => (told += text));
    while (child.exitCode === null && !told.includes('Predicting: ')) await sleep(5);
    const done = Number(/Predicting: (\d+)/.exec(told)?.[1]);
    expect([child.exitCode, done > 0 && done < COUNT]).toEqual([null, true]);
    process.kill(childOf(child.pid ?? 0), 'SIGKILL');
    const { code, json, stderr } = await ended;
    expect([code, stderr]).toEqual([0, expect.stringContaining('goes on with 4 images at a time')]);
    expect(json).toMatchObject({ count: COUNT });
    const [found, expected] = await Promise.all(['predictions.csv', 'undisturbed-predictions.csv'].map((name) => rowsOf(join(work, name))));
    expect(found?.map(({ path }) => path)).toEqual(expected?.map(({ path }) => path));
    for (const [at, row] of (found ?? []).entries())
      for (const finding of findings) expect(Math.abs(Number(row[finding]) - Number(expected?.[at]?.[finding]))).toBeLessThanOrEqual(1e-5);
  }, 120_000);

  test('ended while int8 is calibrated, it begins again, makes the same encoder and leaves nothing behind', async () => {
    const args = (out: string) => ['convert', checkpoint, '--precision', 'int8', '--calibrate', 'images', '--threads', '1', '--out', out];
    await succeed(work, ...args('int8'));
    const temporary = join(work, 'temporary');
    mkdirSync(temporary);
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = temporary;
    const { child, ended } = start(work, [...args('int8-again'), '--json']);
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    // The model that is tried on the images lies there while it runs.
    const atWork = () => readdirSync(temporary, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('model.onnx'));
    while (child.exitCode === null && !atWork()) await sleep(5);
    process.kill(childOf(child.pid ?? 0), 'SIGTRAP');
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([0, expect.stringContaining('Its process ended unexpectedly once')]);
    expect(await contents(join(work, 'int8-again'))).toEqual(await contents(join(work, 'int8')));
    for (const name of await contents(join(work, 'int8')))
      expect(await readFile(join(work, 'int8-again', name))).toEqual(await readFile(join(work, 'int8', name)));
    expect(readdirSync(temporary)).toEqual([]);
  }, 120_000);

  test('that ends whatever is tried is given up with a sentence', async () => {
    const { child, ended } = start(work, ['embed', ...args('no'), '--json']);
    const over = ended.then(() => true);
    while (!(await Promise.race([over, sleep(5, false)]))) {
      const pid = child.exitCode === null ? childOf(child.pid ?? 0) : 0;
      if (pid > 0) process.kill(pid, 'SIGKILL');
    }
    const { code, json, stderr } = await ended;
    expect([code, json]).toEqual([1, expect.objectContaining({ code: 'encoder-keeps-ending' })]);
    expect(stderr).toContain('at last with one image at a time');
    expect(existsSync(join(work, 'no.npy'))).toBe(false);
  }, 60_000);
});
