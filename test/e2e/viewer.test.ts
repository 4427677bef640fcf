import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/imaging/formats/decode';
import type { Picture } from '../../src/imaging/formats/raster';
import { display } from '../../src/imaging/window/display';
import { Person } from './person';

const data = resolve(import.meta.dirname, '../../../shared/data/dicom');
/** Where the pictures of both are kept to be looked at; nowhere unless given. */
const keepIn = process.env['COLLIMATE_SHOTS'];

/**
 * Files, the key that shows the window of the reference, and its rendering (pydicom: rescale, LUT, window, inversion; made small with a
 * box filter). F2 is the file's window or VOI LUT; F8 the whole range, which the reference spreads where a file states none.
 */
const references = [
  ['window.dcm', 'derived/chest-window-list.dcm', 'F3 F2', 'derived__chest-window-list.dcm'],
  ['mono1-15bit.dcm', 'pydicom-data/RG1_J2KI.dcm', 'F3 F2', 'pydicom-data__RG1_J2KI.dcm'],
  ['mono1-10bit.dcm', 'dwv/gdcm-CR-MONO1-10-chest.dcm', 'F3 F2', 'dwv__gdcm-CR-MONO1-10-chest.dcm'],
  ['mr.dcm', 'pydicom/MR_small.dcm', 'F3 F2', 'pydicom__MR_small.dcm'],
  ['voi-lut.dcm', 'pydicom-data/vlut_04.dcm', 'F3 F2', 'pydicom-data__vlut_04.dcm'],
  ['no-window.dcm', 'derived/chest-no-window.dcm', 'F8', 'derived__chest-no-window.dcm'],
  ['ct.dcm', 'pydicom/CT_small.dcm', 'F8', 'pydicom__CT_small.dcm'],
] as const;

/** Cells a side: each is the mean of at least 12 x 12 pixels of the screen, so that neither filter nor half a pixel at the edge counts. */
const CELLS = 32;

describe.skipIf(!existsSync(data))('the large view beside the reference renderings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const images = join(folder, 'images');
  let person: Person;

  beforeAll(async () => {
    mkdirSync(images);
    for (const [name, source] of references) copyFileSync(join(data, source), join(images, name));
    person = await Person.start({ profile: join(folder, 'profile'), args: ['--force-color-profile=srgb'] });
    await person.createProject({ folder: images, name: 'Windows', task: 'multiclass', findings: ['a', 'b'] });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(references)('%s as the reference renders it', async (name, _source, keys, render) => {
    await open(person, name);
    for (const key of keys.split(' ')) await person.page.keyboard.press(key);
    const shown = await onScreen(person, name, await decodeImage(readFileSync(join(images, name)), null));
    expect(difference(shown, await pictureOf(join(data, 'render', `${render}.png`)))).toBeCloseToReference();
  });

  it('each of the three windows of a list, the second and third computed from the decoded samples', async () => {
    const raster = await decodeImage(readFileSync(join(images, 'window.dcm')), null);
    expect(raster.windows).toHaveLength(3);
    await open(person, 'window.dcm');
    expect(await person.page.locator('.viewer-caption').innerText()).toContain('10 bit');
    const seen = new Set<string>();
    for (const window of raster.windows) {
      seen.add(await person.id('viewer-figures').innerText());
      const shown = await onScreen(person, `window ${String(window.center)}`, raster);
      expect(difference(shown, display({ ...raster, windows: [window] }))).toBeCloseToReference();
      await person.page.keyboard.press('F2');
    }
    expect(seen.size).toBe(3);
  });
});

interface Difference {
  readonly mean: number;
  readonly largest: number;
}

/**
 * In grey levels of 256. The screen rounds each pixel after a linear filter, the reference before a box filter: by less than one level on
 * average; where a window cuts off (black or white) inside a cell the order of filter and window matters, so single cells may differ more.
 */
expect.extend({
  toBeCloseToReference: ({ mean, largest }: Difference) => ({
    pass: mean < 1 && largest < 12,
    message: () => `mean difference ${mean.toFixed(2)} (below 1), largest ${largest.toFixed(1)} (below 12)`,
  }),
});
declare module 'vitest' {
  interface Matchers {
    toBeCloseToReference(): void;
  }
}

async function open(person: Person, name: string): Promise<void> {
  await person.page.keyboard.press('g');
  await person.page.locator(`[data-testid=grid-cell][data-path="${name}"]`).dblclick();
  await person.page.locator(`[data-testid=queue-image][data-path="${name}"][data-ready=full] canvas:not([hidden])`).waitFor();
}

/** What the screen shows of the image, without the words above it. */
async function onScreen(person: Person, name: string, size: { width: number; height: number }): Promise<Picture> {
  const { page } = person;
  const clip = await page.evaluate(
    async ({ width, height }: { width: number; height: number }) => {
      const box = document.querySelector<HTMLElement>('[data-testid=queue-image]');
      const canvas = box?.querySelector('canvas');
      if (!box || !canvas) throw new Error('no canvas');
      for (const words of box.querySelectorAll<HTMLElement>('.viewer-caption, .viewer-figures')) words.style.visibility = 'hidden';
      // Drawn in the next frame, shown in the one after it.
      for (let i = 0; i < 3; i += 1) await new Promise((done) => requestAnimationFrame(done));
      const { left, top, width: across, height: down } = canvas.getBoundingClientRect();
      const scale = Math.min(across / width, down / height);
      return {
        x: left + (across - width * scale) / 2,
        y: top + (down - height * scale) / 2,
        width: width * scale,
        height: height * scale,
      };
    },
    { width: size.width, height: size.height },
  );
  const png = await page.screenshot({ clip });
  if (keepIn !== undefined) writeFileSync(join(keepIn, `${name}.png`), png);
  await page.evaluate(() => {
    for (const words of document.querySelectorAll<HTMLElement>('.viewer-caption, .viewer-figures')) words.style.visibility = '';
  });
  const { width, height, channels, data: samples } = await decodeImage(png, null);
  if (samples instanceof Uint16Array) throw new Error('a screenshot has 8 bits');
  return { width, height, channels, data: samples };
}

async function pictureOf(file: string): Promise<Picture> {
  return display(await decodeImage(readFileSync(file), null));
}

function difference(a: Picture, b: Picture): Difference {
  const [left, right] = [means(a), means(b)];
  const each = left.map((value, i) => Math.abs(value - (right[i] ?? NaN)));
  return { mean: each.reduce((sum, value) => sum + value, 0) / each.length, largest: Math.max(...each) };
}

/** Means of CELLS x CELLS cells, weighted by the share of each pixel that lies in a cell. */
function means({ width, height, channels, data: samples }: Picture): number[] {
  const shares = (n: number) =>
    Array.from({ length: CELLS }, (_, cell) => {
      const [from, to] = [(cell * n) / CELLS, ((cell + 1) * n) / CELLS];
      return Array.from({ length: Math.ceil(to) - Math.floor(from) }, (_, i) => {
        const at = Math.floor(from) + i;
        return { at: Math.min(at, n - 1), share: Math.min(to, at + 1) - Math.max(from, at) };
      });
    });
  const [columns, rows] = [shares(width), shares(height)];
  return rows.flatMap((row) =>
    columns.map((column) => {
      let sum = 0;
      let weight = 0;
      for (const y of row) {
        for (const x of column) {
          sum += (samples[(y.at * width + x.at) * channels] ?? 0) * y.share * x.share;
          weight += y.share * x.share;
        }
      }
      return sum / weight;
    }),
  );
}
