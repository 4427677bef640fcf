import { createSocket } from 'node:dgram';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';
import { foreignConnections } from './sockets';

const fixture = resolve(import.meta.dirname, '../../../shared/fixtures/eva-x/micro-packed-2h.full.pt');
const missing = !existsSync(fixture);
const shots = process.env['COLLIMATE_SHOTS'];

/** Everything that a person on a computer without a network does, with a file on a stick; and nobody is asked. */
describe.skipIf(missing)(`without a network${missing ? ' (../shared/fixtures/eva-x is not there)' : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const stick = join(folder, 'stick');
  const images = join(stick, 'phantoms/images');
  const checkpoint = join(stick, 'eva_x.pt');
  const seen = new Set<string>();
  let person: Person;
  let watch: NodeJS.Timeout;

  beforeAll(async () => {
    mkdirSync(stick);
    copyFileSync(fixture, checkpoint);
    await collimate('sample', '--out', join(stick, 'phantoms'), '--count', '36');
    person = await Person.start({ profile: join(folder, 'profile') });
    watch = setInterval(() => foreignConnections(person.pid).forEach((each) => seen.add(each)), 50);
    // In place of the app's own guard, which lets nothing through: here every request is written down, whether it would have been let through or not.
    await person.app.evaluate(({ session }) => {
      const asked: string[] = [];
      (globalThis as Record<string, unknown>)['asked'] = asked;
      session.defaultSession.webRequest.onBeforeRequest({ urls: ['<all_urls>'] }, ({ url }, answer) => {
        const inside = url.startsWith('app://') || url.startsWith('image://') || url.startsWith('devtools://');
        if (!inside) asked.push(url);
        answer({ cancel: !inside });
      });
    });
  });
  afterAll(async () => {
    clearInterval(watch);
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a checkpoint is calibrated on the project’s images, its error is shown, and it is kept', async () => {
    await person.willChoose(images);
    await person.id('new-project').click();
    await person.id('choose-folder').click();
    await person.id('folder-look').waitFor();
    await person.id('project-name').fill('Stick');
    await person.willChoose(checkpoint);
    await person.id('import-encoder').click();
    await person.id('import-precision').click();
    await person.id('precision-int8').check();
    // The folder of the project is there already.
    expect(await person.id('import-images-path').innerText()).toBe(images);
    await person.id('import-run').click();
    await person.id('import-measured').waitFor({ timeout: 120_000 });
    expect(await person.id('import-measured').innerText()).toMatch(/on 18 of your images: the embedding is off by \d+\.\d % of its length/);
    expect(await person.barriers()).toEqual([]);
    if (shots !== undefined) await person.screenshot(shots, 'air-gap-measured');
    expect(encoders()).toEqual([]);
    await person.id('import-keep').click();
    const chosen = person.page.locator('[data-testid^=encoder-]:not([data-testid=encoder-builtin]):checked');
    await chosen.waitFor();
    expect(encoders()).toHaveLength(1);
    await person.id('task-multiclass').check();
    await person.listen();
    await person.id('create-project').click();
  });

  it('embeds in int8, learns, and exports labels and a model that says the same', async () => {
    await person.id('queue-view').waitFor();
    await person.embedded();
    expect(await person.id('embedding-status').innerText()).toContain('36 embedded in int8');
    await person.page.keyboard.press('p');
    expect(await person.id('encoder-facts').innerText()).toMatch(/In int8 on the processor\.[\s\S]*Against float32, on 18 of your images/);
    if (shots !== undefined) await person.screenshot(shots, 'air-gap-panel');
    await person.page.keyboard.press('p');
    for (let i = 0; i < 12; i++) await person.answer([String((i % 2) + 1)], true);
    const { byPath } = await person.round();
    expect(byPath.size).toBe(36);
    const [labels] = await person.export('labels', join(folder, 'out'));
    expect(
      readFileSync(labels ?? '', 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(13);
    expect((await person.export('model', join(folder, 'out'))).some((file) => file.endsWith('model.onnx'))).toBe(true);
  });

  it('the embeddings of another precision have a place of their own', async () => {
    const before = embeddings();
    await collimate('convert', checkpoint, '--out', join(folder, 'float'));
    const card = JSON.parse(readFileSync(join(folder, 'float/encoder.json'), 'utf8')) as { id: string };
    expect(before).toHaveLength(1);
    expect(before).not.toContain(card.id);
  });

  it('and nobody was asked', async () => {
    expect(await person.app.evaluate(() => (globalThis as Record<string, unknown>)['asked'])).toEqual([]);
    expect([...seen]).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('which the watch would have seen', async ({ skip }) => {
    const socket = createSocket('udp4');
    // A connected datagram socket sends nothing. 192.0.2.0/24 belongs to nobody (RFC 5737).
    const connected = await new Promise<boolean>((done) => {
      socket.once('error', () => done(false));
      socket.connect(53, '192.0.2.1', () => done(true));
    });
    const found = foreignConnections(process.pid);
    socket.close();
    skip(!connected, 'this machine has no route to try it with');
    expect(found).toContain('udp 010200C0:53');
  });

  const encoders = () => readdirSync(join(folder, 'profile/encoders')).filter((name) => name !== '.new' && name.length === 64);
  const embeddings = () => readdirSync(join(folder, 'profile/embeddings'));
});
