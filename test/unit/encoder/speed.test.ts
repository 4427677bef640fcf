import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { measureSpeed } from '../../../src/encoder/speed';

const profile = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(profile, { recursive: true }));

test('the speed of the built-in encoder, and the wish to stop in the middle', async () => {
  const told: number[] = [];
  const measured = unwrap(
    await measureSpeed({ profile, folder: 'builtin', signal: new AbortController().signal, onProgress: (done) => told.push(done) }),
  );
  expect(measured.provider).toBe('cpu');
  expect(measured.imagesPerSecond).toBeGreaterThan(1);
  expect(told.length).toBeGreaterThan(1);
  expect([...told].sort((a, b) => a - b)).toEqual(told);

  const stop = new AbortController();
  const stopped = await measureSpeed({ profile, folder: 'builtin', signal: stop.signal, onProgress: () => stop.abort() });
  expect(stopped).toMatchObject({ ok: false, failure: { code: 'stopped' } });
  const missing = await measureSpeed({ profile, folder: join(profile, 'none'), signal: stop.signal, onProgress: () => undefined });
  expect(missing).toMatchObject({ ok: false, failure: { code: 'encoder-missing' } });
}, 60_000);
