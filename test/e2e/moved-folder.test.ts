import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
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

  it('is known by its contents where every file has another name', async () => {
    await person.page.keyboard.press('Control+w');
    await person.id('welcome').waitFor();
    const renamed = join(folder, 'renamed');
    mkdirSync(renamed);
    readdirSync(after).forEach((name, n) => renameSync(join(after, name), join(renamed, `${String(n * 7919)}.png`)));
    rmSync(join(folder, 'after'), { recursive: true });
    await person.reopen();
    await person.id('trouble').waitFor();
    await person.willChoose(renamed);
    await person.id('relocate').click();
    await person.page.getByText('The folder was scanned: 13 images found again under another name.').waitFor();
    await person.embedded();
    expect(await person.id('labelled-count').innerText()).toBe('2 of 13 labelled');
  });

  it('images whose file is gone stay in the grid with their labels, and can be filtered', async () => {
    const renamed = join(folder, 'renamed');
    const lost = readdirSync(renamed).slice(0, 3);
    for (const name of lost) rmSync(join(renamed, name));
    await person.page.keyboard.press('F5');
    await person.page.getByText('3 images no longer there').waitFor();
    await person.page.keyboard.press('g');
    await person.id('missing-file').first().waitFor();
    expect(await person.id('grid-cell').count()).toBe(13);
    expect(await person.barriers()).toEqual([]);
    await person.id('grid-filter').selectOption('missing');
    await person.page.waitForFunction(() => document.querySelectorAll('[data-testid=grid-cell]').length === 3);
    const shown = await person.id('grid-cell').evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-path')));
    expect(new Set(shown)).toEqual(new Set(lost));
    expect(await person.id('labelled-count').innerText()).toBe('2 of 13 labelled');
  });
});
