import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridge } from '../../src/contract/bridge';
import { encodePng } from '../../src/imaging/phantoms/png';
import { Person } from './person';

describe('the page and what it may do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  let person: Person;

  beforeAll(async () => {
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is sandboxed, isolated and under a strict policy', async () => {
    const preferences = await person.app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as { getLastWebPreferences: () => Record<string, unknown> };
      return contents.getLastWebPreferences();
    });
    expect(preferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false });
    const seen = await person.page.evaluate(async () => {
      const response = await fetch('app://collimate/index.html');
      return {
        policy: response.headers.get('content-security-policy'),
        require: typeof (globalThis as Record<string, unknown>)['require'],
      };
    });
    const hidden = await person.page.evaluate(async () =>
      (await fetch('app://collimate/trainer.html')).headers.get('content-security-policy'),
    );
    expect(hidden).toMatch(/^default-src 'none'; script-src 'self'; base-uri 'none'/);
    expect(seen.policy).toContain("default-src 'none'");
    expect(seen.policy).not.toContain('unsafe');
    expect(seen.require).toBe('undefined');
  });

  it('reaches no network, opens no window, navigates nowhere', async () => {
    const page = person.page;
    expect(await page.evaluate(() => fetch('https://example.org/').then(String, () => 'refused'))).toBe('refused');
    expect(await page.evaluate(() => window.open('https://example.org/') === null)).toBe(true);
    await page.evaluate(() => {
      location.href = 'https://example.org/';
    });
    await page.waitForTimeout(300);
    expect(page.url()).toBe('app://collimate/index.html');
    expect(await person.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
    // The same from main's side of the session, where the page's policy does not hold.
    const outside = await person.app.evaluate(async ({ session }) =>
      session.defaultSession.fetch('https://example.org/').then(String, () => 'refused'),
    );
    expect(outside).toBe('refused');
  });

  it('gets no file by any path', async () => {
    const statuses = await person.page.evaluate(async () => {
      const status = (url: string) =>
        fetch(url).then(
          (response) => response.status,
          () => 0,
        );
      return Promise.all(
        [
          'app://collimate/../../../package.json',
          'app://collimate/%2e%2e/%2e%2e/package.json',
          'app://collimate/..%2f..%2fpackage.json',
          'app://elsewhere/index.html',
          'image://thumbnail/01ARZ3NDEKTSV4RRFFQ69G5FAV/01ARZ3NDEKTSV4RRFFQ69G5FAV',
          'image://pixels/../etc/passwd',
          'image://pixels/%2fetc%2fpasswd/%2fetc%2fpasswd',
        ].map(status),
      );
    });
    expect(statuses.every((status) => status === 404 || status === 0)).toBe(true);
  });

  it('has only the methods of the contract, with parameters that fit', async () => {
    expect(await person.page.evaluate(() => Object.keys(window.collimate).sort())).toEqual(['call', 'on']);
    const unknown = await person.page.evaluate(() =>
      window.collimate.call('shell.open' as never, {} as never).then(String, (error: unknown) => String(error)),
    );
    expect(unknown).toContain('no method');
    const wrong = await person.page.evaluate(() => window.collimate.call('journal.read', { project: '../../etc', after: 0, limit: 5 }));
    expect(wrong).toMatchObject({ ok: false, failure: { code: 'internal' } });
  });

  it('every method has one handler, and a foreign page is refused by each of them', async () => {
    const answers = await person.app.evaluate(
      async ({ BrowserWindow }, { methods, preload }) => {
        const foreign = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true, contextIsolation: true } });
        await foreign.loadURL('data:text/html,<title>foreign</title>');
        const script = `Promise.all(${JSON.stringify(methods)}.map((name) => window.collimate.call(name, {}).then((answer) => answer.failure?.code ?? 'answered', String)))`;
        const result = (await foreign.webContents.executeJavaScript(script)) as string[];
        foreign.destroy();
        return result;
      },
      { methods: Object.keys(bridge.methods), preload: resolve(import.meta.dirname, '../../out/preload/index.cjs') },
    );
    expect(answers).toEqual(Object.keys(bridge.methods).map(() => 'refused'));
  });
});

