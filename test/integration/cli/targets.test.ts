import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shared, succeed, temporaryFolder } from './command';

const cxr = join(shared, 'data/cxr');
const SEEDS = 5;

interface Row {
  readonly path: string;
  readonly label: string;
  readonly patient: string;
}

/** labels.csv has no quoted cell before its sixth column, and none of the first four is quoted. */
async function rowsOfSet(set: string): Promise<Row[]> {
  const [header = '', ...lines] = (await readFile(join(cxr, 'labels.csv'), 'utf8')).trimEnd().split('\n');
  expect(header.startsWith('path,set,label,patient,')).toBe(true);
  return lines.flatMap((line) => {
    const [path = '', of, label = '', patient = ''] = line.split(',');
    return of === set ? [{ path: path.slice(set.length + 1), label, patient }] : [];
  });
}

describe('random labels with the built-in encoder, on patients held back', () => {
  const { path: work, remove } = temporaryFolder();
  afterAll(remove);
  beforeEach(({ skip }) => skip(!existsSync(cxr), '../shared/data/cxr is missing'));

  beforeAll(async () => {
    if (!existsSync(cxr)) return;
    for (const set of ['kermany224', 'nih'])
      await succeed(work, 'embed', join(cxr, set), '--encoder', 'builtin', '--out', `${set}.npy`, '--index', `${set}.csv`);
  }, 600_000);

  test.each([
    ['kermany224', 'NORMAL', ['NORMAL', 'BACTERIA', 'VIRUS'], 60, 0.94],
    ['kermany224', 'BACTERIA', ['BACTERIA', 'VIRUS'], 100, 0.73],
    ['nih', 'Pneumonia', ['Pneumonia', 'No Finding'], 100, 0.8],
  ] as const)(
    '%s, %s among %j with %i labels: mean AUROC at least %f',
    async (set, finding, classes, labels, target) => {
      const rows = (await rowsOfSet(set)).filter(({ label }) => classes.some((name) => name === label));
      const truth = rows.map(({ path, patient, label }) => `${path},${patient},${label === finding ? '1' : '0'}`);
      await writeFile(join(work, `${finding}.csv`), `path,patient,${finding}\n${truth.join('\n')}\n`);
      const options = ['--strategies', 'random', '--seeds', String(SEEDS), '--checkpoints', String(labels), '--batch', String(labels)];
      const pool = ['--embeddings', `${set}.npy`, '--index', `${set}.csv`, '--truth', `${finding}.csv`];
      await succeed(work, 'simulate', ...pool, ...options, '--out', `${finding}.json`);
      const report = JSON.parse(await readFile(join(work, `${finding}.json`), 'utf8')) as { runs: { points: { auroc: number }[] }[] };
      const values = report.runs.map(({ points }) => points.at(-1)?.auroc ?? NaN);
      expect(values).toHaveLength(SEEDS);
      const mean = values.reduce((sum, value) => sum + value, 0) / SEEDS;
      console.log(
        `${set}, ${finding}, ${String(labels)} labels: ${mean.toFixed(3)} (${values.map((value) => value.toFixed(3)).join(' ')})`,
      );
      expect(mean).toBeGreaterThanOrEqual(target);
    },
    300_000,
  );
});
