import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Person } from './person';

const installed = process.env['COLLIMATE_TFJS_NODE'] ?? resolve('.cache/tfjs-node');
const missing = existsSync(installed) ? '' : ' (skipped: no tfjs-node; test/reference/trainer/tfjs_node.sh builds one)';

describe('the setting for TensorFlow\u2019s C library', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  let person: Person;
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`says what is wrong with a folder, takes one that works, and learns with it${missing}`, async ({ skip }) => {
    // Without its own variable: only the setting may find it.
    person = await Person.start({ profile: join(folder, 'profile'), env: { COLLIMATE_TFJS_NODE: '' } });
    await person.page.keyboard.press('Control+,');
    await person.id('settings-learning').click();
    mkdirSync(join(folder, 'empty'));
    await person.willChoose(join(folder, 'empty'));
    await person.id('choose-backend').click();
    await person.page.getByText(/holds no @tensorflow\/tfjs-node-gpu or tfjs-node/).waitFor();
    expect(await person.barriers()).toEqual([]);
    if (missing !== '') skip(missing);

    await person.willChoose(installed);
    await person.id('choose-backend').click();
    const found = person.id('backend-found').filter({ hasText: /self-test passed/ });
    await found.waitFor();
    expect(await found.innerText()).toMatch(/^tfjs-node(-gpu)?: TensorFlow 2\.\d+\.\d+ on the (processor|graphics card); /);
    await person.id('check-backend').click();
    await found.waitFor();
    const settings = await person.page.evaluate(() => window.collimate.call('settings.get', {}));
    expect(settings).toMatchObject({ ok: true, value: { tfjsFolder: installed } });
    // The page can name no folder by itself.
    await person.page.evaluate(() => window.collimate.call('settings.set', { tfjsFolder: '/tmp' } as never));
    expect(await person.page.evaluate(() => window.collimate.call('settings.get', {}))).toEqual(settings);
    await person.page.keyboard.press('Escape');

    await person.page.evaluate(() => {
      window.collimate.on('status', ({ trainer }) => {
        window.lastTrainer = trainer;
      });
    });
    await person.id('try-sample').click();
    await person.page.waitForFunction(() => window.lastTrainer?.backend?.startsWith('tfjs-node') === true, null, { timeout: 240_000 });
  });
});
