import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';

const checkpoint = resolve('../shared/fixtures/eva-x/micro-packed.pt');
const missing = existsSync(checkpoint) ? '' : ' (skipped: ../shared/fixtures/eva-x is missing)';

describe.skipIf(missing !== '')(`fine-tuning in the app${missing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  let person: Person;
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is offered from 200 labels on, can be stopped, runs beside labeling, and says how the two heads compare', async () => {
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '220');
    person = await Person.start({ profile: join(folder, 'profile') });
    await person.createProject(
      { folder: join(folder, 'phantoms/images'), name: 'Tuned', task: 'multilabel', findings: ['Effusion'] },
      { importing: checkpoint },
    );
    await person.embedded();
    await person.page.keyboard.press('p');
    await person.id('fine-tune').getByText('From 200 labelled images on').waitFor();

    const [header = '', ...lines] = readFileSync(join(folder, 'phantoms/labels.csv'), 'utf8').trim().split('\n');
    const column = header.split(',').findIndex((name) => !['path', 'patient', 'view', 'label', 'use'].includes(name));
    const truth = new Map(lines.map((line) => line.split(',')).map((cells) => [cells[0] ?? '', cells[column] === '1']));
    await person.page.evaluate(
      async (entries) => {
        const list = await window.collimate.call('projects.list', {});
        const project = list.ok ? (list.value[0]?.id ?? '') : '';
        const opened = await window.collimate.call('projects.open', { project });
        const finding = opened.ok ? (opened.value.project.findings[0]?.id ?? '') : '';
        const read = await window.collimate.call('journal.read', { project, after: 0, limit: 5000 });
        const images = read.ok ? read.value.actions.flatMap((action) => (action.kind === 'images' ? action.images : [])) : [];
        const states = new Map(entries);
        const ids = new Map(images.map((image) => [image.path, image.id]));
        await window.collimate.call('labels.apply', {
          project,
          cells: [...ids].slice(0, 210).map(([path, image]) => ({
            image,
            finding,
            state: states.get(path) === true ? ('present' as const) : ('absent' as const),
            source: 'bulk' as const,
            shown: null,
            head: null,
          })),
        });
      },
      [...truth],
    );
    const before = await person.round();

    const start = person.id('start-tuning');
    await start.click();
    await person.id('job-tune').waitFor();
    await person.id('stop-tune').click();
    await start.waitFor();
    expect(await person.id('tuning-outcome').count()).toBe(0);

    await start.click();
    await person.id('job-tune').waitFor();
    await person.answer(['1'], false);
    const outcome = person.id('tuning-outcome');
    await outcome.waitFor({ timeout: 240_000 });
    const text = await outcome.innerText();
    expect(text).toMatch(/^(Clearly better|Not clearly better).*\d\.\d{3} against \d\.\d{3}, \d+ images\.$/s);
    const round = await person.round();
    const kind = await person.page.evaluate(() => window.heard?.rounds.findLast(({ stage }) => stage === 'full')?.head?.kind);
    expect(kind === 'attentive').toBe(text.startsWith('Clearly'));
    // The answer that was given meanwhile is in it.
    expect(round.seq).toBeGreaterThan(before.seq);
    expect(await person.barriers()).toEqual([]);
    await person.screenshot(tmpdir(), 'fine-tuning');
  });
});
