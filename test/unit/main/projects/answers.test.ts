import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cellOf } from '../../../../src/contract/fold';
import { SCHEMA, type Action, type ImageRecord, type Project } from '../../../../src/contract/model';
import { unwrap } from '../../../../src/contract/result';
import { Journal } from '../../../../src/main/journal/journal';
import { Answers } from '../../../../src/main/projects/answers';
import { Recorder } from '../../../../src/main/projects/recorder';
import { Rules } from '../../../../src/main/projects/rules';

describe('answers and rules of a project, in its journal', () => {
  const [annotator, root, image, finding, drawn] = [ulid(), ulid(), ulid(), ulid(), ulid()];
  const project: Project = {
    id: ulid(),
    name: 'test',
    schema: SCHEMA,
    roots: [{ id: root, path: '.' }],
    task: 'multilabel',
    findings: [{ id: finding, name: 'ill', hotkey: '1', colour: '#ffffff' }],
    encoder: 'builtin',
    seed: 0,
    audit: { share: 0, from: 30 },
    annotators: [{ id: annotator, name: 'a' }],
    created: '2026-11-22T10:00:00.000Z',
  };
  const record = (id: string): ImageRecord => {
    const unread = { sha256: null, width: null, height: null, patient: null, study: null, view: null };
    return { id, root, path: `${id}.png`, frame: null, bytes: 1, mtime: 1, ...unread };
  };
  const present = { image, finding, state: 'present', source: 'typed', shown: null, head: null } as const;
  let folder: string;
  let journal: Journal;
  let recorder: Recorder;
  let answers: Answers;
  let heard: Action[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'collimate-'));
    journal = unwrap(await Journal.open(folder, { create: true }));
    heard = [];
    recorder = new Recorder(journal, project, annotator, (action) => heard.push(action));
    answers = new Answers(recorder, (id) => id === drawn);
    unwrap(await recorder.saveProject(project));
    unwrap(await recorder.append({ ...recorder.entry(), kind: 'images', images: [record(image), record(drawn)] }));
    heard.length = 0;
  });
  afterEach(async () => {
    await journal.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('the same answer again writes nothing; undo and redo are actions, and end', async () => {
    expect(unwrap(await answers.label([present]))?.kind).toBe('cells');
    expect(unwrap(await answers.label([present]))).toBeNull();
    unwrap(await answers.undo());
    expect(cellOf(recorder.state, annotator, image, finding)).toBeNull();
    expect(await answers.undo()).toMatchObject({ ok: false, failure: { code: 'nothing-to-undo' } });
    unwrap(await answers.redo());
    expect(cellOf(recorder.state, annotator, image, finding)?.state).toBe('present');
    expect(await answers.redo()).toMatchObject({ ok: false, failure: { code: 'nothing-to-undo' } });
    expect(heard).toHaveLength(3);
  });

  it('an image that was drawn for the audit is labelled for it, and what is not there is refused', async () => {
    unwrap(await answers.label([present, { ...present, image: drawn }]));
    expect(cellOf(recorder.state, annotator, image, finding)?.use).toBe('train');
    expect(cellOf(recorder.state, annotator, drawn, finding)?.use).toBe('audit');
    expect(await answers.skip(ulid())).toMatchObject({ ok: false, failure: { code: 'image-unknown' } });
  });

  it('a suspect label that is kept stays as it was given; one that is gone is not kept', async () => {
    expect(unwrap(await answers.keep(image, finding, { probability: 0.1, other: finding }))).toBeNull();
    unwrap(await answers.label([present]));
    const before = cellOf(recorder.state, annotator, image, finding);
    unwrap(await answers.keep(image, finding, { probability: 0.1, other: finding }));
    expect(cellOf(recorder.state, annotator, image, finding)).toMatchObject({ ...before, kept: { probability: 0.1, other: finding } });
  });

  it('the rule of the queue is kept with the project, and training hears of it', async () => {
    const told: string[] = [];
    const rules = new Rules(recorder, { rebuild: () => told.push('rebuild'), configure: () => told.push('configure') });
    unwrap(await rules.startSearch(finding, [image]));
    expect(recorder.project.queue).toMatchObject({ strategy: 'rare', search: { finding, seeds: [image] } });
    expect(await rules.startSearch(ulid(), [])).toMatchObject({ ok: false, failure: { code: 'finding-unknown' } });
    unwrap(await rules.stopSearch());
    expect(recorder.project.queue).toMatchObject({ strategy: 'auto', search: null });
    unwrap(await rules.changeFindings([{ id: finding, name: ' sick ', hotkey: '1', colour: '#ffffff' }]));
    expect(recorder.project.findings).toMatchObject([{ id: finding, name: 'sick' }]);
    expect(told).toEqual(['configure', 'configure', 'rebuild']);
    expect(recorder.state.project).toEqual(recorder.project);
  });
});
