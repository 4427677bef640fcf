import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';

describe('processes that end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const profile = join(folder, 'profile');
  let person: Person;

  beforeAll(async () => {
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '150');
    person = await Person.start({ profile });
    await person.createProject({ folder: join(folder, 'phantoms/images'), name: 'Hard', task: 'multiclass', findings: ['normal', 'ill'] });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('embedding goes on after the encoder, and after imaging, was killed in the middle; labeling never stops', async () => {
    for (const name of ['encoder', 'imaging', 'encoder']) {
      await person.page.waitForTimeout(700);
      expect(await person.killUtility(name)).toBeGreaterThan(0);
      await person.answer([name === 'imaging' ? '1' : '2'], true);
    }
    await person.embedded();
    expect(await person.id('embedding-status').innerText()).toContain('150 embedded');
  });

  it('killing the trainer costs at most the round in flight', async () => {
    for (let i = 0; i < 8; i++) await person.answer([String(1 + (i % 2))], true);
    const before = await person.round();
    expect(await person.killUtility('trainer')).toBe(1);
    await person.answer(['1'], true);
    const after = await person.round();
    expect(after.seq).toBeGreaterThan(before.seq);
    expect(after.labelled).toBe(before.labelled + 1);
  });

  it('killing it in the middle of rounds loses no label, and ends where an undisturbed trainer would', async () => {
    const before = await person.round();
    // At once after the answer, in the quick round, in the full one. After six ends within a minute a process is left alone for a while.
    const delays = [10, 60, 150];
    for (const [i, delay] of delays.entries()) {
      await person.answer([String(1 + (i % 2))], true);
      await person.page.waitForTimeout(delay);
      await expect.poll(() => person.killUtility('trainer')).toBe(1);
    }
    const after = await person.round();
    expect(after.labelled).toBe(before.labelled + delays.length);
    // Once more, from nothing: the round hangs on the labels alone.
    await person.listen();
    await expect.poll(() => person.killUtility('trainer')).toBe(1);
    const again = await person.round();
    expect(again.labelled).toBe(after.labelled);
    expect([...again.byPath]).toEqual([...after.byPath]);
  });

  it('that end six times within a minute are said to rest, with how they ended, and go on when they are asked to', async () => {
    const before = await person.round();
    const trouble = person.id('trouble').filter({ hasText: 'The trainer process' });
    for (const end = Date.now() + 90_000; Date.now() < end && !(await trouble.isVisible()); await person.page.waitForTimeout(200))
      await person.killUtility('trainer');
    await person.answer(['1'], true);
    expect(await trouble.innerText()).toContain('was ended from outside');
    expect(await trouble.innerText()).toMatch(/By itself at \d/);
    await trouble.getByTestId('retry-work').click();
    const after = await person.round();
    expect(after.labelled).toBe(before.labelled + 1);
    await trouble.waitFor({ state: 'detached' });
    const log = readFileSync(join(profile, 'logs/main.log'), 'utf8');
    expect(log).toContain('the trainer process was ended from outside');
    expect(log).toContain('works again after');
  });

  it('a restart after SIGKILL in the middle of embedding does nothing twice', async () => {
    const second = mkdtempSync(join(tmpdir(), 'collimate-'));
    let other = await Person.start({ profile: second });
    await other.createProject({ folder: join(folder, 'phantoms/images'), name: 'Again', task: 'multiclass', findings: ['normal', 'ill'] });
    await other.page.waitForFunction(() => {
      const done = /Embedding (\d+)/.exec(document.querySelector('[data-testid=embedding-status]')?.textContent ?? '');
      return done !== null && Number(done[1]) >= 40;
    });
    await other.kill();
    other = await Person.start({ profile: second });
    await other.listen();
    await other.page.evaluate(() => {
      window.collimate.on('journal', ({ action }) => {
        if (action.kind === 'images') window.heardImages = (window.heardImages ?? 0) + action.images.length;
      });
    });
    await other.reopen();
    await other.embedded();
    const facts = (await other.page.evaluate(() => window.heardImages)) ?? 0;
    // What was embedded and journalled before the kill is not journalled again.
    expect(facts).toBeGreaterThan(0);
    expect(facts).toBeLessThanOrEqual(150 - 32);
    await other.close();
    rmSync(second, { recursive: true, force: true });
  });
});

declare global {
  interface Window {
    heardImages?: number;
  }
}
