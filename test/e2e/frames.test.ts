import { parse } from 'csv-parse/sync';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/imaging/formats/decode';
import { display } from '../../src/imaging/window/display';
import { greyFile } from '../unit/imaging/formats/dicom/write';
import { tiffFile } from '../unit/imaging/formats/write-tiff';
import { collimate } from './command-line';
import { Person } from './person';

const SIDE = 48;
const field = (seed: number) => Uint16Array.from({ length: SIDE * SIDE }, (_, i) => (i * (seed + 3) * 37) % 4096);

describe('a folder with files of several frames', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const images = join(folder, 'images');
  const film = join(images, 'film.dcm');
  let person: Person;

  beforeAll(async () => {
    mkdirSync(images);
    const samples = [0, 1, 2, 3].flatMap((n) => [...field(n)]);
    writeFileSync(film, greyFile(samples, { '00280008': ['IS', '4'], '00280010': ['US', [SIDE]], '00280011': ['US', [SIDE]] }));
    writeFileSync(join(images, 'pages.tif'), tiffFile([5, 6, 7].map((n) => ({ width: SIDE, data: field(n) }))));
    writeFileSync(join(images, 'single.dcm'), greyFile([...field(9)], { '00280010': ['US', [SIDE]], '00280011': ['US', [SIDE]] }));
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows and labels each frame; tables, class folders and the command line name the same frames', async () => {
    const project = { folder: images, name: 'Frames', task: 'multiclass', findings: ['even', 'odd'] } as const;
    await person.createProject(project, {
      look: async () => {
        expect(await person.page.getByText('Some files hold several frames').isVisible()).toBe(true);
        expect(await person.id('frames-all').isChecked()).toBe(true);
        expect(await person.page.getByText('settled for good').isVisible()).toBe(true);
        expect(await person.barriers()).toEqual([]);
      },
    });
    await person.page.waitForFunction(() =>
      document.querySelector('[data-testid=embedding-status]')?.textContent?.startsWith('8 embedded'),
    );

    const answered = new Map<string, string>();
    while (answered.size < 8) {
      await person.page.locator('[data-testid=queue-image][data-ready=full]').waitFor();
      const name = await person.page.locator('.viewer-name').innerText();
      const frame = Number(/, frame (\d+)$/.exec(name)?.[1] ?? 1) - 1;
      answered.set(`${name.replace(/, frame .*/, '')} ${name.includes('frame') ? String(frame) : ''}`, frame % 2 === 0 ? 'even' : 'odd');
      await person.answer([frame % 2 === 0 ? '1' : '2'], answered.size < 8);
    }
    const out = join(folder, 'out');
    const [file = ''] = await person.export('labels', out);
    const rows = parse<Record<string, string>>(readFileSync(file), { columns: true });
    expect(new Map(rows.map(({ path, frame, label }) => [`${path ?? ''} ${frame ?? ''}`, label]))).toEqual(answered);

    const [classes = ''] = await person.export('folders', out);
    expect(readdirSync(join(classes, 'odd')).sort()).toEqual(['film.dcm.frame-1.png', 'film.dcm.frame-3.png', 'pages.tif.frame-1.png']);
    expect(readdirSync(join(classes, 'even'))).toContain('single.dcm');
    const written = await decodeImage(readFileSync(join(classes, 'odd/film.dcm.frame-3.png')), null);
    expect(Buffer.from(written.data)).toEqual(Buffer.from(display(await decodeImage(readFileSync(film), 3)).data));

    const emb = ['--index', join(out, 'emb.csv')];
    await collimate('embed', images, '--encoder', 'builtin', '--out', join(out, 'emb.npy'), ...emb);
    const fit = ['--embeddings', join(out, 'emb.npy'), ...emb, '--labels', join(out, basename(file))];
    const { stdout } = await collimate('fit', ...fit, '--out', join(out, 'head'), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ labels: 8, unmatched: 0 });
  });

  it('a file that has more frames later keeps its labels and gets the new frames', async () => {
    const samples = [0, 1, 2, 3, 8].flatMap((n) => [...field(n)]);
    writeFileSync(film, greyFile(samples, { '00280008': ['IS', '5'], '00280010': ['US', [SIDE]], '00280011': ['US', [SIDE]] }));
    await person.page.keyboard.press('F5');
    await person.page.getByText('4 images changed').waitFor();
    await person.page.waitForFunction(() =>
      document.querySelector('[data-testid=embedding-status]')?.textContent?.startsWith('9 embedded'),
    );
    expect(await person.id('labelled-count').innerText()).toBe('8 of 9 labelled');
  });

  it('with first frames only every file is one image', async () => {
    await person.page.keyboard.press('Control+w');
    await person.id('welcome').waitFor();
    const project = { folder: images, name: 'First', task: 'multiclass', findings: ['even', 'odd'] } as const;
    await person.createProject(project, { look: () => person.id('frames-first').check() });
    await person.embedded();
    expect(await person.id('embedding-status').innerText()).toContain('3 embedded');
  });
});
