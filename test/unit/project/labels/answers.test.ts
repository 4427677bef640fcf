import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cellOf } from '../../../../src/contract/fold';
import { SCHEMA, type Action, type ImageRecord, type Project } from '../../../../src/contract/model';
import { isReservedKey, reserveKey } from '../../../../src/contract/reserve';
import { unwrap } from '../../../../src/contract/result';
import { Journal } from '../../../../src/project/journal/journal';
import { Answers } from '../../../../src/project/labels/answers';
import { Recorder } from '../../../../src/project/journal/recorder';
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
    audit: { share: 0.5, from: 30 },
    annotators: [{ id: annotator, name: 'a' }],
    created: '2026-11-22T10:00:00.000Z',
  };
  const reserved = Array.from({ length: 50 }, (_, at) => String(at).padStart(64, '0')).find((sha256) =>
    isReservedKey(reserveKey(sha256, null), project.seed, project.audit.share),
  ) as string;
  const record = (id: string): ImageRecord => {
    const sha256 = id === drawn ? reserved : null;
    const unread = { sha256, width: null, height: null, patient: null, study: null, view: null };
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
    answers = new Answers(recorder);
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

  it('an image of the reserve is kept out of training, whoever answers it, and what is not there is refused', async () => {
    unwrap(await answers.label([present, { ...present, image: drawn, source: 'bulk' }]));
    expect(cellOf(recorder.state, annotator, image, finding)).not.toHaveProperty('blind');
    expect(cellOf(recorder.state, annotator, image, finding)?.use).toBe('train');
    expect(cellOf(recorder.state, annotator, drawn, finding)?.use).toBe('audit');
    expect(cellOf(recorder.state, annotator, drawn, finding)).not.toHaveProperty('blind');
    expect(await answers.skip(ulid())).toMatchObject({ ok: false, failure: { code: 'image-unknown' } });
  });

  it('what the screen said of an answer is what the journal holds, also where the answer is the one that was there', async () => {
    const asked = { ...present, image: drawn } as const;
    unwrap(await answers.label([{ ...asked, source: 'bulk' }]));
    const said = { use: 'audit', blind: true, by: 'restAbsent' } as const;
    expect(unwrap(await answers.label([{ ...asked, ...said }]))).not.toBeNull();
    expect(cellOf(recorder.state, annotator, drawn, finding)).toMatchObject({ ...said, source: 'typed' });
    expect(unwrap(await answers.label([{ ...asked, ...said }]))).toBeNull();
    // A bulk answer over it is kept, and no longer blind: the image is asked again.
    unwrap(await answers.label([{ ...asked, state: 'absent', source: 'bulk' }]));
    expect(cellOf(recorder.state, annotator, drawn, finding)).toMatchObject({ state: 'absent', use: 'audit' });
    expect(cellOf(recorder.state, annotator, drawn, finding)).not.toHaveProperty('blind');
    unwrap(await answers.label([{ ...present, use: 'audit' }]));
    expect(cellOf(recorder.state, annotator, image, finding)?.use).toBe('audit');
  });

  it('once the reserve is opened what was not asked blind is trained on, and what was stays out', async () => {
    const told: string[] = [];
    const rules = new Rules(recorder, { rebuild: () => told.push('rebuild'), configure: () => told.push('configure') });
    const asked = { ...present, image: drawn } as const;
    unwrap(await answers.label([{ ...asked, source: 'bulk' }]));
    expect(unwrap(await rules.setAudit(0.3, false)).audit).toEqual({ share: 0.3, from: 30 });
    unwrap(await rules.setAudit(0.5, false));
    unwrap(await rules.setAudit(undefined, true));
    expect(recorder.project.audit).toMatchObject({ share: 0.5, opened: expect.any(String) });
    expect(cellOf(recorder.state, annotator, drawn, finding)?.use).toBe('train');
    unwrap(await answers.label([{ ...asked, use: 'audit', blind: true }]));
    unwrap(await rules.setAudit(undefined, true));
    expect(cellOf(recorder.state, annotator, drawn, finding)).toMatchObject({ use: 'audit', blind: true });
    expect(told).toEqual(['rebuild', 'rebuild', 'rebuild', 'rebuild']);
  });

  const table = (text: string) => {
    const file = join(folder, 'labels.csv');
    writeFileSync(file, text);
    return file;
  };

  it('an imported label that was an audit label stays one', async () => {
    const file = table(`path,use,ill\n${image}.png,audit,1\n`);
    const { version, audit } = unwrap(await answers.importLabels(file, null));
    expect(audit).toBe(1);
    expect(unwrap(await answers.importLabels(file, version))).toMatchObject({ labels: 1, kept: 0, steps: 1 });
    expect(cellOf(recorder.state, annotator, image, finding)).toMatchObject({ use: 'audit', source: 'imported' });
  });

  it('what is answered while a table is imported stays as it was answered', async () => {
    const file = table(`path,ill\n${image}.png,0\n${drawn}.png,0\n`);
    const { version } = unwrap(await answers.importLabels(file, null));
    const importing = answers.importLabels(file, version);
    // Main knows of the answer only when it is on the disk.
    const slow = await Promise.all([importing, ...Array.from({ length: 20 }, () => answers.label([present]))]);
    expect(slow[0]).toMatchObject({ ok: true, value: { labels: 1, kept: 1 } });
    expect(cellOf(recorder.state, annotator, image, finding)?.state).toBe('present');
    expect(unwrap(await answers.importLabels(file, version))).toMatchObject({ labels: 0, kept: 2, steps: 0 });
  });

  it('a table that was written again after it was shown is not imported', async () => {
    const file = table(`path,ill\n${image}.png,0\n`);
    const { version } = unwrap(await answers.importLabels(file, null));
    table(`path,ill\n${image}.png,1\n`);
    utimesSync(file, 1, 1);
    const again = unwrap(await answers.importLabels(file, version));
    expect(again).toMatchObject({ labels: 1, steps: 0 });
    expect(again.version).not.toBe(version);
    expect(heard).toEqual([]);
  });

  it('a class that was added later does not take over images that are answered', async () => {
    const [other, later] = [ulid(), ulid()];
    const classes = (more: readonly { id: string; name: string }[]): Project => ({
      ...project,
      task: 'multiclass',
      findings: [...project.findings, ...more.map((each, at) => ({ ...each, hotkey: String(at + 2), colour: '#000000' }))],
    });
    unwrap(await recorder.saveProject(classes([{ id: other, name: 'well' }])));
    unwrap(await answers.label([present]));
    unwrap(
      await recorder.saveProject(
        classes([
          { id: other, name: 'well' },
          { id: later, name: 'Tbc' },
        ]),
      ),
    );
    const file = table(`path,label\n${image}.png,Tbc\n`);
    const { version, labels } = unwrap(await answers.importLabels(file, null));
    expect(labels).toBe(0);
    unwrap(await answers.importLabels(file, version));
    expect(cellOf(recorder.state, annotator, image, finding)?.state).toBe('present');
  });

  it('a table of many images and classes is as many actions as the journal has lines for them', async () => {
    const more = Array.from({ length: 59 }, (_, at) => ({ id: ulid(), name: `c${String(at)}`, hotkey: String.fromCharCode(300 + at) }));
    const findings = [...project.findings, ...more.map((each) => ({ ...each, colour: '#000000' }))];
    unwrap(await recorder.saveProject({ ...project, task: 'multiclass', findings }));
    const many = Array.from({ length: 4000 }, () => record(ulid()));
    unwrap(await recorder.append({ ...recorder.entry(), kind: 'images', images: many }));
    const file = table(`path,label\n${many.map(({ path }) => `${path},ill\n`).join('')}`);
    const { version } = unwrap(await answers.importLabels(file, null));
    expect(unwrap(await answers.importLabels(file, version))).toMatchObject({ labels: 4000, steps: 2 });
    for (let step = 0; step < 2; step++) unwrap(await answers.undo());
    expect(cellOf(recorder.state, annotator, many[0]?.id ?? '', finding)).toBeNull();
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
