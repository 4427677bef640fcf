import { parse } from 'csv-parse/sync';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';
import { noRealImages, takeKermany } from './real-images';

const shared = resolve(import.meta.dirname, '../../../shared/data');
const dicom = ['pydicom-data/RG1_J2KI.dcm', 'dwv/gdcm-CR-MONO1-10-chest.dcm'].map((name) => join(shared, 'dicom', name));
const reason = noRealImages ?? (dicom.every((file) => existsSync(file)) ? null : 'the folder ../shared/data/dicom is not there');

describe.skipIf(reason !== null)(`a folder of everything${reason === null ? '' : ` (${reason})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const images = join(folder, 'images');
  let person: Person;

  beforeAll(async () => {
    mkdirSync(join(images, 'rubbish'), { recursive: true });
    for (const format of ['dicom', 'png16']) {
      await collimate('sample', '--out', join(folder, format), '--count', '12', '--format', format);
      cpSync(join(folder, format, 'images'), join(images, format), { recursive: true });
    }
    takeKermany(join(images, 'jpeg'), 12);
    for (const file of dicom) copyFileSync(file, join(images, file.split('/').at(-1) ?? ''));
    writeFileSync(join(images, 'rubbish/report.txt'), 'No acute findings.');
    writeFileSync(
      join(images, 'rubbish/cut.png'),
      readFileSync(join(images, 'png16', readdirSync(join(images, 'png16'))[0] ?? '')).subarray(0, 900),
    );
    writeFileSync(join(images, 'rubbish/empty.dcm'), '');
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is read, labelled and exported; rubbish is named and stops nothing', async () => {
    await person.createProject({ folder: images, name: 'Mixed', task: 'multiclass', findings: ['drawn', 'real'] });
    await person.embedded();
    expect(await person.id('embedding-status').innerText()).toContain('38 embedded, 1 unreadable');
    await person.page.keyboard.press('p');
    await person.id('failures').locator('summary').click();
    const failures = await person.id('failures').innerText();
    expect(failures).toContain('cut.png');
    await person.id('left-out').locator('summary').click();
    await person.id('left-out').locator('li').first().waitFor();
    const others = await person.id('left-out').innerText();
    for (const name of ['report.txt', 'empty.dcm']) expect(others).toContain(name);
    // Every image is to be asked like any other.
    await person.id('audit-share').selectOption('0');
    await person.page.keyboard.press('p');

    const answered = new Map<string, string>();
    while (answered.size < 38) {
      const { path } = await person.current();
      // Rubbish has no picture; everything else is shown at full depth.
      if (!path.startsWith('rubbish/')) await person.page.locator('[data-testid=queue-image][data-ready=full]').waitFor();
      const answer = path.startsWith('dicom/') || path.startsWith('png16/') ? 'drawn' : 'real';
      answered.set(path, answer);
      await person.answer([answer === 'drawn' ? '1' : '2'], answered.size < 38);
    }
    const [file = ''] = await person.export('labels', join(folder, 'out'));
    const rows = parse<Record<string, string>>(readFileSync(file), { columns: true });
    expect(new Map(rows.map((row) => [row['path'], row['label']]))).toEqual(answered);
    const proposals = await person.round();
    expect(proposals.byPath.size).toBe(38);
    const model = await person.export('model', join(folder, 'out'));
    expect(model.some((name) => name.endsWith('model.onnx'))).toBe(true);
  });
});
