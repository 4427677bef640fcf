import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { greyFile } from '../../unit/imaging/formats/dicom/write';
import { Person } from '../../e2e/person';

const radiographs = resolve(import.meta.dirname, '../../../../shared/data/cxr/nih');
const [WIDTH, HEIGHT] = [3000, 2500];
/** Longer than the pause before what comes is fetched and decoding it take. */
const AHEAD_MS = 4000;

/** Milliseconds after the key event: React has the new image, its pixels are handed to the canvas, they are drawn, the frame after that. */
interface Step {
  readonly known: number;
  readonly pixels: number;
  readonly drawn: number;
  readonly shown: number;
}

export async function measure([wanted]: readonly string[]): Promise<number> {
  const steps = Number(wanted ?? 12);
  const work = mkdtempSync(join(tmpdir(), 'collimate-'));
  try {
    const sets: Record<string, string> = { '3,000 x 2,500, 16 bit, DICOM': large(join(work, 'large'), steps + 2) };
    if (existsSync(radiographs)) sets['512 x 512 JPEG'] = small(join(work, 'small'), Math.max(40, steps + 2));
    console.log('| images | ahead | known | pixels | drawn | on the screen | 90 % below |\n| --- | --- | --- | --- | --- | --- | --- |');
    for (const [name, folder] of Object.entries(sets)) {
      const person = await Person.start({ profile: join(work, `profile ${name.slice(0, 3)}`) });
      await person.createProject({ folder, name, task: 'multiclass', findings: ['a', 'b'] });
      await person.page.waitForFunction(
        () => document.querySelector('[data-testid=embedding-status]')?.textContent?.includes('embedded') ?? false,
        undefined,
        { timeout: 240_000 },
      );
      await shown(person);
      for (const [ahead, wait] of [
        ['yes', AHEAD_MS],
        ['no', 0],
      ] as const) {
        const done: Step[] = [];
        for (let i = 0; i < steps; i += 1) {
          await person.page.waitForTimeout(wait);
          // There and back: the image before is decoded ahead, too. Both passes together walk as many images as there are steps.
          done.push(await step(person, i % 4 === 3 ? 'ArrowLeft' : 'ArrowRight'));
        }
        const column = (part: keyof Step, q = 0.5) =>
          quantile(
            done.map((each) => each[part]),
            q,
          ).toFixed(0);
        console.log(
          `| ${[name, ahead, column('known'), column('pixels'), column('drawn'), column('shown'), column('shown', 0.9)].join(' | ')} |`,
        );
      }
      await person.close();
    }
    return 0;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const quantile = (values: readonly number[], q: number) => [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? NaN;

const shown = (person: Person) => person.page.locator('[data-testid=queue-image][data-ready=full] canvas:not([hidden])').waitFor();

async function step(person: Person, key: string): Promise<Step> {
  await shown(person);
  await person.page.evaluate(() => {
    const box = document.querySelector<HTMLElement>('[data-testid=queue-image]');
    const canvas = box?.querySelector('canvas');
    if (!box || !canvas) throw new Error('no image is shown');
    const before = box.dataset['image'];
    Reflect.set(
      globalThis,
      'step',
      new Promise((done) => {
        addEventListener(
          'keydown',
          ({ timeStamp }) => {
            const after = () => performance.now() - timeStamp;
            const at = { known: 0, pixels: 0, drawn: 0, shown: 0 };
            const look = () => {
              if (box.dataset['image'] === before) return;
              at.known ||= after();
              if (box.dataset['ready'] === 'full') at.pixels ||= after();
              if (at.pixels === 0 || canvas.hidden) return;
              at.drawn = after();
              watch.disconnect();
              // The canvas became visible in this task: the next frame has it, and the one after that comes when it was handed over.
              requestAnimationFrame(() =>
                requestAnimationFrame(() => {
                  at.shown = after();
                  done(at);
                }),
              );
            };
            const watch = new MutationObserver(look);
            watch.observe(box, { subtree: true, attributes: true, childList: true });
          },
          { capture: true, once: true },
        );
      }),
    );
  });
  await person.page.keyboard.press(key);
  return person.page.evaluate(() => Reflect.get(globalThis, 'step') as Promise<Step>);
}

/** Noisy like a detector: what compresses well would be read too quickly. */
function large(folder: string, count: number): string {
  mkdirSync(folder);
  let state = 1;
  for (let n = 0; n < count; n += 1) {
    const samples = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const [x, y] = [(i % WIDTH) / WIDTH, Math.floor(i / WIDTH) / HEIGHT];
      return 20_000 + 15_000 * Math.sin(5 * x + n) * Math.cos(4 * y) + (state >>> 22);
    });
    const file = greyFile([], {
      '00280010': ['US', [HEIGHT]],
      '00280011': ['US', [WIDTH]],
      '7fe00010': ['OW', new Uint8Array(samples.buffer)],
    });
    writeFileSync(join(folder, `${String(n).padStart(2, '0')}.dcm`), file);
  }
  return folder;
}

function small(folder: string, count: number): string {
  mkdirSync(folder);
  for (const name of readdirSync(radiographs).slice(0, count)) copyFileSync(join(radiographs, name), join(folder, name));
  return folder;
}
