import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';

const findings = ['opacity', 'nodule', 'effusion', 'cardiomegaly'];

describe('labeling several findings by keyboard', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  let person: Person;
  const states = async () => Promise.all(findings.map((name) => person.id(`finding-${name}`).getAttribute('data-state')));
  const press = async (...keys: string[]) => {
    for (const key of keys) await person.page.keyboard.press(key);
    await person.saved();
  };

  beforeAll(async () => {
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '36');
    person = await Person.start({ profile: join(folder, 'profile') });
    await person.createProject({ folder: join(folder, 'phantoms/images'), name: 'Several', task: 'multilabel', findings });
    await person.embedded();
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a key goes around present, absent, not read; Shift says unsure; A says that nothing else is there and goes on', async () => {
    await press('1');
    expect(await states()).toEqual(['present', 'none', 'none', 'none']);
    await press('1');
    expect(await states()).toEqual(['absent', 'none', 'none', 'none']);
    await press('1');
    expect(await states()).toEqual(['none', 'none', 'none', 'none']);
    await press('2', 'Shift+Digit3');
    expect(await states()).toEqual(['none', 'present', 'unsure', 'none']);
    await person.nothingElse();
    await press('ArrowLeft');
    expect(await states()).toEqual(['absent', 'present', 'unsure', 'absent']);
  });

  it('undo and redo walk through every step, and a skip can be undone too', async () => {
    await press('Control+z');
    expect(await states()).toEqual(['none', 'present', 'unsure', 'none']);
    await press('Control+z', 'Control+z');
    expect(await states()).toEqual(['none', 'none', 'none', 'none']);
    await press('Control+Shift+z', 'Control+Shift+z', 'Control+Shift+z');
    expect(await states()).toEqual(['absent', 'present', 'unsure', 'absent']);
    const { path } = await person.current();
    await press('ArrowRight');
    const skipped = (await person.current()).path;
    await press('x', 'Control+z');
    await person.page.locator(`[data-testid=queue-image][data-path="${skipped}"]`).waitFor();
    await press('ArrowLeft');
    await person.page.locator(`[data-testid=queue-image][data-path="${path}"]`).waitFor();
  });

  it('a range in the grid is labelled by one key and undone by one step, also where it was never drawn', async () => {
    await press('g');
    const cells = person.id('grid-cell');
    await cells.first().click();
    await person.page.keyboard.press('Control+a');
    expect(await person.id('selection-count').innerText()).toContain('36');
    await press('4');
    // One of them is labelled already: its label is left alone unless the person says otherwise.
    await person.id('bulk-all').check();
    await person.id('bulk-run').click();
    const counted = async () => (await person.id('labelled-count').innerText()).split(' ')[0];
    await person.page.waitForFunction(() => document.querySelector('[data-testid=labelled-count]')?.textContent?.startsWith('36'));
    await press('Control+z');
    await person.page.waitForFunction(() => document.querySelector('[data-testid=labelled-count]')?.textContent?.startsWith('1 '));
    expect(await counted()).toBe('1');
    expect(await person.barriers()).toEqual([]);
    await press('Control+Shift+z');
    await person.page.keyboard.press('Escape');
    await press('q');
  });

  it('what was said comes out as a table, and is there after a restart', async () => {
    const [file = ''] = await person.export('labels', join(folder, 'out'));
    const rows = parse<Record<string, string>>(readFileSync(file), { columns: true });
    expect(rows).toHaveLength(36);
    expect(rows.every((row) => row['cardiomegaly'] === '1')).toBe(true);
    expect(rows.filter((row) => row['nodule'] === '1' && row['effusion'] === 'unsure' && row['opacity'] === '0')).toHaveLength(1);
    await person.close();
    person = await Person.start({ profile: join(folder, 'profile') });
    await person.reopen();
    await person.page.waitForFunction(() => document.querySelector('[data-testid=labelled-count]')?.textContent?.startsWith('36'));
  });

  it('labels of a table fill what is not read, as one step of undo', async () => {
    const exported = async (name: string) => {
      const [file = ''] = await person.export('labels', join(folder, name));
      return parse<Record<string, string>>(readFileSync(file), { columns: true });
    };
    const before = await exported('before');
    const table = join(folder, 'phantoms/labels.csv');
    const truth = new Map(parse<Record<string, string>>(readFileSync(table), { columns: true }).map((row) => [row['path'], row]));
    await person.willChoose(table);
    await press('Control+Shift+l');
    await person.id('import-labels-choose').click();
    await person.id('import-labels-yield').waitFor();
    expect(await person.barriers()).toEqual([]);
    await person.id('import-labels-run').click();
    await person.id('import-labels').waitFor({ state: 'detached' });
    const after = await exported('after');
    expect(after).toHaveLength(36);
    for (const [at, row] of after.entries())
      for (const name of findings) expect(row[name]).toBe(before[at]?.[name] === '' ? truth.get(row['path'])?.[name] : before[at]?.[name]);
    await press('Control+z');
    expect(await exported('undone')).toEqual(before);
  });
});
