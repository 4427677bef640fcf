import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';

/** Chromium's software driver as a WebGPU device; all of them are needed. */
const flags = [
  '-r',
  join(import.meta.dirname, 'vulkan.cjs'),
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--use-vulkan=swiftshader',
  '--disable-vulkan-surface',
  '--ignore-gpu-blocklist',
  '--use-gl=angle',
  '--use-angle=swiftshader',
];

/** The hidden page, as main sees it; null while there is none. */
const hiddenPage = (person: Person) =>
  person.app.evaluate(({ BrowserWindow }) => {
    const hidden = BrowserWindow.getAllWindows().find((window) => window.webContents.getURL().endsWith('/trainer.html'));
    if (!hidden) return null;
    const contents = hidden.webContents as typeof hidden.webContents & { getLastWebPreferences: () => Record<string, unknown> };
    return { pid: contents.getOSProcessId(), visible: hidden.isVisible(), preferences: contents.getLastWebPreferences() };
  });

const killed = (person: Person, pid: number) => person.app.evaluate((_electron, id) => process.kill(id, 'SIGKILL'), pid);

declare global {
  interface Window {
    lastTrainer?: { readonly backend: string | null; readonly reason: string };
  }
}

/** Waits for the backend of that name; answers the reason that the page was told. */
async function untilBackend(person: Person, name: string): Promise<string> {
  await person.page.waitForFunction((wanted) => window.lastTrainer?.backend === wanted, name, { timeout: 60_000 });
  return person.page.evaluate(() => window.lastTrainer?.reason ?? '');
}

describe('the trainer on a graphics card', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  let person: Person;
  let isThere = false;

  beforeAll(async () => {
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '40');
    person = await Person.start({ profile: join(folder, 'profile'), args: flags, env: { COLLIMATE_BACKEND: 'webgpu' } });
    await person.page.evaluate(() => {
      window.collimate.on('status', ({ trainer }) => {
        window.lastTrainer = trainer;
      });
    });
    isThere = await person.page.evaluate(async () => {
      const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
      return ((await gpu?.requestAdapter()) ?? null) !== null;
    });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('learns in a hidden sandboxed page, survives its end, and goes on with wasm, to the same proposals, when the card is lost', async ({
    skip,
  }) => {
    if (!isThere) skip('this Chromium offers no WebGPU here');
    await person.createProject({ folder: join(folder, 'phantoms/images'), name: 'Card', task: 'multiclass', findings: ['normal', 'ill'] });
    await person.embedded();
    for (let i = 0; i < 8; i++) await person.answer([String(1 + (i % 2))], true);
    await person.round();
    expect(await untilBackend(person, 'webgpu')).toMatch(/self-test passed/);
    const page = await hiddenPage(person);
    expect(page).toMatchObject({ visible: false, preferences: { sandbox: true, contextIsolation: true, nodeIntegration: false } });

    // Killed, it is started again and knows the new answer.
    await killed(person, page?.pid ?? -1);
    await person.answer(['1'], true);
    const onCard = await person.round();
    expect(onCard.labelled).toBe(9);
    expect((await hiddenPage(person))?.pid).not.toBe(page?.pid);
    await untilBackend(person, 'webgpu');

    const card = await person.app.evaluate(({ app }) => app.getAppMetrics().find(({ type }) => type === 'GPU')?.pid ?? -1);
    await killed(person, card);
    await person.answer(['2'], true);
    const afterwards = await person.round();
    expect(afterwards.labelled).toBe(10);
    expect(await untilBackend(person, 'wasm')).toMatch(/webgpu failed in mid-run: /);
    // The same answers again, without the last.
    await person.page.keyboard.press('Control+z');
    await person.saved();
    const onWasm = await person.round();
    expect(onWasm.labelled).toBe(9);
    for (const [path, probabilities] of onCard.byPath) {
      probabilities.forEach((p, k) => expect(Math.abs(p - (onWasm.byPath.get(path)?.[k] ?? NaN))).toBeLessThan(1e-3));
    }
  });

  it('closes with its visible window', async ({ skip }) => {
    if (!isThere) skip('this Chromium offers no WebGPU here');
    const app = person.app.process();
    const ended = new Promise((resolve) => app.once('exit', resolve));
    await person.page.close();
    await ended;
    expect(app.signalCode).toBeNull();
  });
});
