import axe from 'axe-core';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ElectronApplication, Page } from 'playwright';
import type { BridgeService } from '../../src/contract/bridge';
import type { RoundView } from '../../src/contract/views';
import type { Client } from '../../src/contract/wire';
import { killApp, launchApp, type Launched, type LaunchOptions } from './launch';
import type { ChildProcess } from 'node:child_process';

declare global {
  interface Window {
    /** Put there by the preload script. */
    collimate: Client<BridgeService>;
    /** What the page was told last; kept by `Person.listen`. */
    heard?: { pool: number; images: string[]; rounds: RoundView[] };
  }
}

export interface Proposals {
  readonly findings: readonly string[];
  /** path -> calibrated probability of each finding. */
  readonly byPath: ReadonlyMap<string, readonly number[]>;
  readonly seq: number;
  readonly labelled: number;
}

export interface NewProject {
  readonly folder: string;
  readonly name: string;
  readonly task: 'multiclass' | 'multilabel';
  readonly findings: readonly string[];
}

const WAIT = 240_000;

/** Drives the real app the way a person does: by its windows, buttons and keys. */
export class Person {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly errors: () => string;

  readonly #main: ChildProcess;

  private constructor({ app, page, main, errors }: Launched) {
    this.app = app;
    this.#main = main;
    this.page = page;
    this.errors = errors;
  }

  static async start(options: LaunchOptions): Promise<Person> {
    const person = new Person(await launchApp(options));
    await person.id('new-project').waitFor();
    return person;
  }

