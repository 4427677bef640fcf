import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';

const ROUNDS = 6;
const has = (program: string) => {
  try {
    execFileSync('which', [program]);
    return true;
  } catch {
    return false;
  }
};

describe('what was said to be saved', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const profile = join(folder, 'profile');
  const journalFile = () => {
    const [project] = readdirSync(join(profile, 'projects'));
    return join(profile, 'projects', project ?? '', 'journal.jsonl');
  };

  let person: Person | null = null;
  const start = async () => (person = await Person.start({ profile }));
  // A test that fails must not leave its app behind: there is one app a profile.
  afterEach(async () => {
    await person?.kill();
    person = null;
  });

  beforeAll(async () => {
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '40');
    const first = await Person.start({ profile });
    await first.createProject({ folder: join(folder, 'phantoms/images'), name: 'Kept', task: 'multiclass', findings: ['normal', 'ill'] });
    await first.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(`is there again after SIGKILL of every process right behind "Saved", ${String(ROUNDS)} times`, async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      const app = await start();
      await app.reopen();
      expect(await app.id('labelled-count').innerText()).toContain(`${String(2 * (round - 1))} of 40`);
      await app.answer([String(1 + (round % 2))], true);
      await app.answer(['1'], true);
      await app.kill();
    }
    const out = join(folder, 'labels.csv');
    const project = join(journalFile(), '..');
    await collimate('recover', project, '--out', out);
    expect(readFileSync(out, 'utf8').trim().split('\n')).toHaveLength(1 + 2 * ROUNDS);
  });

  it('is flushed to the disk between the key and "Saved", once an answer', async (context) => {
    if (!has('strace')) return context.skip('strace is not installed');
    const app = await start();
    await app.reopen();
    await app.embedded();
    // Rounds, thumbnails and the page's own database have to be through: they flush files too.
    await app.page.waitForTimeout(3000);
    const log = join(folder, 'strace.log');
    const tracer = spawn('strace', ['-f', '-y', '-e', 'trace=fsync,fdatasync', '-o', log, '-p', String(app.pid)], {
      stdio: 'ignore',
    });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const flushes = () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => /f(data)?sync\(\d+<[^>]*journal\.jsonl>/.test(line)).length;
    for (let answers = 1; answers <= 5; answers++) {
      await app.answer(['2'], true);
      expect(flushes()).toBe(answers);
    }
    tracer.kill('SIGTERM');
    await app.close();
  });

  it('survives a torn journal and a page database that is gone', async () => {
    const journal = readFileSync(journalFile());
    writeFileSync(journalFile(), journal.subarray(0, journal.length - 20));
    for (const name of readdirSync(profile)) if (name.startsWith('chromium')) rmSync(join(profile, name), { recursive: true });
    const app = await start();
    await app.reopen();
    expect(await app.id('labelled-count').innerText()).toMatch(/^1[67] of 40/);
    await app.answer(['1'], true);
    await app.close();
  });
});
