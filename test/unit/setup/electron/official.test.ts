import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runDownload } from '../../../../setup/electron/official.mjs';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'official-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A package folder whose download script is the given code; `out` is where it may write. */
function packageWith(code: string): string {
  writeFileSync(join(folder, 'install.js'), `const fs = require('fs'), os = require('os'), path = require('path');\n${code}`);
  return folder;
}

describe('runDownload', () => {
  test('is quiet about a download that worked', async () => {
    const code = `fs.mkdirSync(path.join(__dirname, 'dist')); fs.writeFileSync(path.join(__dirname, 'path.txt'), 'electron');`;
    expect(await runDownload(packageWith(code), 5000)).toBe('');
    expect(existsSync(join(folder, 'dist'))).toBe(true);
  });

  test('passes on the first line of what the script complained about', async () => {
    expect(await runDownload(packageWith(`console.error('TypeError: fetch failed\\n    at here'); process.exit(1);`), 5000)).toBe(
      'fetch failed',
    );
  });

  test('gives up on silence, and leaves neither half a runtime nor temporary files', async () => {
    mkdirSync(join(folder, 'dist'));
    const code = `fs.writeFileSync(path.join(__dirname, 'dist', 'half'), 'x'); fs.writeFileSync(path.join(__dirname, 'where'), os.tmpdir()); setInterval(() => {}, 1000);`;
    const start = Date.now();
    expect(await runDownload(packageWith(code), 1500)).toMatch(/^no answer for/);
    expect(Date.now() - start).toBeLessThan(6000);
    expect(readdirSync(folder).sort()).toEqual(['install.js', 'where']);
  });

  test('waits for one that is slow but arriving', async () => {
    const code = `let n = 0; const file = path.join(os.tmpdir(), 'part');
      const timer = setInterval(() => { fs.appendFileSync(file, 'more'); if (++n === 10) { clearInterval(timer); } }, 400);`;
    expect(await runDownload(packageWith(code), 2000)).toBe('');
  });
});
