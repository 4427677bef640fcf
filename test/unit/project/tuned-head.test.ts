import fc from 'fast-check';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { readTunedHead, writeTunedHead } from '../../../src/project/tuned-head';
import { tunedHead } from './tuned';

describe('the fine-tuned head in the folder of a project', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const file = join(folder, 'tuned-head');
  const of = { findings: [ulid()], seq: 40 };
  let notes: string[] = [];
  const read = (asked = of) => readTunedHead(folder, asked, (text) => notes.push(text));
  const made = (logit: (row: number) => number) => tunedHead(['a', 'b', 'c', 'd'], 6, logit);
  beforeEach(() => (notes = []));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('there is none at first, and nothing is said of it', async () => {
    expect(await read()).toBeNull();
    expect(notes).toEqual([]);
  });

  it('comes back as it was, and a new one takes its place', async () => {
    for (const by of [1, -3]) {
      const head = await made((row) => by * row);
      unwrap(await writeTunedHead(folder, head, of));
      expect(await read()).toEqual(head);
      expect(await read({ ...of, seq: 41 })).toEqual(head);
    }
    expect(readdirSync(folder)).toEqual(['tuned-head']);
    expect(notes).toEqual([]);
  });

  it('is not used where the findings are others, or the journal knows less than it does', async () => {
    unwrap(await writeTunedHead(folder, await made((row) => row), of));
    expect(await read({ ...of, findings: [ulid()] })).toBeNull();
    expect(await read({ ...of, seq: 39 })).toBeNull();
    expect(notes).toEqual([expect.stringContaining('other findings'), expect.stringContaining('journal')]);
  });

  it('damaged anywhere or cut short it is not used, and says so', async () => {
    unwrap(await writeTunedHead(folder, await made((row) => row), of));
    const whole = readFileSync(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, change, isCut) => {
        const bytes = isCut ? whole.subarray(0, at) : Buffer.from(whole);
        if (!isCut) bytes[at] = (bytes[at] ?? 0) ^ change;
        writeFileSync(file, bytes);
        notes = [];
        expect(await read()).toBeNull();
        expect(notes).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  it('a folder, a link to itself or a file of absurd size in its place is not used, and a new one takes the place of the last two', async () => {
    const put = [
      () => mkdirSync(file),
      () => symlinkSync(file, file),
      () => {
        writeFileSync(file, '');
        truncateSync(file, 2 ** 30);
      },
    ];
    for (const make of put) {
      rmSync(file, { recursive: true, force: true });
      make();
      notes = [];
      expect(await read()).toBeNull();
      expect(notes).toHaveLength(1);
    }
    for (const make of put.slice(1)) {
      rmSync(file, { force: true });
      make();
      unwrap(await writeTunedHead(folder, await made((row) => row), of));
      expect(await read()).not.toBeNull();
    }
  });

  it('says what the disk said where it cannot be written', async () => {
    const nowhere = join(folder, 'gone');
    expect(await writeTunedHead(nowhere, await made((row) => row), of)).toMatchObject({ ok: false, failure: { code: 'write-failed' } });
  });
});
