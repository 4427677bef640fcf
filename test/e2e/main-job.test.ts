import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auroc } from '../../src/trainer/evaluation/ranking';
import { collimate } from './command-line';
import { Person } from './person';
import { noRealImages, takeKermany } from './real-images';

const classes = ['NORMAL', 'BACTERIA', 'VIRUS'];

describe.skipIf(noRealImages !== null)(`the main job on 600 real radiographs${noRealImages === null ? '' : ` (${noRealImages})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  let truth: Map<string, string>;
  let person: Person;
  let proposals: ReadonlyMap<string, readonly number[]>;

  beforeAll(async () => {
    truth = takeKermany(join(folder, 'images'), 600);
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('60 labels by keyboard give proposals that rank NORMAL with AUROC >= 0.93 on the others', async () => {
    expect(await person.barriers()).toEqual([]);
    await person.createProject({ folder: join(folder, 'images'), name: 'Pneumonia', task: 'multiclass', findings: classes });
    await person.embedded();
    expect(await person.barriers()).toEqual([]);
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
    proposals = byPath;
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

  it('the command line says the same of the same images and labels', async () => {
    const at = (name: string) => join(folder, 'out', name);
    const table = ['--embeddings', at('emb.npy'), '--index', at('emb.csv')];
    await collimate('embed', join(folder, 'images'), '--encoder', 'builtin', '--out', at('emb.npy'), '--index', at('emb.csv'));
    await collimate('fit', ...table, '--labels', at('pneumonia-labels.csv'), '--task', 'multiclass', '--out', at('head'));
    await collimate('propose', ...table, '--head', at('head'), '--out', at('proposals.csv'));
    const rows = parse<Record<string, string>>(readFileSync(at('proposals.csv')), { columns: true });
    expect(rows).toHaveLength(600);
    const differences = rows.flatMap((row) =>
      classes.map((name, column) => Math.abs(Number(row[name]) - (proposals.get(row['path'] ?? '')?.[column] ?? NaN))),
    );
    console.log(`app against command line: largest difference ${Math.max(...differences).toExponential(1)}`);
    expect(Math.max(...differences)).toBeLessThanOrEqual(1e-4);
  });

  it('the large view shows the image at full depth; grid, progress and settings are free of barriers', async () => {
    await person.page.locator('[data-testid=queue-image][data-ready=full]').waitFor();
    expect(await person.id('viewer-failure').count()).toBe(0);
    await person.page.keyboard.press(';');
    await person.id('compare-image').waitFor();
    const [read, beside] = await Promise.all(['queue-image', 'compare-image'].map((name) => person.id(name).boundingBox()));
    expect(beside?.x).toBeGreaterThanOrEqual((read?.x ?? NaN) + (read?.width ?? NaN));
    expect([beside?.y, beside?.height]).toEqual([read?.y, read?.height]);
    expect(await person.barriers()).toEqual([]);
    await person.page.keyboard.press(';');
    for (const key of ['p', 'g', '?']) {
      await person.page.keyboard.press(key);
      await person.page.waitForTimeout(500);
      expect(await person.barriers()).toEqual([]);
    }
  });
});
