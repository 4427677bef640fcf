import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readThumbnail, trimThumbnails } from '../../../src/project/thumbnails';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const HOUR = 3600_000;

describe('the thumbnail cache', () => {
  let profile = '';
  const at = (name: string) => join(profile, 'thumbnails', name);
  /** `age` in hours since its last use. */
  const put = (name: string, bytes: number, age: number) => {
    mkdirSync(join(at(name), '..'), { recursive: true });
    writeFileSync(at(name), Buffer.alloc(bytes));
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
    expect((await readThumbnail(at('q/older.webp'), NOW))?.length).toBe(300);
    expect(await trimThumbnails(profile, 1000, NOW)).toEqual({ kept: 900, removed: 1 });
    expect(existsSync(at('p/old.webp'))).toBe(false);
    expect(readdirSync(at('q')).sort()).toEqual(['newer.webp', 'older.webp']);
  });

  it('a look is noted at most once an hour', async () => {
    put('p/a.webp', 1, 0.5);
    const before = statSync(at('p/a.webp')).mtimeMs;
    await readThumbnail(at('p/a.webp'), NOW);
    expect(statSync(at('p/a.webp')).mtimeMs).toBe(before);
    expect(await readThumbnail(at('p/none.webp'), NOW)).toBeNull();
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
    for (const bytes of await Promise.all(looks)) expect(bytes === null || bytes.length === 100).toBe(true);
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
