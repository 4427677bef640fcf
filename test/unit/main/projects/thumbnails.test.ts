import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seal } from '../../../../src/files/sealed';
import { readThumbnail, trimThumbnails } from '../../../../src/main/projects/thumbnails';
import { writeThumbnail } from '../../../../src/imaging/thumbnails/thumbnail';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const HOUR = 3600_000;
/** What a seal adds to a file. */
const SEAL = 8;

describe('the thumbnail cache', () => {
  let profile = '';
  const at = (name: string) => join(profile, 'thumbnails', name);
  /** `age` in hours since its last use. */
  const put = (name: string, bytes: number, age: number) => {
    mkdirSync(join(at(name), '..'), { recursive: true });
    writeFileSync(at(name), bytes < SEAL ? Buffer.alloc(bytes) : seal(Buffer.alloc(bytes - SEAL)));
    utimesSync(at(name), new Date(NOW - age * HOUR), new Date(NOW - age * HOUR));
  };

  beforeEach(() => {
    profile = mkdtempSync(join(tmpdir(), 'collimate-thumbnails-'));
  });
  afterEach(() => rmSync(profile, { recursive: true, force: true }));

  it('keeps what fits, and nothing at all is needed for that', async () => {
    expect(await trimThumbnails(profile, 1000, NOW)).toEqual({ kept: 0, removed: 0 });
    put('p/a.webp', 400, 9);
    put('q/b.webp', 600, 90);
    expect(await trimThumbnails(profile, 1000, NOW)).toEqual({ kept: 1000, removed: 0 });
  });

  it('lets go what was not looked at for longest, whichever project it is of', async () => {
    put('p/old.webp', 300, 50);
    put('q/older.webp', 300, 60);
    put('p/new.webp', 300, 5);
    put('q/newer.webp', 300, 4);
    expect((await readThumbnail(at('q/older.webp'), NOW))?.length).toBe(300 - SEAL);
    expect(await trimThumbnails(profile, 1000, NOW)).toEqual({ kept: 900, removed: 1 });
    expect(existsSync(at('p/old.webp'))).toBe(false);
    expect(readdirSync(at('q')).sort()).toEqual(['newer.webp', 'older.webp']);
  });

  it('a look is noted at most once an hour', async () => {
    put('p/a.webp', 9, 0.5);
    const before = statSync(at('p/a.webp')).mtimeMs;
    await readThumbnail(at('p/a.webp'), NOW);
    expect(statSync(at('p/a.webp')).mtimeMs).toBe(before);
    expect(await readThumbnail(at('p/none.webp'), NOW)).toBeNull();
  });

  it('a picture with a flipped byte anywhere counts as none, so that it is made again; one of version 0.1 has no seal', async () => {
    const picture = { width: 24, height: 16, channels: 1, data: Uint8Array.from({ length: 24 * 16 }, (_, i) => (i * 37) % 256) } as const;
    const file = at('p/a.webp');
    await writeThumbnail(picture, file, 24);
    const written = readFileSync(file);
    const shown = await readThumbnail(file);
    expect(shown?.length).toBe(written.length - SEAL);
    for (let byte = 0; byte < written.length; byte++) {
      const damaged = Buffer.from(written);
      damaged[byte] = (damaged[byte] ?? 0) ^ 0x20;
      writeFileSync(file, damaged);
      expect(await readThumbnail(file)).toBeNull();
    }
    await writeThumbnail(picture, file, 24);
    expect(await readThumbnail(file)).toEqual(shown);
    writeFileSync(file, written.subarray(0, written.length - SEAL));
    expect(await readThumbnail(file)).toEqual(shown);
  });

  it('takes half-written files of a crash along, and not those that are being written', async () => {
    put('p/a.webp.12.tmp', 10, 5);
    put('p/b.webp.34.tmp', 10, 0);
    expect(await trimThumbnails(profile, 1000, NOW)).toEqual({ kept: 0, removed: 1 });
    expect(readdirSync(at('p'))).toEqual(['b.webp.34.tmp']);
  });

  it('two projects that trim and look at the same time lose nothing but pictures that can be made again', async () => {
    for (let n = 0; n < 60; n++) put(`${n % 2 === 0 ? 'p' : 'q'}/${String(n)}.webp`, 100, 100 - n);
    const looks = Array.from({ length: 60 }, (_, n) => readThumbnail(at(`${n % 2 === 0 ? 'p' : 'q'}/${String(n)}.webp`), NOW));
    const trimmed = await Promise.all([trimThumbnails(profile, 3000, NOW), trimThumbnails(profile, 3000, NOW)]);
    for (const { kept } of trimmed) expect(kept).toBeLessThanOrEqual(3000);
    for (const bytes of await Promise.all(looks)) expect(bytes === null || bytes.length === 100 - SEAL).toBe(true);
  });

  it('whatever lies there, the rest fits and nothing that stays was used before something that went', async () => {
    const files = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 200 }), age: fc.integer({ min: 1, max: 500 }) }), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 1, max: 1500 }), async (all, limit) => {
        rmSync(at('.'), { recursive: true, force: true });
        all.forEach(({ bytes, age }, n) => put(`p${String(n % 3)}/${String(n)}.webp`, bytes, age));
        await trimThumbnails(profile, limit, NOW);
        const stays = all.filter((_, n) => existsSync(at(`p${String(n % 3)}/${String(n)}.webp`)));
        const went = all.filter((each) => !stays.includes(each));
        expect(stays.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(limit);
        expect(Math.max(...stays.map(({ age }) => age), 0)).toBeLessThanOrEqual(Math.min(...went.map(({ age }) => age), Infinity));
      }),
      { numRuns: 40 },
    );
  });
});
