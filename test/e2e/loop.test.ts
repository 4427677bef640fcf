import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolOf } from '../../src/cli/engine/pool';
import { readEmbeddings } from '../../src/cli/tables/embeddings';
import { unwrap } from '../../src/contract/result';
import { auroc } from '../../src/trainer/evaluation/ranking';
import { protocol, simulate, splitFor, type Run } from '../../src/trainer/evaluation/simulate';
import { startNodeBackend } from '../../src/trainer/host/node';
import { holdOut } from '../../src/trainer/splits';
import { collimate } from './command-line';
import { Person } from './person';
import { noRealImages, takeKermany } from './real-images';

const classes = ['BACTERIA', 'NORMAL', 'VIRUS'];
const IMAGES = 1000;
const LABELS = 100;
/**
 * The simulation asks for ten images at a time; the app ranks anew after every answer, keeps three on the screen, and shows the first three before
 * anything is ranked. So the two ask about different images, and one simulation lies as far from another with other draws: standard deviation .007
 * to .010. What the app is held against is therefore the mean of eight simulations on the same division, the first of which is the command's.
 */
const TOLERANCE = 0.03;
const SIMULATIONS = 8;

/** AUROC at LABELS labels of simulations that differ in their draws alone: seeds 0, 1, ... on the division of seed 0. */
async function simulated(embeddings: string, index: string, truth: ReadonlyMap<string, string>): Promise<number[]> {
  unwrap(await startNodeBackend({ backend: 'wasm' }));
  const read = unwrap(await readEmbeddings(embeddings, index));
  const pool = poolOf(read);
  const states = pool.images.flatMap(({ path }) => classes.map((name) => (truth.get(path) === name ? 1 : 0)));
  const groups = Int32Array.from(pool.images.keys());
  const known = {
    name: 'loop',
    task: 'multiclass',
    findings: classes,
    pooling: read.card.encoder.pooling,
    embeddings: pool.vectors,
    states: Int8Array.from(states),
    groups,
  } as const;
  const setting = { ...protocol, checkpoints: [LABELS], audit: 0.15 };
  const split = await splitFor(known, 0, setting);
  const areas: number[] = [];
  for (let seed = 0; seed < SIMULATIONS; seed++) {
    const run = await simulate(known, { ...split, seed }, 'auto', 'auto', setting);
    areas.push(run.points.at(-1)?.auroc ?? NaN);
  }
  return areas;
}

/**
 * The loop of the app against `collimate simulate`: the same 600 real images to label, the same 400 held back, seed 0, the automatic strategy and
 * head, 15 % audit draws from the 30th label on.
 */
