import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endless, meanColours } from '../unit/encoder/custom/models';
import { collimate } from './command-line';
import { Person } from './person';

const shots = process.env['COLLIMATE_SHOTS'];

describe('an ONNX model of somebody else in the app', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const profile = join(folder, 'profile');
  const images = join(folder, 'phantoms/images');
  let person: Person;

  beforeAll(async () => {
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '30');
    writeFileSync(join(folder, 'tokens.onnx'), meanColours({ batch: 1, tokens: true }));
    writeFileSync(join(folder, 'endless.onnx'), endless());
    writeFileSync(join(folder, 'rubbish.onnx'), 'this is no model');
    person = await Person.start({ profile });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const look = async (name: string) => {
    if (shots === undefined) return;
    for (const theme of ['dark', 'light']) {
      await person.page.evaluate((chosen) => {
        document.documentElement.dataset['theme'] = chosen;
      }, theme);
      await person.screenshot(shots, `${name}-${theme}-1280`, { width: 1280, height: 800 });
    }
  };

  it('that is none is refused with a sentence', async () => {
    await person.id('command-settings.open').click();
    await person.id('settings-encoders').click();
    await person.willChoose(join(folder, 'rubbish.onnx'));
    await person.id('add-custom').click();
    const failure = person.page.locator('[data-code=model-not-one]');
    await failure.waitFor();
    expect(await failure.innerText()).toContain('rubbish.onnx is not an ONNX model');
  });

  it('that never ends is stopped, and takes nothing with it', async () => {
    await person.willChoose(join(folder, 'endless.onnx'));
    await person.id('add-custom').click();
    await person.id('custom-dialog').waitFor();
    await person.willChoose(join(images, readdirSync(images)[0] ?? ''));
    await person.id('custom-try').click();
    await person.id('custom-busy').waitFor();
    await person.page.waitForTimeout(3000);
    expect(await person.id('custom-busy').count()).toBe(1);
    await person.id('custom-stop').click();
    await person.id('custom-busy').waitFor({ state: 'detached' });
    expect(await person.page.getByTestId('failure').count()).toBe(0);
    await person.id('custom-dialog-close').click();
  });

  it('is set up, tried on an image, and kept', async () => {
    await person.willChoose(join(folder, 'tokens.onnx'));
    await person.id('add-custom').click();
    await person.id('custom-dialog').waitFor();
    expect(await person.id('custom-pooling').inputValue()).toBe('class-token');
    await person.id('custom-pooling').selectOption('mean-tokens');
    await person.id('custom-name').fill('Mean colours');
    expect(await person.barriers()).toEqual([]);
    await look('custom-before');
    await person.willChoose(join(images, readdirSync(images)[0] ?? ''));
    await person.id('custom-try').click();
    await person.id('custom-trial').waitFor();
    expect(await person.id('custom-trial').innerText()).toContain('6 features an image');
    expect(await person.barriers()).toEqual([]);
    await look('custom-tried');
    await person.id('custom-keep').click();
    await person.id('custom-dialog').waitFor({ state: 'detached' });
    await person.page.getByText('Mean colours').first().waitFor();
    await person.page.keyboard.press('Escape');
  });

  it('embeds a project, and is exported with what was learnt', async () => {
    await person.willChoose(images);
    await person.id('new-project').click();
    await person.id('choose-folder').click();
    await person.id('folder-look').waitFor();
    await person.page.getByText('Mean colours').click();
    await person.listen();
    await person.id('create-project').click();
    await person.id('queue-view').waitFor();
    await person.embedded();
    for (let i = 0; i < 8; i++) await person.answer([String(1 + (i % 2))], true);
    await person.round();
    const files = await person.export('model', join(folder, 'out'));
    const model = dirname(files.find((file) => file.endsWith('model.onnx')) ?? '');
    expect(readFileSync(join(model, 'README.md'), 'utf8')).toContain('tokens.onnx');
    await collimate('predict', model, images, '--out', join(folder, 'predictions.csv'));
    expect(readFileSync(join(folder, 'predictions.csv'), 'utf8').trim().split('\n')).toHaveLength(31);
  });
});
