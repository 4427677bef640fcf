import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';

const checkpoint = resolve(import.meta.dirname, '../../../shared/fixtures/eva-x/micro-packed.full.pt');
const missing = !existsSync(checkpoint);
/** A folder for pictures of the dialog, to be looked at. */
const shots = process.env['COLLIMATE_SHOTS'];

describe.skipIf(missing)(`the weights from the network${missing ? ' (../shared/fixtures/eva-x is not there)' : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const profile = join(folder, 'profile');
  const images = join(folder, 'phantoms/images');
  const content = missing ? Buffer.alloc(0) : readFileSync(checkpoint);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const half = Math.floor(content.length / 2);
  const ranges: (string | undefined)[] = [];
  let page: Server;
  let store: Server;
  let mirror = '';
  let storeHost = '';
  let stated = sha256;
  /** The store holds its breath after half of the file, once. */
  let breaksOff = true;
  let person: Person;

  const give = (request: IncomingMessage, response: ServerResponse) => {
    ranges.push(request.headers.range);
    const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
    const range = from > 0 ? { 'content-range': `bytes ${String(from)}-${String(content.length - 1)}/${String(content.length)}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': String(content.length - from), ...range });
    if (!breaksOff) return response.end(content.subarray(from));
    breaksOff = false;
    return response.write(content.subarray(0, half));
  };
  const listen = (server: Server) =>
    new Promise<string>((done) => server.listen(0, '127.0.0.1', () => done(`127.0.0.1:${String((server.address() as AddressInfo).port)}`)));

  beforeAll(async () => {
    store = createServer(give);
    storeHost = await listen(store);
    page = createServer((request, response) => {
      const known = request.url === '/hf/MapleF/eva_x/resolve/main/eva_x_tiny_patch16_merged520k_mim.pt';
      const headers = { 'x-linked-etag': `"${stated}"`, 'x-linked-size': String(content.length), location: `http://${storeHost}/blob` };
      response.writeHead(known ? 302 : 404, known ? headers : {}).end();
    });
    mirror = `http://${await listen(page)}/hf`;
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '12');
    person = await Person.start({ profile });
  });
  afterAll(async () => {
    await person.close();
    for (const server of [page, store]) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const look = async (name: string) => {
    if (shots === undefined) return;
    mkdirSync(shots, { recursive: true });
    for (const theme of ['dark', 'light']) {
      await person.page.evaluate((chosen) => {
        document.documentElement.dataset['theme'] = chosen;
      }, theme);
      for (const size of [
        { width: 1280, height: 800 },
        { width: 1920, height: 1080 },
      ]) {
        await person.screenshot(shots, `${name}-${theme}-${String(size.width)}`, size);
      }
    }
  };
  const openDialog = async () => {
    await person.id('command-settings.open').click();
    await person.id('settings-encoders').click();
    await person.id('get-weights').click();
  };

  it('come from the mirror of the settings; paused in the middle, they wait for the next start of the app', async () => {
    await person.id('command-settings.open').click();
    await person.id('settings-network').click();
    await person.id('mirror').fill(mirror);
    await person.page.keyboard.press('Tab');
    expect(await person.barriers()).toEqual([]);
    await look('network');
    await person.id('settings-encoders').click();
    await look('encoders');
    await person.id('get-weights').click();
    await person.id('weights-eva-x-tiny').check();
    expect(ranges).toEqual([]);
    expect(await person.barriers()).toEqual([]);
    await look('weights-before');
    await person.id('weights-get').click();
    await person.page.waitForFunction(
      (text) => document.querySelector('[data-testid=weights-hosts]')?.textContent?.includes(text),
      storeHost,
    );
    await person.page.locator('[data-testid=weights-progress][data-state=running]').waitFor();
    await person.page.waitForTimeout(500);
    expect(await person.barriers()).toEqual([]);
    await look('weights-running');
    await person.id('weights-pause').click();
    await person.page.locator('[data-testid=weights-progress][data-state=part]').waitFor();
    expect(await person.id('weights-get').innerText()).toMatch(/^Go on/);
    // Escape closes the upper dialog alone.
    await person.page.keyboard.press('Escape');
    await person.id('weights-dialog').waitFor({ state: 'detached' });
    expect(await person.id('settings-dialog').count()).toBe(1);
    await person.close();
    person = await Person.start({ profile });
  });

  it('go on from where they were, are checked, and become an encoder', async () => {
    await openDialog();
    await look('weights-part');
    await person.id('weights-get').click();
    await person.id('weights-ready').waitFor({ timeout: 60_000 });
    expect(ranges).toEqual([undefined, `bytes=${String(half)}-`]);
    await look('weights-ready');
    expect(await person.barriers()).toEqual([]);
    // Of the file that was downloaded: nobody is asked for it again, by the network or by a dialog.
    await person.id('make-version').click();
    await person.id('import-facts').waitFor();
    expect(await person.id('precision-int8').isChecked()).toBe(true);
    await person.willChoose(images);
    await person.id('import-images').click();
    await look('weights-int8');
    await person.id('import-run').click();
    await person.id('import-measured').waitFor({ timeout: 60_000 });
    expect(await person.id('import-measured').innerText()).toContain('What int8 costs here');
    expect(await person.barriers()).toEqual([]);
    expect(encoders()).toHaveLength(1);
    await person.id('import-keep').click();
    await person.id('weights-dialog').waitFor({ state: 'detached' });
    await person.page
      .getByText(/EVA-X of width.*, int8/)
      .first()
      .waitFor();
    expect(encoders()).toHaveLength(2);
    expect(ranges).toHaveLength(2);
  });

  it('with another hash than the host states are deleted, with a sentence', async () => {
    await person.id('get-weights').click();
    await person.id('weights-eva-x-tiny').check();
    await person.id('weights-discard').click();
    stated = 'c'.repeat(64);
    await person.id('weights-get').click();
    const failure = person.page.locator('[data-code=download-hash-differs]');
    await failure.waitFor();
    expect(await failure.innerText()).toMatch(/not what 127\.0\.0\.1:\d+ states.*It was deleted/);
    await look('weights-lie');
    expect(readdirSync(join(profile, 'downloads'))).toEqual([]);
  });

  it('that the host does not have are refused with a sentence', async () => {
    await person.id('weights-eva-x-base').check();
    await person.id('weights-get').click();
    const failure = person.page.locator('[data-code=download-refused]');
    await failure.waitFor();
    expect(await failure.innerText()).toMatch(/it has no such file \(status 404\)/);
  });

  it('are an encoder of the library, whose speed is measured, and that goes when it is removed', async () => {
    await person.id('weights-dialog-close').click();
    await exact().getByTestId('measure-speed').click();
    await exact().getByTestId('speed').waitFor({ timeout: 60_000 });
    expect(await exact().getByTestId('speed').innerText()).toMatch(/^[\d.,]+ images\/s, cpu$/);
    await exact().getByTestId('encoder-details').click();
    expect(await person.barriers()).toEqual([]);
    await look('library');
    for (const left of [1, 0]) {
      await person.id('remove-encoder').first().click();
      const dialog = person.id('remove-dialog');
      expect(await dialog.innerText()).toContain('No project uses it.');
      await look('remove');
      await person.id('confirm-remove').click();
      const closed = dialog.waitFor({ state: 'detached' }).then(() => true);
      const refused = dialog
        .getByTestId('failure')
        .waitFor()
        .then(() => false);
      // Not every desktop has a bin.
      if (!(await Promise.race([closed, refused]))) await person.id('confirm-remove').click();
      await closed;
      await expect.poll(() => encoders().length).toBe(left);
    }
    await person.page.getByText('There is none yet').waitFor();
  });

  const encoders = () => readdirSync(join(profile, 'encoders')).filter((name) => name.length === 64);
  /** The row of the float32 encoder. */
  const exact = () => person.id('encoder').filter({ hasText: 'float32' });
});
