import { defaultSettings, type LabelDelta, type SnapshotBase } from '../../../src/contract/jobs/trainer';
import { unwrap } from '../../../src/contract/result';
import { learn, prepare } from '../../../src/trainer/engine';
import type { Split, Truth } from '../../../src/trainer/evaluation/simulate';
import { random } from '../../../src/trainer/random';
import { suspects } from '../../../src/trainer/review/suspects';

const LABELS = 200;

export interface Noise {
  readonly labels: number;
  readonly flipped: number;
  /** Flipped ones among the `flipped` most suspect. */
  readonly hits: number;
}

export const baseOf = (truth: Truth, split: Split): SnapshotBase => ({
  encoder: { id: 'simulated', name: 'simulated', d: truth.embeddings.columns },
  task: truth.task,
  findings: [...truth.findings],
  seed: split.seed,
  settings: defaultSettings,
  embeddings: Array.from(split.pool, String),
  groups: split.pool.map((row) => truth.groups[row] ?? row),
});

/** 200 random labels, some of them wrong: how many of the wrong ones lead the list of suspects? */
export async function noise(truth: Truth, split: Split, flips: number): Promise<Noise> {
  const draw = random(split.seed, 'label noise');
  const rows = draw.shuffle(Int32Array.from(split.pool.keys())).slice(0, LABELS);
  const wrong = new Set(draw.shuffle(rows.slice()).subarray(0, Math.round(flips * rows.length)));
  const labels = Array.from(rows, (row, seq): LabelDelta => {
    const state = truth.states[split.pool[row] ?? 0] ?? 0;
    return { row, finding: 0, state: wrong.has(row) ? 1 - state : state, use: 'train', seq };
  });
  const prepared = unwrap(await prepare({ base: baseOf(truth, split), labels }, split.embeddings, split.basis));
  const { fitted } = unwrap(await learn(prepared, ''));
  const top = suspects(
    fitted.outOfFold,
    truth.task,
    // The bar is on their order, with skill or without.
    truth.findings.map(() => true),
  ).slice(0, wrong.size);
  return { labels: rows.length, flipped: wrong.size, hits: top.filter(({ row }) => wrong.has(row)).length };
}
