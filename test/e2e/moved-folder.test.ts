import { copyFileSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';

describe('a folder that was moved', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const before = join(folder, 'before/images');
  const after = join(folder, 'after/images');
  let person: Person;

  beforeAll(async () => {
    await collimate('sample', '--out', join(folder, 'before'), '--count', '12');
    await collimate('sample', '--out', join(folder, 'other'), '--count', '3', '--format', 'dicom');
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is found again where the person says; the labels stay with their images', async () => {
    await person.createProject({ folder: before, name: 'Moved', task: 'multiclass', findings: ['normal', 'ill'] });
    await person.embedded();
    for (const key of ['1', '2']) await person.answer([key], true);
    await person.page.keyboard.press('Control+w');
    await person.id('welcome').waitFor();
    renameSync(join(folder, 'before'), join(folder, 'after'));
    await person.reopen();
    await person.id('trouble').waitFor();
    expect(await person.barriers()).toEqual([]);

    await person.willChoose(join(folder, 'other/images'));
    await person.id('relocate').click();
    await person.page.locator('[data-code=folder-foreign]').waitFor();
    await person.willChoose(after);
    await person.id('relocate').click();
    await person.id('trouble').waitFor({ state: 'detached' });
    await person.embedded();
    expect(await person.id('labelled-count').innerText()).toBe('2 of 12 labelled');
  });

  it('is scanned again by key: new files are embedded, without closing', async () => {
    const [first = ''] = readdirSync(after);
    copyFileSync(join(after, first), join(after, 'later.png'));
    await person.page.keyboard.press('F5');
    await person.page.getByText('The folder was scanned: 1 new image.').waitFor();
    await person.page.waitForFunction(() =>
      document.querySelector('[data-testid=embedding-status]')?.textContent?.startsWith('13 embedded'),
    );
    expect(await person.id('labelled-count').innerText()).toBe('2 of 13 labelled');
  });
});
