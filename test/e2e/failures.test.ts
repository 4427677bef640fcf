import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';

const isRoot = process.getuid?.() === 0;

describe('what goes wrong says so and loses nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const images = join(folder, 'phantoms/images');
  let person: Person;

  beforeAll(async () => {
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '40');
    const [first = ''] = readdirSync(images);
    truncateSync(join(images, first), 5000);
    writeFileSync(join(images, 'not-an-image.png'), 'hello');
    writeFileSync(join(images, 'notes.txt'), 'hello');
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a folder that is not there', async () => {
    await person.willChoose(join(folder, 'nowhere'));
    await person.id('new-project').click();
    await person.id('choose-folder').click();
    const failure = person.page.getByTestId('failure');
    await failure.waitFor();
    expect(await failure.getAttribute('data-code')).toBe('folder-missing');
    expect(await failure.innerText()).toContain('nowhere');
  });

  it('a checkpoint that is none', async () => {
    const file = join(folder, 'weights.pt');
    writeFileSync(file, Buffer.alloc(5000, 'not a checkpoint '));
    await person.willChoose(file);
    await person.id('import-encoder').click();
    const failure = person.page.locator('[data-testid=failure][data-code^=checkpoint]');
    await failure.waitFor();
    expect(await failure.innerText()).toContain('weights.pt');
    await person.id('new-project-dialog-close').click();
  });

  it('damaged images are listed with the reason, and everything else is embedded', async () => {
    await person.createProject({ folder: images, name: 'Damaged', task: 'multiclass', findings: ['normal', 'ill'] });
    await person.embedded();
    await person.page.keyboard.press('p');
    const failures = person.id('failures');
    await failures.waitFor();
    await failures.locator('summary').click();
    await failures.locator('li').first().waitFor();
    const text = await failures.innerText();
    expect(text).toContain('damaged');
    const others = person.id('left-out');
    expect(await others.locator('summary').innerText()).toBe('2 other files');
    await others.locator('summary').click();
    await others.locator('li').first().waitFor();
    expect(await others.innerText()).toMatch(/not-an-image\.png\s+It is named like an image.*\s+notes\.txt\s+Its first bytes/);
    expect(await person.id('embedding-status').innerText()).toContain('39 embedded');
    await person.page.keyboard.press('p');
  });

  it('an export that exists is replaced only when asked to', async () => {
    // The first file cannot be read: it gets no diagnosis and can only be skipped.
    await person.page.keyboard.press('1');
    await person.id('problem').getByText('cannot be read').waitFor();
    await person.id('problem').getByRole('button').last().click();
    await person.answer(['x'], true);
    for (let i = 0; i < 4; i++) await person.answer([String(1 + (i % 2))], true);
    const out = join(folder, 'out');
    await person.export('labels', out);
    await expect(person.export('labels', out)).rejects.toThrow('exists already');
    await person.id('export-overwrite').click();
    await person.id('export-done').waitFor();
    await person.id('export-dialog-close').click();
  });

  it('an export among the images is refused, and no image is ever replaced', async () => {
    const before = readdirSync(images);
    await expect(person.export('folders', images)).rejects.toThrow('among the images');
    await person.id('export-dialog-close').click();
    // A folder of the person's own that has the name which the export would take.
    const own = join(folder, 'mine/damaged-classes');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'precious.txt'), 'mine');
    await expect(person.export('folders', join(folder, 'mine'))).rejects.toThrow('exists already');
    await person.id('export-overwrite').click();
    await person.page.locator('[data-code=output-foreign]').waitFor();
    await person.id('export-dialog-close').click();
    expect(readdirSync(own)).toEqual(['precious.txt']);
    expect(readdirSync(images)).toEqual(before);
  });

  it('the same answer again is no failure', async () => {
    await person.answer(['1'], true);
    await person.page.keyboard.press('ArrowLeft');
    await person.answer(['1'], true);
    expect(await person.id('problem').count()).toBe(0);
  });

  it('a full target disk', async (context) => {
    if (!isRoot || process.platform !== 'linux') return context.skip('needs root on Linux to mount a small disk');
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      return context.skip('mounting is not allowed here');
    }
    try {
      await person.page.waitForFunction(() => window.heard?.rounds.some((round) => round.head !== null));
      await expect(person.export('model', disk)).rejects.toThrow('is full');
      expect(readdirSync(disk)).toEqual([]);
      await person.id('export-dialog-close').click();
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it('a folder that goes away while the project is open, and comes back', async () => {
    await person.page.keyboard.press('Control+w');
    await person.id('welcome').waitFor();
    cpSync(images, join(folder, 'aside'), { recursive: true });
    rmSync(images, { recursive: true });
    await person.id('recent-project').first().click();
    await person.page.getByText('is not there').first().waitFor();
    expect(await person.id('labelled-count').innerText()).toMatch(/^5 of/);
    await person.page.keyboard.press('Control+w');
    cpSync(join(folder, 'aside'), images, { recursive: true, preserveTimestamps: true });
    await person.reopen();
    await person.embedded();
    expect(await person.id('labelled-count').innerText()).toMatch(/^5 of 41/);
  });

  it('a damaged embedding is told once and computed again, and learning goes on; without a backend that is said, and the log stays small', async () => {
    await person.close();
    const profile = join(folder, 'profile');
    const store = join(profile, 'embeddings', readdirSync(join(profile, 'embeddings'))[0] ?? '');
    const vectors = join(store, '000000.vectors');
    const bytes = readFileSync(vectors);
    bytes[11] = (bytes[11] ?? 0) ^ 0x01;
    writeFileSync(vectors, bytes);
    person = await Person.start({ profile });
    await person.listen();
    await person.reopen();
    const told = person.id('problem').filter({ hasText: 'One stored embedding was damaged' });
    await told.waitFor();
    await person.round();
    await person.embedded();
    expect(await person.id('embedding-status').innerText()).toContain('39 embedded');
    expect(await person.id('trouble').count()).toBe(0);
    expect(await person.barriers()).toEqual([]);
    await person.close();

    const log = join(profile, 'logs/main.log');
    const before = readFileSync(log, 'utf8').length;
    person = await Person.start({ profile, env: { COLLIMATE_BACKEND: 'tfjs-node' } });
    await person.listen();
    await person.reopen();
    const trouble = person.page.locator('[data-testid=trouble][data-work=round]');
    await trouble.waitFor();
    expect(await trouble.innerText()).toContain('The backend tfjs-node cannot be used here');
    // Healed for good: not a word of it any more.
    expect(await told.count()).toBe(0);
    expect(await person.barriers()).toEqual([]);
    await trouble.getByTestId('retry-work').click();
    await trouble.waitFor();
    const lines = readFileSync(log, 'utf8').slice(before).split('\n');
    expect(lines.filter((line) => line.includes('round:')).length).toBeLessThanOrEqual(2);
    await person.close();

    person = await Person.start({ profile });
    await person.listen();
    await person.reopen();
    await person.round();
    expect(await person.id('trouble').count()).toBe(0);
  });
});
