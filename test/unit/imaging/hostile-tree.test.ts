import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sentence } from '../../../src/contract/catalogue';
import { compareFolder } from '../../../src/project/folder/relink';
import { scanFolder, type ScanEntry } from '../../../src/project/folder/scan';
import { createImaging, type Imaging } from '../../../src/imaging/service';
import { missing, shared } from './shared';
import { workerUrl } from './worker-build';

const script = join(shared, 'data/hostile/make.sh');
const picture = join(shared, 'data/hostile/made/files/base.jpg');
const absent = missing('data/hostile') || process.platform === 'win32' || !existsSync(picture);
const isRoot = process.getuid?.() === 0;
/** All of it in far less; a reader that waits for the pipe or reads /dev/zero never ends. */
const SECONDS = 20;

/** The parts of make.sh that need no ImageMagick, as they stand there: odd names, and the tree with links, pipes and devices. */
function makeTree(out: string): void {
  for (const folder of ['files', 'names', 'tree']) mkdirSync(join(out, folder));
  copyFileSync(picture, join(out, 'files/base.jpg'));
  const text = readFileSync(script, 'utf8');
  const part = text.slice(text.indexOf('# ---- odd names'), text.indexOf('# ---- what a reader should do'));
  expect(part).toContain('mkfifo');
  execFileSync('bash', ['-euo', 'pipefail', '-c', part], { env: { ...process.env, out }, stdio: 'pipe', timeout: 60_000 });
}

describe.skipIf(absent)('the hostile tree', () => {
  const out = mkdtempSync(join(tmpdir(), 'collimate-hostile-'));
  let imaging: Imaging;
  const entries = new Map<string, ScanEntry>();
  let seconds = 0;

  const scan = async (folder: string) => {
    const found: ScanEntry[] = [];
    for await (const batch of scanFolder(folder)) {
      if (!batch.ok) throw new Error(sentence(batch.failure));
      found.push(...batch.value);
    }
    return found;
  };

  beforeAll(async () => {
    makeTree(out);
    imaging = createImaging({ workerUrl: await workerUrl(), threads: 2, seconds: SECONDS });
    const start = performance.now();
    for (const entry of await scan(out)) entries.set(entry.path, entry);
    seconds = (performance.now() - start) / 1000;
  });
  afterAll(async () => {
    await imaging.close();
    if (existsSync(join(out, 'tree/locked'))) chmodSync(join(out, 'tree/locked'), 0o700);
    rmSync(out, { recursive: true, force: true });
  });

  const verdict = (path: string) => {
    const entry = entries.get(path);
    return entry?.kind === 'skipped' ? entry.reason : entry?.kind;
  };

  test('is walked in bounded time, each file once', () => {
    expect(seconds).toBeLessThan(SECONDS);
    expect(entries.size).toBeLessThan(200);
  });

  test('links, pipes and devices are followed nowhere; what is a file is found, however deep', () => {
    const deep = `tree/deep/${Array.from({ length: 60 }, (_, i) => `level${String(i + 1)}`).join('/')}/deep.jpg`;
    const expected: Record<string, string> = {
      'tree/a/1.jpg': 'file',
      'tree/a/b/2.jpg': 'file',
      'tree/a/b/c/3.jpg': 'file',
      'tree/a/b/loop-up': 'symbolic-link',
      'tree/a/b/c/loop-a': 'symbolic-link',
      'tree/a/self': 'symbolic-link',
      'tree/selfloop.jpg': 'symbolic-link',
      'tree/x1': 'symbolic-link',
      'tree/x2': 'symbolic-link',
      'tree/link-to-file.jpg': 'symbolic-link',
      'tree/dangling.jpg': 'symbolic-link',
      'tree/outside.jpg': 'symbolic-link',
      'tree/endless.jpg': 'symbolic-link',
      'tree/root-link': 'symbolic-link',
      'tree/pipe.jpg': 'not-a-file',
      'tree/hard-link.jpg': 'file',
      'tree/folder.jpg/inside/4.jpg': 'file',
      'tree/unreadable.jpg': 'file',
      [deep]: 'file',
      ...(isRoot ? { 'tree/locked/5.jpg': 'file' } : { 'tree/locked/': 'folder-unreadable' }),
    };
    const tree = [...entries.keys()].filter((path) => path.startsWith('tree/'));
    expect(Object.fromEntries(tree.map((path) => [path, verdict(path)]))).toEqual(expected);
  });

  test('every odd name is found under that name, and the file behind it is the picture', async () => {
    const names = [...entries.values()].filter(({ path }) => path.startsWith('names/'));
    const unreadable = names.filter((entry) => entry.kind === 'skipped');
    expect(names.length).toBeGreaterThan(40);
    // One name is no UTF-8; where the system takes it, it is said, and nothing else is left out.
    expect(unreadable.map((entry) => (entry.kind === 'skipped' ? entry.reason : ''))).toEqual(unreadable.map(() => 'name-unreadable'));
    expect(unreadable.length).toBeLessThanOrEqual(1);
    for (const entry of names) {
      if (entry.kind === 'skipped') continue;
      const read = await imaging.read(
        { source: { file: join(out, entry.path), frame: null }, priority: 1 },
        { signal: new AbortController().signal },
      );
      expect({ path: entry.path, ...read }).toMatchObject({ ok: true, value: { facts: { width: 512, height: 400 } } });
    }
  });

  test.each([
    'tree/endless.jpg',
    'tree/pipe.jpg',
    'tree/selfloop.jpg',
    'tree/dangling.jpg',
    'tree/root-link',
    'tree/outside.jpg',
    'tree/folder.jpg',
  ])('asked for all the same, %s is refused with a sentence, at once', async (path) => {
    const start = performance.now();
    const read = await imaging.read(
      { source: { file: join(out, path), frame: null }, priority: 1 },
      { signal: new AbortController().signal },
    );
    expect(read.ok).toBe(false);
    expect(read.ok ? '' : sentence(read.failure)).toContain(join(out, path));
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('a folder that vanishes while it is walked ends nothing but itself', async () => {
    const vanishing = join(out, 'vanishing');
    for (let n = 0; n < 300; n++) mkdirSync(join(vanishing, String(n).padStart(3, '0')), { recursive: true });
    for (let n = 0; n < 300; n++) copyFileSync(picture, join(vanishing, String(n).padStart(3, '0'), 'a.jpg'));
    const found: ScanEntry[] = [];
    for await (const batch of scanFolder(vanishing)) {
      if (!batch.ok) throw new Error(sentence(batch.failure));
      if (found.length === 0) rmSync(vanishing, { recursive: true, force: true });
      found.push(...batch.value);
    }
    expect(found.length).toBe(300);
    expect(found.slice(0, 32).every(({ kind }) => kind === 'file')).toBe(true);
    expect(found.slice(36).every((entry) => entry.kind === 'skipped' && entry.reason === 'folder-unreadable')).toBe(true);
  });

  test('walked again it is the same tree, and a file that went is the one that is missing', async () => {
    const filesOf = (found: Iterable<ScanEntry>) => [...found].filter((entry) => entry.kind === 'file');
    const before = filesOf(entries.values()).map((file) => ({ ...file, sha256: null }));
    expect(compareFolder(before, filesOf(await scan(out)))).toMatchObject({ changed: [], missing: [], fresh: [] });
    unlinkSync(join(out, 'tree/a/b/2.jpg'));
    expect(compareFolder(before, filesOf(await scan(out))).missing.map(({ path }) => path)).toEqual(['tree/a/b/2.jpg']);
  });
});