describe.skipIf(noRealImages !== null)(`the loop in the app${noRealImages === null ? '' : ` (${noRealImages})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  const at = (...names: string[]) => join(folder, ...names);
  const profile = at('profile');
  let truth: Map<string, string>;
  let person: Person;

  beforeAll(async () => {
    truth = takeKermany(at('all'), IMAGES, 1);
    const paths = [...truth.keys()].sort();
    // Nothing tells the patients of these files, neither here nor in the app: each image is one.
    const { pool, held } = holdOut(Int32Array.from(paths.keys()), protocol.held, 0);
    for (const [name, rows] of [
      ['pool', pool],
      ['held', held],
    ] as const) {
      mkdirSync(at(name));
      for (const row of rows) copyFileSync(at('all', paths[row] ?? ''), at(name, paths[row] ?? ''));
    }
    if (pool.length !== 600) throw new Error(`${String(pool.length)} images to label`);
    writeFileSync(at('truth.csv'), ['path,label', ...paths.map((path) => `${path},${truth.get(path) ?? ''}`)].join('\n'));
    person = await Person.start({ profile });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`reaches what simulate reaches, within ${String(TOLERANCE)} AUROC at ${String(LABELS)} labels`, async () => {
    await person.createProject({ folder: at('pool'), name: 'Loop', task: 'multiclass', findings: classes });
    await person.embedded();
    const asked = new Set<string>();
    let audits = 0;
    while (asked.size < LABELS) {
      const { path } = await person.current();
      if ((await person.id('reason').getAttribute('data-reason')) === 'audit') audits += 1;
      asked.add(path);
      await person.answer([String(classes.indexOf(truth.get(path) ?? '') + 1)], true);
      if (asked.size % protocol.batch === 0) await person.round();
    }
    const [model] = await person.export('model', at('out'));
    await collimate('predict', dirname(model ?? ''), at('held'), '--out', at('predictions.csv'));
    const rows = parse<Record<string, string>>(readFileSync(at('predictions.csv')), { columns: true });
    expect(rows).toHaveLength(400);
    const areas = classes.map((name) =>
      auroc(
        rows.map((row) => Number(row[name])),
        rows.map((row) => (truth.get(row['path'] ?? '') === name ? 1 : 0)),
      ),
    );
    const app = areas.reduce<number>((sum, area) => sum + (area ?? NaN), 0) / areas.length;

    const table = ['--embeddings', at('emb.npy'), '--index', at('emb.csv')];
    await collimate('embed', at('all'), '--encoder', 'builtin', '--out', at('emb.npy'), '--index', at('emb.csv'));
    const rule = ['--strategies', 'auto', '--seeds', '1', '--seed', '0', '--audit', '0.15', '--checkpoints', String(LABELS)];
    await collimate('simulate', ...table, '--truth', at('truth.csv'), ...rule, '--out', at('report.json'));
    const { runs } = JSON.parse(readFileSync(at('report.json'), 'utf8')) as { runs: Run[] };
    const simulations = await simulated(at('emb.npy'), at('emb.csv'), truth);
    const area = simulations.reduce((sum, each) => sum + each, 0) / SIMULATIONS;
    console.log(
      `AUROC on 400 held-back images after ${String(LABELS)} labels (${String(audits)} audit draws): app ${app.toFixed(4)}, simulated ${simulations.map((each) => each.toFixed(4)).join(' ')}`,
    );
    expect(runs[0]?.points.at(-1)).toMatchObject({ labels: LABELS });
    expect(simulations[0]).toBeCloseTo(runs[0]?.points.at(-1)?.auroc ?? NaN, 6);
    // 71 places from the 30th label on with probability .15: mean 10.6, within four standard deviations.
    expect(audits).toBeGreaterThan(0);
    expect(audits).toBeLessThan(23);
    expect(Math.abs(app - area)).toBeLessThanOrEqual(TOLERANCE);
  });

  it('suspect labels are reviewed, and what was kept, the strategy and a search are as they were after a restart', async () => {
    await person.page.keyboard.press('Shift+R');
    await person.id('review-view').waitFor();
    expect(await person.barriers()).toEqual([]);
    const open = async () => Number(await person.id('open-suspects').innerText());
    const before = await open();
    await person.page.keyboard.press(' ');
    await person.page.waitForFunction(
      (n) => Number(document.querySelector('[data-testid=open-suspects]')?.textContent ?? 0) === n - 1,
      before,
    );
    await person.page.keyboard.press('q');
    await person.id('more-like-this').click();
    await person.id('search-finding').selectOption({ index: 1 });
    await person.id('search-start').click();
    await person.id('search-strip').waitFor();
    expect(await person.barriers()).toEqual([]);

    await person.close();
    person = await Person.start({ profile });
    await person.reopen();
    expect(await person.id('search-strip').innerText()).toContain('Looking for NORMAL');
    await person.page.waitForFunction(() => document.querySelector('[data-testid=open-suspects]') !== null);
    // The images on the screen are in folder order, from before the first ranking; behind them the search goes on.
    for (let i = 0; i < 5; i++) await person.page.keyboard.press('ArrowRight');
    await person.page.locator('[data-testid=reason][data-reason=likely], [data-testid=reason][data-reason=similar]').waitFor();
    expect(await open()).toBe(before - 1);
    await person.page.keyboard.press('p');
    expect(await person.id('strategy').inputValue()).toBe('rare');
    await person.id('search-stop').click();
    await person.id('search-strip').waitFor({ state: 'detached' });
    await person.page.waitForFunction(() => document.querySelector<HTMLSelectElement>('[data-testid=strategy]')?.value === 'auto');
  });
});
