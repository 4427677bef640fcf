import { parse } from 'csv-parse/sync';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';
import { regionFinding } from './regions';

const checkpoint = resolve('../shared/fixtures/eva-x/micro-packed.pt');
const missing = existsSync(checkpoint) ? '' : ' (skipped: ../shared/fixtures/eva-x is missing)';
const LABELS = 212;

/** The newest full round of a fine-tuned head over a later pool than this one. */
async function tunedRound(person: Person, after = 0): Promise<{ id: string; pool: number }> {
  await person.page.waitForFunction(
    (pool) => {
      const round = window.heard?.rounds.findLast(({ stage }) => stage === 'full');
      return round?.head?.kind === 'attentive' && round.pool > pool;
    },
    after,
    { timeout: 240_000 },
  );
  return person.page.evaluate(() => {
    const round = window.heard?.rounds.findLast(({ stage }) => stage === 'full');
    return { id: round?.head?.id ?? '', pool: round?.pool ?? 0 };
  });
}

describe.skipIf(missing !== '')(`fine-tuning in the app${missing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const images = join(folder, 'phantoms/images');
  const profile = join(folder, 'profile');
  let truth: Map<string, boolean>;
  let person: Person;
  let shown: Awaited<ReturnType<Person['round']>>;
  let head = '';
  beforeAll(async () => {
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '280');
    truth = await regionFinding(folder, images, checkpoint, LABELS);
    person = await Person.start({ profile });
  }, 240_000);
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is offered from 200 labels on, can be stopped, runs beside labeling, and says how the two heads compare', async () => {
    await person.createProject({ folder: images, name: 'Tuned', task: 'multilabel', findings: ['Effusion'] }, { importing: checkpoint });
    await person.embedded();
    await person.page.keyboard.press('p');
    await person.id('fine-tune').getByText('From 200 labelled images on').waitFor();
    await person.page.evaluate(
      async (entries) => {
        const list = await window.collimate.call('projects.list', {});
        const project = list.ok ? (list.value[0]?.id ?? '') : '';
        const opened = await window.collimate.call('projects.open', { project });
        const finding = opened.ok ? (opened.value.project.findings[0]?.id ?? '') : '';
        const read = await window.collimate.call('journal.read', { project, after: 0, limit: 5000 });
        const records = read.ok ? read.value.actions.flatMap((action) => (action.kind === 'images' ? action.images : [])) : [];
        const ids = new Map(records.map((image) => [image.path, image.id]));
        // Every label is to be learnt from.
        await window.collimate.call('projects.audit', { project, share: 0 });
        await window.collimate.call('labels.apply', {
          project,
          cells: entries.map(([path, isPresent]) => ({
            image: ids.get(path) ?? '',
            finding,
            state: isPresent ? ('present' as const) : ('absent' as const),
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
    expect(await outcome.innerText()).toMatch(/^Clearly better.*\d\.\d{3} against \d\.\d{3}, 212 images\.$/s);
    ({ id: head } = await tunedRound(person));
    shown = await person.round();
    // The answer that was given meanwhile is in it.
    expect(shown.seq).toBeGreaterThan(before.seq);
    expect(await person.barriers()).toEqual([]);
    await person.screenshot(tmpdir(), 'fine-tuning');
  });

  it('trains the last block in the same way, and tells how long it takes at most', async () => {
    await person.id('tuned-part').click();
    await person.id('fine-tune').getByText('From 400 labelled images on').waitFor();
    const answer = person.page.evaluate(async () => {
      const list = await window.collimate.call('projects.list', {});
      const project = list.ok ? (list.value[0]?.id ?? '') : '';
      const found = await window.collimate.call('tuning.start', { project, kind: 'block' });
      return found.ok ? 'ended' : found.failure.code;
    });
    await person.id('job-tune').getByText('Training the last block').waitFor({ timeout: 120_000 });
    await person
      .id('job-tune')
      .getByText(/at most \d.* left/)
      .waitFor({ timeout: 60_000 });
    expect(await person.barriers()).toEqual([]);
    await person.id('stop-tune').click();
    expect(await answer).toBe('stopped');
  });

  it('proposes as before when the trainer was killed, and when the whole app was', async () => {
    const { pool } = await tunedRound(person);
    expect(await person.killUtility('trainer')).toBe(1);
    expect((await tunedRound(person, pool)).id).toBe(head);
    expect((await person.round()).byPath).toEqual(shown.byPath);

    await person.kill();
    person = await Person.start({ profile });
    await person.listen();
    await person.reopen();
    expect((await tunedRound(person)).id).toBe(head);
    expect((await person.round()).byPath).toEqual(shown.byPath);
  });

  it('is exported with the encoder, and the model says what is on the screen', async () => {
    const { path } = await person.current();
    const files = await person.export('model', join(folder, 'out'));
    const model = dirname(files.find((file) => file.endsWith('model.onnx')) ?? '');
    await collimate('predict', model, images, '--out', join(folder, 'predictions.csv'));
    const rows = parse<Record<string, string>>(readFileSync(join(folder, 'predictions.csv')), { columns: true });
    const said = new Map(rows.map((row) => [row['path'], Number(row['Effusion'])]));
    expect(said.size).toBe(280);
    const now = (await person.round()).byPath;
    for (const [image, [p = NaN]] of now) expect(Math.abs((said.get(image) ?? NaN) - p)).toBeLessThanOrEqual(1e-4);
    const proposal = person.page.locator('[data-testid=proposal]').first();
    const onScreen = Number(await proposal.getAttribute('data-probability'));
    // The page shows four digits.
    expect(Math.abs((said.get(path) ?? NaN) - onScreen)).toBeLessThanOrEqual(1e-4 + 5e-5);
  });
});
