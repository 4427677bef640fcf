import { parse } from 'csv-parse/sync';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';

const checkpoint = resolve(import.meta.dirname, '../../../shared/fixtures/eva-x/micro-packed.finetuned14.pt');
const missing = !existsSync(checkpoint);
const shots = process.env['COLLIMATE_SHOTS'];

describe.skipIf(missing)(`a fine-tuned checkpoint in the app${missing ? ' (../shared/fixtures/eva-x is not there)' : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const images = join(folder, 'phantoms/images');
  let person: Person;
  const shot = async (name: string) => {
    if (shots !== undefined) await person.screenshot(shots, name);
  };

  beforeAll(async () => {
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '40');
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says what the file is, and its findings become those of the project', async () => {
    await person.willChoose(images);
    await person.id('new-project').click();
    await person.id('choose-folder').click();
    await person.id('folder-look').waitFor();
    await person.id('project-name').fill('Ready');
    await person.willChoose(checkpoint);
    await person.id('import-encoder').click();
    expect(await person.id('import-facts').innerText()).toContain('fine-tuned for 14 findings');
    expect(await person.barriers()).toEqual([]);
    await shot('import');
    await person.id('import-list').first().click();
    await person.id('import-run').click();
    await person.page.locator('[data-testid^=encoder-]:not([data-testid=encoder-builtin]):checked').waitFor();
    await person.page.waitForFunction(() => document.querySelectorAll('[data-testid=finding-draft]').length === 14);
    expect(await person.id('finding-name-12').inputValue()).toBe('Pleural thickening');
    expect(await person.id('task-multilabel').isChecked()).toBe(true);
    expect(await person.id('own-head').innerText()).toMatch(/^All of these have proposals from the first image on/);
    expect(await person.barriers()).toEqual([]);
    await shot('new-project');
  });

  it('the same file again is said to be here', async () => {
    await person.id('import-encoder').click();
    expect(await person.id('import-here').innerText()).toMatch(/^Already here as EVA-X .* in float32, added today, /);
    await person.id('import-use').click();
    await person.id('import-dialog').waitFor({ state: 'detached' });
  });

  it('proposes before the first label, marked as not checked, and exports what it shows', async () => {
    await person.listen();
    await person.id('create-project').click();
    await person.id('queue-view').waitFor();
    await person.embedded();
    expect(await person.id('embedding-status').innerText()).toContain('40 embedded');
    await person.page.locator('[data-testid=proposal][data-from-file=unchecked]').first().waitFor();
    await person.page.waitForFunction(() => (window.heard?.rounds.at(-1)?.probabilities.length ?? 0) === 40 * 14);
    expect(await person.page.locator('[data-testid=proposal]').count()).toBe(14);
    expect(await person.id('from-file').innerText()).toBe('not checked');
    expect(await person.id('labelled-count').innerText()).toMatch(/^0 of 40/);
    expect(await person.barriers()).toEqual([]);
    await shot('before-any-label');

    const { path } = await person.current();
    const shown = await person.page
      .locator('[data-testid=proposal]')
      .evaluateAll((all) => all.map((each) => Number(each.getAttribute('data-probability'))));
    const files = await person.export('model', join(folder, 'out'));
    const model = dirname(files.find((file) => file.endsWith('model.onnx')) ?? '');
    expect(readFileSync(join(model, 'README.md'), 'utf8')).toContain(
      '**not checked on images of this project**: Atelectasis, Cardiomegaly',
    );
    await collimate('predict', model, images, '--out', join(folder, 'predictions.csv'));
    const row = parse<Record<string, string>>(readFileSync(join(folder, 'predictions.csv')), { columns: true }).find(
      (each) => each['path'] === path,
    );
    const predicted = Object.entries(row ?? {}).flatMap(([name, value]) =>
      ['path', 'frame', 'status', 'message'].includes(name) ? [] : [Number(value)],
    );
    // The page shows four digits.
    predicted.forEach((p, i) => expect(Math.abs(p - (shown[i] ?? NaN))).toBeLessThanOrEqual(1e-4 + 5e-5));
    expect(predicted).toHaveLength(14);
  });

  it('goes on beside the head that the labels fit', async () => {
    // Key 2 is Cardiomegaly: once is present, twice is absent.
    for (let i = 0; i < 8; i++) {
      await person.answer(i % 2 === 0 ? ['2'] : ['2', '2'], false);
      await person.answer(['ArrowRight'], true);
    }
    const { findings, labelled } = await person.round();
    expect(labelled).toBe(8);
    expect(findings[1]).toBe('Cardiomegaly');
    // Eight labels are too few to replace the file's own head.
    await person.page.locator('[data-testid="finding-Atelectasis"] [data-from-file=unchecked]').waitFor();
    await person.page.locator('[data-testid="finding-Cardiomegaly"] [data-from-file=adjusted]').waitFor();
    await person.page.keyboard.press('p');
    expect(await person.id('encoder-facts').innerText()).toMatch(/In float32 on the processor\. ./);
    await shot('beside');
    expect(await person.barriers()).toEqual([]);
  });
});
