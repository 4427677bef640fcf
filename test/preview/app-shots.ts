import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { collimate } from '../e2e/command-line';
import { Person } from '../e2e/person';
import { noRealImages, takeKermany } from '../e2e/real-images';
import { readTruth } from '../e2e/truth';

const sizes = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
];

/** Screenshots of the real app in every state, both sizes, both themes; what axe finds goes to stdout. Returns the exit code. */
export async function shots([out = join(tmpdir(), 'app-shots')]: readonly string[]): Promise<number> {
  mkdirSync(out, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '160', '--seed', '1');
  await collimate('sample', '--out', join(folder, 'dicom'), '--count', '12', '--format', 'dicom');
  const person = await Person.start({ profile: join(folder, 'profile') });
  let barriers = 0;
  const look = async (name: string) => {
    for (const theme of ['dark', 'light']) {
      await person.page.evaluate((chosen) => {
        document.documentElement.dataset['theme'] = chosen;
      }, theme);
      for (const size of sizes) await person.screenshot(out, `${name}-${theme}-${String(size.width)}`, size);
      const found = await person.barriers();
      barriers += found.length;
      for (const line of found) console.log(`${name} ${theme}: ${line}`);
    }
  };
  const press = async (...keys: readonly string[]) => {
    for (const key of keys) await person.page.keyboard.press(key);
  };
  try {
    await look('welcome-empty');
    await multiclass(person, folder, look, press);
    await multilabel(person, folder, look, press);
    await dicom(person, folder, look, press);
    await failures(person, folder, look, press);
  } finally {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${out}: ${String(barriers)} barriers`);
  return barriers === 0 ? 0 : 1;
}

type Look = (name: string) => Promise<void>;
type Press = (...keys: readonly string[]) => Promise<void>;

async function multiclass(person: Person, folder: string, look: Look, press: Press): Promise<void> {
  if (noRealImages !== null) return console.log(noRealImages);
  const classes = ['NORMAL', 'BACTERIA', 'VIRUS'];
  const truth = takeKermany(join(folder, 'ward'), 240);
  await person.createProject({ folder: join(folder, 'ward'), name: 'Pneumonia, ward study', task: 'multiclass', findings: classes });
  await look('queue-cold');
  await person.embedded();
  for (let i = 0; i < 45; i++) {
    const { path } = await person.current();
    await person.answer([String(classes.indexOf(truth.get(path) ?? '') + 1)], true);
  }
  await person.round();
  await look('queue-multiclass');
  await press('.');
  await person.page.getByTestId('similar-image').first().waitFor();
  await look('similar');
  await press('.', 'p');
  await look('progress');
  await person.page.getByTestId('queue-state').scrollIntoViewIfNeeded();
  await look('progress-end');
  await press('p', 'g');
  await person.page.waitForTimeout(1500);
  await look('grid');
  await person.id('grid-filter').selectOption({ index: 1 });
  const cells = person.page.getByTestId('grid-cell');
  await cells.nth(2).click();
  await cells.nth(7).click({ modifiers: ['Shift'] });
  await look('grid-selection');
  await press('Escape', 'q', '?');
  await look('keys');
  await person.id('keys-overlay-close').click();
  await press('Control+f');
  await look('findings');
  await person.id('findings-dialog-close').click();
  await press('Control+,');
  await look('settings');
  await person.id('settings-dialog-close').click();
  await exported(person, folder, look, press);
}

async function exported(person: Person, folder: string, look: Look, press: Press): Promise<void> {
  const out = join(folder, 'out');
  mkdirSync(out);
  await person.willChoose(out);
  await press('Control+e');
  await person.id('export-model').check();
  await person.id('export-folder').click();
  await person.id('export-run').click();
  await person.id('export-done').waitFor();
  await look('export');
  await person.id('export-run').click();
  await person.page.getByTestId('failure').waitFor();
  await look('export-exists');
  await person.id('export-dialog-close').click();
  await press('Control+w');
  await person.id('welcome').waitFor();
}

async function multilabel(person: Person, folder: string, look: Look, press: Press): Promise<void> {
  const images = join(folder, 'phantoms/images');
  const truth = readTruth(join(folder, 'phantoms'));
  if (typeof truth === 'string') throw new Error(truth);
  await person.willChoose(images);
  await press('Control+n');
  await person.id('choose-folder').click();
  await person.id('folder-look').waitFor();
  await person.id('preset-chestxray14').click();
  await look('new-project');
  await person.id('new-project-dialog-close').click();
  await person.createProject({ folder: images, name: 'Phantoms', task: 'multilabel', findings: truth.findings });
  await person.embedded();
  for (let i = 0; i < 40; i++) {
    const { path } = await person.current();
    const present = truth.findings.flatMap((finding, k) => (truth.present(path, finding) ? [String(k + 1)] : []));
    await person.answer(present, false);
    await person.nothingElse();
  }
  await person.round();
  await press('1', 'Shift+Digit2');
  await look('queue-multilabel');
  await press('.');
  await look('similar-multilabel');
  await press('.', 'p');
  await look('progress-multilabel');
  await press('p', 'Control+w');
  await person.id('welcome').waitFor();
}

async function dicom(person: Person, folder: string, look: Look, press: Press): Promise<void> {
  await person.createProject({ folder: join(folder, 'dicom/images'), name: 'DICOM', task: 'multiclass', findings: ['normal', 'ill'] });
  await person.embedded();
  await person.page.locator('[data-testid=queue-image][data-ready=full]').waitFor();
  await person.id('window-presets').click();
  await look('windows');
  await press('Escape', 'Control+ArrowRight', 'Control+ArrowDown', ',');
  await look('turned');
  await press('r');
  await person.page.getByLabel('Magnifier: press and move').click();
  await person.page.mouse.move(400, 300);
  await person.page.mouse.down();
  await look('magnifier');
  await person.page.mouse.up();
  await press('Control+i');
  await person.id('header-fields').waitFor();
  await look('header');
  await person.id('header-dialog-close').click();
  await press('Control+w');
  await person.id('welcome').waitFor();
}

async function failures(person: Person, folder: string, look: Look, press: Press): Promise<void> {
  renameSync(join(folder, 'dicom'), join(folder, 'moved'));
  await person.page.reload();
  await person.id('welcome').waitFor();
  await look('welcome');
  await person.reopen();
  await person.id('trouble').waitFor();
  await look('trouble');
  await person.willChoose(resolve(folder, 'phantoms/images'));
  await person.id('relocate').click();
  await person.page.locator('[data-code=folder-foreign]').waitFor();
  await press('Enter', 'Control+z');
  await look('trouble-foreign');
  await person.willChoose(resolve(folder, 'moved/images'));
  await person.id('relocate').click();
  await person.id('trouble').waitFor({ state: 'detached' });
  await press('F5');
  await person.page.getByText('The folder is as it was.').waitFor();
}