describe('image:// and what lies outside of the project', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const [images, others, secrets] = ['images', 'others', 'secrets'].map((name) => join(folder, name)) as [string, string, string];
  let person: Person;

  beforeAll(async () => {
    for (const place of [join(images, 'sub'), others, secrets]) mkdirSync(place, { recursive: true });
    const picture = (seed: number) =>
      encodePng(
        Uint8Array.from({ length: 64 * 64 }, (_, i) => (i * seed) % 256),
        64,
        64,
      );
    for (const [n, file] of [
      'images/a.png',
      'images/b.png',
      'images/sub/c.png',
      'others/a.png',
      'secrets/a.png',
      'secrets/c.png',
    ].entries())
      writeFileSync(join(folder, file), picture(n + 3));
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The project that is open, and its images' ids by path. */
  const opened = () =>
    person.page.evaluate(async () => {
      const list = await window.collimate.call('projects.list', {});
      const project = list.ok ? (list.value[0]?.id ?? '') : '';
      const read = await window.collimate.call('journal.read', { project, after: 0, limit: 5000 });
      const actions = read.ok ? read.value.actions : [];
      const records = actions.flatMap((action) => (action.kind === 'images' ? action.images : []));
      return { project, ids: Object.fromEntries(records.map(({ path, id }) => [path, id])) };
    });
  const statuses = (urls: readonly string[]) =>
    person.page.evaluate(
      (all) =>
        Promise.all(
          all.map((url) =>
            fetch(url).then(
              ({ status }) => status,
              () => 0,
            ),
          ),
        ),
      urls,
    );

  it('gives the images of the open project, by its id and theirs, and nothing by any other address', async () => {
    await person.createProject({ folder: others, name: 'Others', task: 'multiclass', findings: ['a', 'b'] });
    await person.embedded();
    const before = await opened();
    await person.page.keyboard.press('Control+w');
    await person.id('welcome').waitFor();
    await person.createProject({ folder: images, name: 'Mine', task: 'multiclass', findings: ['a', 'b'] });
    await person.embedded();
    const { project, ids } = await opened();
    const [id, foreign] = [ids['a.png'] ?? '', before.ids['a.png'] ?? ''];
    expect(await statuses([`image://pixels/${project}/${id}`, `image://thumbnail/${project}/${id}`])).toEqual([200, 200]);
    const profile = encodeURIComponent(`../../thumbnails/${project}/`);
    const refused = await statuses(
      ['pixels', 'thumbnail'].flatMap((host) =>
        [
          `${before.project}/${foreign}`,
          `${project}/${foreign}`,
          `${before.project}/${id}`,
          `${project}/`,
          `${project}/a.png`,
          `${project}/..%2f..%2fsecrets%2fa.png`,
          `${project}/${id}%2f..%2f..%2fsecrets%2fa.png`,
          `${project}/%2e%2e/%2e%2e/secrets/a.png`,
          `${project}/${encodeURIComponent(join(secrets, 'a.png'))}`,
          `${project}/${id.toLowerCase()}`,
          `${project}/${id}%00`,
          `${project}/__proto__`,
          `${profile}${id}`,
          `/${project}/${id}`,
        ].map((path) => `image://${host}/${path}`),
      ),
    );
    expect(refused.filter((status) => status !== 404 && status !== 0)).toEqual([]);
    expect(
      await statuses([`image://header/${project}/${id}`, `image://pixels:80/${project}/..`, `image:///${project}/${id}`]),
    ).not.toContain(200);
  });

  it.skipIf(process.platform === 'win32')('a file or folder that became a link after the scan leads nowhere', async () => {
    const { project, ids } = await opened();
    rmSync(join(images, 'b.png'));
    symlinkSync(join(secrets, 'a.png'), join(images, 'b.png'));
    rmSync(join(images, 'sub'), { recursive: true });
    symlinkSync(secrets, join(images, 'sub'));
    rmSync(join(folder, 'profile/thumbnails'), { recursive: true, force: true });
    const urls = ['a.png', 'b.png', 'sub/c.png'].flatMap((path) =>
      ['pixels', 'thumbnail'].map((host) => `image://${host}/${project}/${ids[path] ?? ''}`),
    );
    expect(await statuses(urls)).toEqual([200, 200, 422, 422, 422, 422]);
  });
});
