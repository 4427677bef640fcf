import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Action, ImageRecord } from '../../src/contract/model';
import { unwrap } from '../../src/contract/result';
import { makeSample } from '../../src/imaging/phantoms';
import { Person } from './person';

describe('patients and views of ordinary images', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const images = join(folder, 'sample', 'images');
  let person: Person;

  beforeAll(async () => {
    unwrap(await makeSample({ out: join(folder, 'sample'), count: 12, format: 'png', seed: 0 }));
    readdirSync(images).forEach((name, i) =>
      renameSync(join(images, name), join(images, `P${String(i % 4)}_${i < 3 ? 'LL' : 'PA'}_${String(i)}.png`)),
    );
    mkdirSync(join(folder, 'tables'));
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The images as the journal has them now. */
  const records = async (): Promise<ImageRecord[]> => {
    const actions = await person.page.evaluate(async (): Promise<Action[]> => {
      const list = await globalThis.window.collimate.call('projects.list', {});
      const project = list.ok ? list.value[0]?.id : undefined;
      const read = await globalThis.window.collimate.call('journal.read', { project: project ?? '', after: 0, limit: 5000 });
      return read.ok ? read.value.actions : [];
    });
    const known = new Map(
      actions.flatMap((action) => (action.kind === 'images' ? action.images.map((image) => [image.id, image] as const) : [])),
    );
    return [...known.values()];
  };
  const patients = async () => new Set((await records()).map(({ stated }) => stated?.patient)).size;

  it('come from the file names when the project is made, from a table later, and are taken back', async () => {
    await person.createProject(
      { folder: images, name: 'Patients', task: 'multiclass', findings: ['a', 'b'] },
      {
        look: async () => {
          await person.id('more').locator('summary').click();
          await person.id('metadata-pattern').check();
          await person.page.getByText('12 of 12 images').waitFor();
          expect(await person.barriers()).toEqual([]);
        },
      },
    );
    await expect.poll(patients, { timeout: 60_000 }).toBe(4);
    const views = (await records()).map(({ path, stated }) => [path.split('_')[1], stated?.view]);
    expect(views.every(([name, stated]) => name === stated)).toBe(true);
    await person.page.keyboard.press('g');
    await expect.poll(() => person.id('grid-note').count()).toBe(3);

    const table = join(folder, 'tables', 'patients.csv');
    writeFileSync(table, `file;patient\n${(await records()).map(({ path }, i) => `${path};X${String(i % 2)}`).join('\n')}\n`);
    await person.page.keyboard.press('Control+Shift+P');
    await person.willChoose(table);
    await person.id('metadata-table').check();
    await person.id('metadata-choose').click();
    await person.id('metadata-preview').waitFor();
    await person.id('show-patients').check();
    await person.id('metadata-apply').click();
    await expect.poll(patients).toBe(2);
    await person.page.keyboard.press('q');
    await expect.poll(() => person.id('viewer-patient').innerText()).toMatch(/^patient X[01]$/);
    await person.page.getByRole('button', { name: 'Undo', exact: true }).last().click();
    await expect.poll(patients).toBe(4);
    await expect.poll(() => person.id('viewer-patient').innerText()).toMatch(/^patient P[0-3]$/);
  });
});
