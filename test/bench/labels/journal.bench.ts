import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { bench, describe } from 'vitest';
import { emptyState, fold } from '../../../src/contract/fold';
import { SCHEMA, type Action } from '../../../src/contract/model';
import { unwrap } from '../../../src/contract/result';
import { Journal, JOURNAL_FILE } from '../../../src/project/journal/journal';
import { encodeLine } from '../../../src/project/journal/line';

const ANSWERS = 200_000;
const time = '2026-11-22T10:00:00.000Z';

function history(): Action[] {
  const annotator = ulid();
  const finding = ulid();
  const root = ulid();
  const images = Array.from({ length: 20_000 }, () => ulid());
  const entry = (seq: number) => ({ seq, id: ulid(), annotator, time });
  const project: Action = {
    ...entry(1),
    kind: 'project',
    project: {
      id: ulid(),
      name: 'bench',
      schema: SCHEMA,
      roots: [{ id: root, path: '.' }],
      task: 'multilabel',
      findings: [{ id: finding, name: 'ill', hotkey: '1', colour: '#ffffff' }],
      encoder: 'builtin',
      seed: 0,
      audit: { share: 0, from: 30 },
      annotators: [{ id: annotator, name: 'a' }],
      created: time,
    },
  };
  const after = { state: 'present', source: 'typed', use: 'train', shown: null, head: null, time } as const;
  const answers = Array.from({ length: ANSWERS }, (_, n): Action => ({
    ...entry(n + 2),
    kind: 'cells',
    cells: [{ image: images[n % images.length] ?? '', finding, before: null, after }],
  }));
  return [project, ...answers];
}

const actions = history();
// Made before the benchmarks are declared: Vitest runs no hooks around them.
const folder = mkdtempSync(join(tmpdir(), 'collimate-journal-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const [plain, snapshotted] = [join(folder, 'plain'), join(folder, 'snapshotted')];
for (const place of [plain, snapshotted]) mkdirSync(place);
writeFileSync(join(snapshotted, JOURNAL_FILE), Buffer.concat(actions.map(encodeLine)));
await unwrap(await Journal.open(snapshotted)).close();
copyFileSync(join(snapshotted, JOURNAL_FILE), join(plain, JOURNAL_FILE));

async function open(place: string) {
  await unwrap(await Journal.open(place)).close();
  if (place === plain) for (const name of readdirSync(plain)) if (name.startsWith('snapshot')) rmSync(join(plain, name));
}

/** What opening a project of 200,000 answers costs: the fold alone, the journal alone (and closing, which writes a snapshot), and with its snapshot. */
describe('a journal of 200,000 answers', () => {
  const options = { iterations: 5, time: 0, warmupIterations: 1, warmupTime: 0 };
  bench('fold', () => void fold(actions, emptyState()), options);
  bench('open without a snapshot', () => open(plain), options);
  bench('open with a snapshot', () => open(snapshotted), options);
});
