import { defaultSettings, type LabelDelta, type SnapshotBase } from '../../../src/contract/jobs/trainer';
import { unwrap } from '../../../src/contract/result';
import { buildBasis } from '../../../src/trainer/basis';
import { learn, prepare, queueOf, type Learnt } from '../../../src/trainer/engine';
import type { Split, Truth } from '../../../src/trainer/evaluation/simulate';
import { takeRows } from '../../../src/trainer/matrix';
import { random } from '../../../src/trainer/random';

const PREVALENCE = 0.02;

export interface Found {
  readonly pool: number;
  readonly present: number;
  /** Share of the present images found when 20 % of the pool has been looked at. */
  readonly recall20: number;
  /** 0.95 minus the share looked at until 95 % are found (Cohen et al. 2006). */
  readonly wss95: number;
}

/** A pool in which 2 % show the finding, searched from one image of it until 95 % are found. */
export async function rareSearch(truth: Truth, split: Split): Promise<Found> {
  const draw = random(split.seed, 'rare search');
  const state = (row: number) => truth.states[row] ?? -1;
  const absent = Array.from(split.pool).filter((row) => state(row) === 0);
  const positives = draw.shuffle(Array.from(split.pool).filter((row) => state(row) === 1));
  const present = positives.slice(0, Math.max(3, Math.round((absent.length * PREVALENCE) / (1 - PREVALENCE))));
  const pool = Int32Array.from([...absent, ...present]).sort();
  const embeddings = takeRows(truth.embeddings, pool);
  const basis = await buildBasis(embeddings, split.seed, defaultSettings.components, { pooling: truth.pooling });
  const base: SnapshotBase = {
    encoder: { id: 'simulated', name: 'simulated', d: truth.embeddings.columns },
    task: 'multilabel',
    findings: [truth.findings[0] ?? ''],
    seed: split.seed,
    settings: { ...defaultSettings, head: 'gda', strategy: 'rare', audit: { share: 0, from: 0 } },
    embeddings: Array.from(pool, String),
    groups: pool.map((row) => truth.groups[row] ?? row),
  };
  const labels: LabelDelta[] = [];
  const answer = (row: number) => labels.push({ row, finding: 0, state: state(pool[row] ?? 0), use: 'train', seq: labels.length });
  answer(pool.indexOf(present[0] ?? 0));
  // What is counted is what the search finds beyond the image it began with.
  const wanted = present.length - 1;
  let recall20 = 0;
  let looked = pool.length;
  for (let found = 0; labels.length < pool.length;) {
    const settings = { ...base.settings, queueSize: Math.max(10, Math.floor(labels.length / 20)) };
    const prepared = unwrap(await prepare({ base: { ...base, settings }, labels }, embeddings, basis));
    const learnt = await learn(prepared, '');
    const head: Learnt | null = learnt.ok ? learnt.value : null;
    for (const { row } of await queueOf(prepared, head)) {
      answer(row);
      found += state(pool[row] ?? 0);
      if (labels.length <= 0.2 * pool.length) recall20 = found / wanted;
      if (found >= 0.95 * wanted) {
        looked = Math.min(looked, labels.length);
      }
    }
    if (looked < pool.length && labels.length > 0.2 * pool.length) break;
  }
  return { pool: pool.length, present: present.length, recall20, wss95: 0.95 - looked / pool.length };
}
