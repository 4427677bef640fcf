import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ok } from '../../../../src/contract/result';
import type { ProjectSession } from '../../../../src/main/projects/session';
import { copyInto, exportClassFolders, folderNames } from '../../../../src/main/exports/class-folders';

const progress = { signal: new AbortController().signal, onProgress: () => undefined, extract: () => Promise.resolve(ok()) };

describe('class folders', () => {
  let folder = '';
  const at = (...path: string[]) => join(folder, ...path);
  const jobs = (...names: string[]) =>
    names.map((name) => ({ source: { file: at('images', name), root: at('images'), frame: null }, folder: 'ill', name }));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'collimate-export-'));
    mkdirSync(at('images'));
    for (const name of ['a.png', 'b.png']) writeFileSync(at('images', name), name);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are copied whole, and replaced by the next export', async () => {
    expect(await copyInto(at('out'), jobs('a.png', 'b.png'), 'p', progress)).toMatchObject({ value: { copied: 2, missing: [] } });
    expect(await copyInto(at('out'), jobs('b.png'), 'p', progress)).toMatchObject({ value: { copied: 1 } });
    expect(readdirSync(at('out', 'ill'))).toEqual(['b.png']);
    expect(readdirSync(folder).sort()).toEqual(['images', 'out']);
    expect(readFileSync(at('images', 'a.png'), 'utf8')).toBe('a.png');
  });

  it('are refused where an image may have several findings, as the dialog says', async () => {
    const session = { project: { task: 'multilabel' } } as unknown as ProjectSession;
    expect(await exportClassFolders(session, at('out'), progress)).toMatchObject({ failure: { code: 'wrong-use' } });
    expect(readdirSync(folder)).toEqual(['images']);
  });

  it('never replace a folder or file that was not made here', async () => {
    expect(await copyInto(at('images'), jobs('a.png'), 'p', progress)).toMatchObject({ failure: { code: 'output-foreign' } });
    writeFileSync(at('file'), 'precious');
    expect(await copyInto(at('file'), jobs('a.png'), 'p', progress)).toMatchObject({ failure: { code: 'output-foreign' } });
    mkdirSync(at('other'));
    writeFileSync(at('other', 'collimate-classes.json'), '{"format":"something else"}');
    expect(await copyInto(at('other'), jobs('a.png'), 'p', progress)).toMatchObject({ failure: { code: 'output-foreign' } });
    expect(readdirSync(at('images')).sort()).toEqual(['a.png', 'b.png']);
    expect(readFileSync(at('file'), 'utf8')).toBe('precious');
    expect(readdirSync(folder).sort()).toEqual(['file', 'images', 'other']);
  });

  it('leave out what is no longer there, and say so', async () => {
    rmSync(at('images', 'a.png'));
    const done = await copyInto(at('out'), jobs('a.png', 'b.png'), 'p', progress);
    expect(done).toMatchObject({ value: { copied: 1, missing: [at('images', 'a.png')] } });
  });

  it.skipIf(process.platform === 'win32')('leave out what has become a pipe, a device or a link out of its folder', async () => {
    const others = ['pipe.png', 'zero.png', 'link.png', 'sub/a.png'];
    execFileSync('mkfifo', [at('images', 'pipe.png')]);
    symlinkSync('/dev/zero', at('images', 'zero.png'));
    mkdirSync(at('secret'));
    writeFileSync(at('secret', 'a.png'), 'secret');
    symlinkSync(at('secret', 'a.png'), at('images', 'link.png'));
    symlinkSync(at('secret'), at('images', 'sub'));
    const done = await copyInto(at('out'), jobs('a.png', ...others), 'p', progress);
    expect(done).toMatchObject({ value: { copied: 1, missing: others.map((name) => at('images', name)) } });
    expect(readdirSync(at('out', 'ill'))).toEqual(['a.png']);
  });

  it('stopped half-way leave nothing', async () => {
    const stop = new AbortController();
    const done = await copyInto(at('out'), jobs('a.png', 'b.png'), 'p', {
      ...progress,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    expect(done).toMatchObject({ failure: { code: 'stopped' } });
    expect(existsSync(at('out'))).toBe(false);
    expect(readdirSync(folder)).toEqual(['images']);
  });

  it('have names that every system takes, no two the same', () => {
    expect(folderNames(['A/B', 'A:B', 'a_b', 'CON', '..', ''])).toEqual(['A_B', 'A_B 2', 'a_b 3', 'CON_', '_', '_ 2']);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 20 }), (names) => {
        const folders = folderNames(names);
        expect(new Set(folders.map((name) => name.toLowerCase())).size).toBe(names.length);
        for (const name of folders) expect(name).toMatch(/^[^<>:"/\\|?*\p{Cc}]*[^<>:"/\\|?*\p{Cc}. ]$/u);
      }),
    );
  });
});
