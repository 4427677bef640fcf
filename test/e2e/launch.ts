import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright';

const root = resolve(import.meta.dirname, '../..');

export interface LaunchOptions {
  /** The folder that becomes the app's whole profile: a new one for each test, or the same one to start again on what is there. */
  readonly profile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface Launched {
  readonly app: ElectronApplication;
  readonly page: Page;
  /** The main process. */
  readonly main: ChildProcess;
  /** What the main process has written to its standard error so far, for the message of a failing test. */
  readonly errors: () => string;
}

/**
 * Opens the built app (out/) in the real Electron and waits for its window.
 * ELECTRON_EXEC_PATH and a display must be there: Vitest's e2e project and `npm run demo` see to both.
 */
export async function launchApp({ profile, env = {}, args = [] }: LaunchOptions): Promise<Launched> {
  const executablePath = process.env['ELECTRON_EXEC_PATH'];
  if (executablePath === undefined) throw new Error('ELECTRON_EXEC_PATH names no Electron: run this through npm test or npm run demo');
  // What a test runner or an editor sets for its own Node would change ours.
  const { ELECTRON_RUN_AS_NODE: _asNode, NODE_OPTIONS: _options, NODE_ENV: _mode, ...inherited } = process.env;
  const defined = Object.fromEntries(Object.entries(inherited).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const app = await _electron.launch({
    executablePath,
    // Holds the app back until Playwright is connected, which Playwright does by itself only where it finds the Electron:
    // without it about one launch in thirty met a window that was just being made, and waited for ever.
    args: ['-r', join(root, 'node_modules/playwright-core/lib/server/electron/loader.js'), ...args, root],
    // Chromium refuses its sandbox to root; for everybody else the tests run inside it, like the app.
    chromiumSandbox: process.getuid?.() !== 0,
    cwd: root,
    env: { ...defined, COLLIMATE_PROFILE: profile, ...env },
  });
  const main = app.process();
  let written = '';
  main.stderr?.setEncoding('utf8');
  main.stderr?.on('data', (text: string) => (written += text));
  try {
    const page = await app.firstWindow();
    await page.waitForLoadState('domcontentloaded');
    return { app, page, main, errors: () => written };
  } catch (cause) {
    await killApp(main);
    throw new Error(`The app opened no window. It said:\n${written.slice(-4000)}`, { cause });
  }
}

/** Ends every process of the app at once with SIGKILL, as a crash of the machine would: nobody gets to flush or say goodbye. */
export async function killApp(main: ChildProcess): Promise<void> {
  const ended = main.exitCode === null && main.signalCode === null ? new Promise((done) => main.once('exit', done)) : undefined;
  if (main.pid !== undefined) for (const pid of withDescendants(main.pid)) kill(pid);
  await ended;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended on its own.
  }
}

/** Linux only; elsewhere the main process alone, whose end takes the others along. */
function withDescendants(pid: number): number[] {
  if (process.platform !== 'linux') return [pid];
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }));
  const below = (parent: number): number[] => [
    parent,
    ...parents.filter((entry) => entry.parent === parent).flatMap((entry) => below(entry.pid)),
  ];
  return below(pid);
}

function parentOf(pid: string): number {
  try {
    // proc(5): "pid (name) state ppid"; the name may hold spaces and brackets.
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
