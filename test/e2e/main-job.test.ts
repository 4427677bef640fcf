import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auroc } from '../../src/trainer/evaluation/ranking';
import { Person } from './person';
import { noRealImages, takeKermany } from './real-images';

const classes = ['NORMAL', 'BACTERIA', 'VIRUS'];

describe.skipIf(noRealImages !== null)(`the main job on 600 real radiographs${noRealImages === null ? '' : ` (${noRealImages})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  let truth: Map<string, string>;
  let person: Person;

  beforeAll(async () => {
    truth = takeKermany(join(folder, 'images'), 600);
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('60 labels by keyboard give proposals that rank NORMAL with AUROC >= 0.93 on the others', async () => {
    await person.createProject({ folder: join(folder, 'images'), name: 'Pneumonia', task: 'multiclass', findings: classes });
    await person.embedded();
    const labelled = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const { path } = await person.current();
      labelled.add(path);
      await person.answer([String(classes.indexOf(truth.get(path) ?? '') + 1)], true);
    }
    expect(labelled.size).toBe(60);

    const { byPath, findings } = await person.round();
    expect(findings).toEqual(classes);
    expect(byPath.size).toBe(600);
    const others = [...byPath].filter(([path]) => !labelled.has(path));
    const scores = others.map(([, probabilities]) => probabilities[0] ?? 0);
    const normal = others.map(([path]) => (truth.get(path) === 'NORMAL' ? 1 : 0));
    const area = auroc(scores, normal) ?? 0;
    console.log(`AUROC of NORMAL against the rest on ${String(others.length)} unlabelled images: ${area.toFixed(4)}`);
    expect(area).toBeGreaterThanOrEqual(0.93);
    for (const [, probabilities] of others) expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
  });

  it('labels and model come out, the model checked against the proposals', async () => {
    const [labels] = await person.export('labels', join(folder, 'out'));
    const rows = readFileSync(labels ?? '', 'utf8')
      .trim()
      .split('\n');
    expect(rows).toHaveLength(61);
    expect(rows[0]).toMatch(/^path,.*label$/);
    for (const row of rows.slice(1)) expect(row.endsWith(`,${truth.get(row.slice(0, row.indexOf(','))) ?? '?'}`)).toBe(true);

    const written = await person.export('model', join(folder, 'out'));
    expect(written.some((file) => file.endsWith('model.onnx'))).toBe(true);
  });
});
