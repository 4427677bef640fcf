import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { collimate } from './command-line';
import { Person, type Proposals } from './person';
import { BASELINE_SIZE, rankNormalise, ridgeScores } from './pixel-baseline';
import { readTruth, type Truth } from './truth';
import { auroc } from '../../src/trainer/evaluation/ranking';
import { createImaging } from '../../src/imaging/service';
import { Priority } from '../../src/contract/jobs/imaging';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '../..');
const out = join(root, 'demo');
const LABELS = 40;

/**
 * The main job without a person, in the real app: a folder goes in, 40 images are labelled by keyboard, proposals are accepted and
 * corrected, labels and a model come out, and the model is asked again from the command line. Returns the exit code.
 */
export async function demo(args: readonly string[]): Promise<number> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, 'screenshots'), { recursive: true });
  const folder = args[0] === undefined ? await phantoms() : resolve(args[0]);
  const truth = readTruth(folder);
  if (typeof truth === 'string') {
    console.error(truth);
    return 2;
  }
  const person = await Person.start({ profile: join(out, 'profile') });
  try {
    const report = await mainJob(person, truth);
    writeFileSync(join(out, 'summary.txt'), report);
    console.log(report);
    return 0;
  } finally {
    await person.close();
  }
}

async function phantoms(): Promise<string> {
  say('Drawing 300 phantoms');
  const folder = join(out, 'phantoms');
  await collimate('sample', '--out', folder, '--count', '300', '--seed', '1');
  return folder;
}

const say = (text: string) => console.log(`[demo] ${text}`);

async function mainJob(person: Person, truth: Truth): Promise<string> {
  const shots = join(out, 'screenshots');
  const small = { width: 1280, height: 800 };
  await person.screenshot(shots, '1-welcome', small);
  say(`Opening ${truth.images} as a project`);
  await person.createProject({ folder: truth.images, name: 'Demo', task: truth.task, findings: truth.findings });
  await person.embedded();

  say(`Labeling ${String(LABELS)} images with the keyboard`);
  const labelled = new Set<string>();
  for (let i = 0; i < LABELS; i++) {
    labelled.add(await label(person, truth));
    if (i === 12) await person.screenshot(shots, '2-queue', small);
  }
  const first = await person.round();

  say('Accepting and correcting proposals');
  const outcome = { accepted: 0, corrected: 0 };
  for (let i = 0; i < 15; i++) {
    const { path } = await person.current();
    labelled.add(path);
    outcome[await acceptOrCorrect(person, truth)] += 1;
  }
  const last = await person.round();
  await person.screenshot(shots, '3-queue-large', { width: 1920, height: 1080 });
  await person.page.keyboard.press('p');
  await person.screenshot(shots, '4-progress', small);
  await person.page.keyboard.press('p');
  await person.page.keyboard.press('g');
  await person.page.waitForTimeout(1500);
  await person.screenshot(shots, '5-grid', small);
  await person.page.keyboard.press('q');

  say('Exporting labels and model');
  const exports = join(out, 'exports');
  const files = [...(await person.export('labels', exports)), ...(await person.export('model', exports))];
  const modelFile = files.find((file) => file.endsWith('model.onnx'));
  if (modelFile === undefined) throw new Error('no model was written');
  const predictions = join(exports, 'predictions.csv');
  await collimate('predict', resolve(modelFile, '..'), truth.images, '--out', predictions);
  const difference = largestDifference(last, predictions);
  const baseline = await baselineAurocs(truth, labelled);

  const rows = truth.findings.map((finding, column) => {
    const paths = [...last.byPath.keys()].filter((path) => !labelled.has(path));
    const of = (proposals: Proposals) =>
      auroc(
        paths.map((path) => proposals.byPath.get(path)?.[column] ?? 0),
        paths.map((path) => Number(truth.present(path, finding))),
      );
    return [finding, figure(of(first)), figure(of(last)), figure(baseline[column] ?? null)];
  });
  const width = Math.max(10, ...truth.findings.map(({ length }) => length + 2));
  return [
    '',
    `Collimate demo: ${String(last.byPath.size)} images, ${String(labelled.size)} labelled, ${String(outcome.accepted)} proposals accepted, ${String(outcome.corrected)} corrected`,
    `AUROC on the ${String(last.byPath.size - labelled.size)} images nobody labelled:`,
    `${''.padEnd(width)}${`after ${String(LABELS)}`.padStart(10)}${'at the end'.padStart(12)}${'48 x 48 pixel ridge'.padStart(21)}`,
    ...rows.map(([name = '', a = '', b = '', c = '']) => `${name.padEnd(width)}${a.padStart(10)}${b.padStart(12)}${c.padStart(21)}`),
    `Exported model against the app's proposals: largest difference ${difference.toExponential(1)}`,
    `Exports: ${exports}`,
    `Screenshots: ${shots}`,
    '',
  ].join('\n');
}

