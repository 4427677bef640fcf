import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collimate } from '../../e2e/command-line';
import { Person } from '../../e2e/person';

const DISTINCT = 40;
const FOLDERS = 100;
const LIMIT = { timeout: 120_000 };

interface Step {
  readonly name: string;
  /** Seconds by the clock since the step began, and of the processor in main and in the page. */
  readonly seconds: number;
  readonly main: number;
  readonly page: number;
}

/** A row for each step and folder size. Returns the exit code. */
export async function measure(args: readonly string[]): Promise<number> {
  const sizes = args.length > 0 ? args.map(Number) : [20_000, 100_000];
  const folder = mkdtempSync(join(tmpdir(), 'collimate-speed-'));
  try {
    await collimate('sample', '--out', join(folder, 'sample'), '--count', String(DISTINCT));
    console.log('| images | step | seconds | processor, main | processor, page |\n| --- | --- | --- | --- | --- |');
    for (const size of sizes) {
      for (const { name, seconds, main, page } of await stepsWith(folder, size))
        console.log(`| ${String(size)} | ${name} | ${[seconds, main, page].map((value) => value.toFixed(2)).join(' | ')} |`);
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function stepsWith(folder: string, size: number): Promise<Step[]> {
  const images = join(folder, `images-${String(size)}`);
  fill(join(folder, 'sample/images'), images, size);
  const person = await Person.start({ profile: join(folder, `profile-${String(size)}`) });
  const { page } = person;
  const steps: Step[] = [];
  const tab = await person.app.evaluate(({ app }) => app.getAppMetrics().find(({ type }) => type === 'Tab')?.pid ?? 0);
  const clock = () => ({ time: performance.now(), main: secondsOf(person.pid), page: secondsOf(tab) });
  let begun = clock();
  const begin = () => (begun = clock());
  const mark = (name: string) => {
    const { time, main, page: used } = clock();
    steps.push({ name, seconds: (time - begun.time) / 1000, main: main - begun.main, page: used - begun.page });
  };
  const shown = () => page.locator('[data-testid=queue-image][data-ready=full]').waitFor(LIMIT);
  /** The counter of labelled images begins with those and ends with all. */
  const counted = (where: 'startsWith' | 'endsWith', count = size) =>
    page.waitForFunction(
      ({ how, n }) => {
        const text = document.querySelector('[data-testid=labelled-count]')?.textContent ?? '';
        const figures = text.replaceAll(/[^\d ]/g, '').trim();
        return figures[how](String(n));
      },
      { how: where, n: count },
      LIMIT,
    );
  const labelledAndSaved = async (n: number) => {
    await counted('startsWith', n);
    await page.waitForFunction(
      () => document.querySelector('[data-testid=saved-state]')?.textContent?.trim() === 'Saved',
      undefined,
      LIMIT,
    );
  };
  /** Embedding takes what the processor has, and is not what is measured. */
  const pause = async () => {
    await page.evaluate(async () => {
      const list = await window.collimate.call('projects.list', {});
      const [project] = list.ok ? list.value : [];
      if (project) await window.collimate.call('embedding.pause', { project: project.id, paused: true });
    });
  };
  try {
    await person.willChoose(images);
    await person.id('new-project').click();
    await person.id('choose-folder').click();
    await person.id('folder-look').waitFor(LIMIT);
    begin();
    await person.id('create-project').click();
    await shown();
    mark('new project: first image');
    await counted('endsWith');
    mark('new project: every image known');
    await pause();
    begin();
    await page.keyboard.press('g');
    await page.waitForFunction(
      () =>
        [...document.querySelectorAll<HTMLImageElement>('[data-testid=grid-cell] img')].some((img) => img.complete && img.naturalWidth > 0),
      undefined,
      LIMIT,
    );
    mark('grid: first thumbnail');
    await page.keyboard.press('Control+w');
    await person.id('welcome').waitFor(LIMIT);
    begin();
    await person.id('recent-project').first().click();
    await shown();
    mark('opened again: first image');
    await pause();
    await page.keyboard.press('g');
    await person.id('grid-cell').first().waitFor(LIMIT);
    begin();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('1');
    await labelledAndSaved(size);
    mark('all labelled at once: saved');
    begin();
    await page.keyboard.press('Control+z');
    await labelledAndSaved(0);
    mark('and undone: saved');
    await page.keyboard.press('Control+Shift+z');
    await labelledAndSaved(size);
    await page.keyboard.press('Control+w');
    await person.id('welcome').waitFor(LIMIT);
    begin();
    await person.id('recent-project').first().click();
    await person.id('queue-empty').waitFor(LIMIT);
    mark('opened again, all labelled');
    return steps;
  } finally {
    await person.kill();
    rmSync(images, { recursive: true, force: true });
  }
}

/** Links, since a hundred thousand copies would measure the disk. */
function fill(from: string, to: string, size: number): void {
  const names = readdirSync(from);
  for (let n = 0; n < size; n++) {
    const folder = join(to, String(n % FOLDERS).padStart(3, '0'));
    if (n < FOLDERS) mkdirSync(folder, { recursive: true });
    const name = names[n % names.length] ?? '';
    linkSync(join(from, name), join(folder, `${String(n).padStart(6, '0')}-${name}`));
  }
}

/** proc(5): utime and stime are the 14th and 15th fields, in hundredths of a second. Linux only. */
function secondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}