  /** The next system dialogs answer with this path: a native dialog cannot be driven from outside. */
  async willChoose(path: string): Promise<void> {
    await this.app.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
    }, path);
  }

  id(testId: string) {
    return this.page.getByTestId(testId);
  }

  /** `importing`: a checkpoint that is imported first and becomes the encoder. `look`: what to do once the folder was looked at. */
  async createProject(
    { folder, name, task, findings }: NewProject,
    { importing, look }: { importing?: string; look?: () => Promise<void> } = {},
  ): Promise<void> {
    await this.willChoose(folder);
    await this.id('new-project').click();
    await this.id('choose-folder').click();
    await this.id('folder-look').waitFor();
    await look?.();
    await this.id('project-name').fill(name);
    await this.id(`task-${task}`).check();
    const rows = this.id('finding-draft');
    while ((await rows.count()) < findings.length) await this.id('add-finding').click();
    while ((await rows.count()) > findings.length) await rows.last().getByRole('button').click();
    for (const [i, finding] of findings.entries()) await this.id(`finding-name-${String(i)}`).fill(finding);
    if (importing !== undefined) {
      await this.willChoose(importing);
      await this.id('import-encoder').click();
      await this.id('import-run').click();
      await this.page.locator('[data-testid^=encoder-]:not([data-testid=encoder-builtin]):checked').waitFor({ timeout: WAIT });
    }
    await this.listen();
    await this.id('create-project').click();
    await this.id('queue-view').waitFor();
  }

  /** Opens the project that was used last, from the welcome page. */
  async reopen(): Promise<void> {
    await this.id('recent-project').first().click();
    await this.id('queue-view').or(this.id('queue-empty')).first().waitFor();
  }

  /** Keeps the pool and the rounds that the page is told, from now on. */
  async listen(): Promise<void> {
    await this.page.evaluate(() => {
      const heard: NonNullable<Window['heard']> = { pool: 0, images: [], rounds: [] };
      window.heard = heard;
      window.collimate.on('pool', ({ pool, images }) => {
        heard.pool = pool;
        heard.images = images;
        heard.rounds = [];
      });
      window.collimate.on('round', (round) => {
        if (round.pool === heard.pool) heard.rounds.push(round);
      });
    });
  }

  async embedded(): Promise<void> {
    await this.page.locator('[data-testid=embedding-status][data-state=done]').waitFor({ timeout: WAIT });
  }

  /** The image that is shown large: its path in the folder, and its id. */
  async current(): Promise<{ path: string; image: string }> {
    const shown = this.id('queue-image');
    await shown.waitFor();
    const [path, image] = await Promise.all([shown.getAttribute('data-path'), shown.getAttribute('data-image')]);
    return { path: path ?? '', image: image ?? '' };
  }

  async saved(): Promise<void> {
    await this.page.waitForFunction(() => document.querySelector('[data-testid=saved-state]')?.textContent?.trim() === 'Saved');
  }

  /** Presses keys on the image that is shown, and waits until they are saved and, when asked, another image is shown. */
  async answer(keys: readonly string[], goesOn: boolean): Promise<void> {
    const { image } = await this.current();
    for (const key of keys) await this.page.keyboard.press(key);
    if (goesOn) {
      await this.page.waitForFunction(
        (before) => document.querySelector('[data-testid=queue-image]')?.getAttribute('data-image') !== before,
        image,
      );
    }
    await this.saved();
  }

  /** No other finding: A, which is not accepted before the image has been on the screen for a moment. */
  async nothingElse(): Promise<void> {
    const { image } = await this.current();
    do {
      await this.page.keyboard.press('a');
      await this.page.waitForTimeout(50);
    } while ((await this.current()).image === image);
    await this.saved();
  }

  /** Waits for the round of this stage that knows every label so far. */
  async round(stage: 'quick' | 'full' = 'full'): Promise<Proposals> {
    const project = await this.page.evaluate(async () => {
      const list = await window.collimate.call('projects.list', {});
      return list.ok ? list.value[0]?.id : undefined;
    });
    if (project === undefined) throw new Error('no project is open');
    const round = await this.#newest(project, stage);
    const paths = await this.paths(project);
    const k = round.findings.length;
    const byPath = new Map(round.images.map((id, row) => [paths.get(id) ?? id, round.probabilities.slice(row * k, (row + 1) * k)]));
    return { findings: round.findings, byPath, seq: round.seq, labelled: round.labelled };
  }

  async #newest(project: string, stage: 'quick' | 'full') {
    for (const end = Date.now() + WAIT; Date.now() < end; await this.page.waitForTimeout(100)) {
      const round = await this.page.evaluate(
        async ([id, wanted]) => {
          const read = await window.collimate.call('journal.read', { project: id, after: 2 ** 40, limit: 1 });
          const newest = window.heard?.rounds.findLast((each) => each.stage === wanted && each.head !== null);
          if (!newest || !window.heard || !read.ok || newest.seq < read.value.last) return null;
          const { head, probabilities, seq, metrics } = newest;
          return {
            findings: head?.findings ?? [],
            probabilities: [...probabilities],
            seq,
            labelled: metrics.labelled,
            images: window.heard.images,
          };
        },
        [project, stage] as const,
      );
      if (round) return round;
    }
    throw new Error(`no ${stage} round came`);
  }

  /** Image id -> path, from the journal as the page reads it. */
  async paths(project: string): Promise<Map<string, string>> {
    const entries = await this.page.evaluate(async (id) => {
      const paths: [string, string][] = [];
      for (let after = 0; ;) {
        const read = await window.collimate.call('journal.read', { project: id, after, limit: 5000 });
        if (!read.ok || read.value.actions.length === 0) return paths;
        for (const action of read.value.actions) {
          if (action.kind === 'images') for (const image of action.images) paths.push([image.id, image.path]);
          after = action.seq;
        }
      }
    }, project);
    return new Map(entries);
  }

  /** Exports into a folder and returns the names of the written files. */
  async export(kind: 'labels' | 'folders' | 'model' | 'head', folder: string): Promise<string[]> {
    mkdirSync(folder, { recursive: true });
    await this.willChoose(folder);
    await this.page.keyboard.press('Control+e');
    await this.id(`export-${kind}`).check();
    await this.id('export-folder').click();
    await this.page.waitForFunction((path) => document.querySelector('[data-testid=export-path]')?.textContent?.trim() === path, folder);
    await this.id('export-run').click();
    const outcome = this.id('export-done').or(this.page.getByTestId('failure'));
    await outcome.first().waitFor({ timeout: WAIT });
    if (await this.page.getByTestId('failure').count()) throw new Error(await this.page.getByTestId('failure').first().innerText());
    const files = await this.id('export-done').locator('li').allInnerTexts();
    await this.id('export-dialog-close').click();
    return files;
  }

  async screenshot(folder: string, name: string, size?: { width: number; height: number }): Promise<void> {
    if (size) {
      await this.app.evaluate(
        ({ BrowserWindow }, { width, height }) => BrowserWindow.getAllWindows()[0]?.setContentSize(width, height),
        size,
      );
      await this.page.waitForTimeout(400);
    }
    await this.page.screenshot({ path: join(folder, `${name}.png`) });
  }

  /** What axe finds wrong with the accessibility of what is on the screen, a line each. */
  async barriers(): Promise<string[]> {
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate<axe.AxeResults>('axe.run()');
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  }

  get pid(): number {
    return this.#main.pid ?? -1;
  }

  /** Ends one of the app's utility processes the hard way; answers how many there were. */
  killUtility(name: string): Promise<number> {
    return this.app.evaluate(({ app }, wanted) => {
      const found = app.getAppMetrics().filter((metric) => metric.type === 'Utility' && metric.name === `Collimate ${wanted}`);
      for (const { pid } of found) process.kill(pid, 'SIGKILL');
      return found.length;
    }, name);
  }

  /** Ends every process of the app with SIGKILL. */
  kill(): Promise<void> {
    return killApp(this.#main);
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}