const figure = (value: number | null) => (value === null ? 'one class' : value.toFixed(3));

/** Answers the image that is shown with its true findings; returns its path. */
async function label(person: Person, truth: Truth): Promise<string> {
  const { path } = await person.current();
  if (truth.task === 'multiclass') {
    await person.answer([keyOf(truth, truth.findings.find((finding) => truth.present(path, finding)) ?? '')], true);
    return path;
  }
  const present = truth.findings.filter((finding) => truth.present(path, finding));
  await person.answer(
    present.map((finding) => keyOf(truth, finding)),
    false,
  );
  await person.nothingElse();
  return path;
}

/** Enter where the proposals on the screen are right, else the true answer. */
async function acceptOrCorrect(person: Person, truth: Truth): Promise<'accepted' | 'corrected'> {
  const { path } = await person.current();
  const ghosts = person.page.locator('[data-testid^=finding-][class*=ghost-]');
  const proposed = await ghosts.evaluateAll((rows) =>
    rows.map((row) => ({
      finding: row.getAttribute('data-testid')?.slice('finding-'.length) ?? '',
      present: row.className.includes('ghost-present'),
    })),
  );
  const right = proposed.every(({ finding, present }) => truth.present(path, finding) === present);
  // Multi-label: Enter takes the confident ones and leaves the rest unread, which is no negative.
  if (right && proposed.length > 0) {
    await person.answer(['Enter'], true);
    return 'accepted';
  }
  await label(person, truth);
  return 'corrected';
}

const keyOf = (truth: Truth, finding: string) => String(truth.findings.indexOf(finding) + 1);

/** Between the app's proposals and what `collimate predict` says with the exported model. */
function largestDifference(proposals: Proposals, file: string): number {
  const rows = parse<Record<string, string>>(readFileSync(file), { columns: true });
  let largest = rows.length === 0 ? Infinity : 0;
  for (const row of rows) {
    const expected = proposals.byPath.get(row['path'] ?? '');
    if (!expected) return Infinity;
    proposals.findings.forEach((finding, column) => {
      largest = Math.max(largest, Math.abs(Number(row[finding]) - (expected[column] ?? NaN)));
    });
  }
  return largest;
}

/** AUROC of a ridge regression on the pixels, fitted on the same labels, for every finding. */
async function baselineAurocs(truth: Truth, labelled: ReadonlySet<string>): Promise<(number | null)[]> {
  const imaging = createImaging({ workerUrl: pathToFileURL(join(root, 'out/main/imaging-worker.js')) });
  try {
    const pixels: Float64Array[] = [];
    for (const path of truth.paths) {
      const read = await imaging.read(
        {
          source: { file: join(truth.images, path), frame: null },
          priority: Priority.embedding,
          tile: { crop: 'squash', resize: BASELINE_SIZE, size: BASELINE_SIZE, colour: 'luma', filter: 'pillow-bicubic' },
        },
        { signal: new AbortController().signal },
      );
      pixels.push(rankNormalise(read.ok && read.value.tile ? read.value.tile.data : new Uint8Array(BASELINE_SIZE ** 2)));
    }
    return truth.findings.map((finding) => {
      const known = truth.paths.flatMap((path, row) => (labelled.has(path) ? [{ row, y: Number(truth.present(path, finding)) }] : []));
      const scores = ridgeScores(pixels, known);
      const others = truth.paths.map((path, row) => ({ path, row })).filter(({ path }) => !labelled.has(path));
      return auroc(
        others.map(({ row }) => scores[row] ?? 0),
        others.map(({ path }) => Number(truth.present(path, finding))),
      );
    });
  } finally {
    await imaging.close();
  }
}
