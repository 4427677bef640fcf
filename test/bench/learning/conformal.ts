import type { LabelDelta } from '../../../src/contract/jobs/trainer';
import { unwrap } from '../../../src/contract/result';
import { AUDITS_FOR_SETS, proposalSets } from '../../../src/trainer/calibration/conformal';
import { learn, prepare } from '../../../src/trainer/engine';
import type { Split, Truth } from '../../../src/trainer/evaluation/simulate';
import { calibratedByHead, logitsOfFeatures } from '../../../src/trainer/heads/formula';
import { auditOf } from '../../../src/trainer/labels';
import { random } from '../../../src/trainer/random';
import { baseOf } from './noise';

const ALPHA = 0.1;
const LABELS = 100;

export interface Covered {
  /** Share of held-out images whose set holds the truth. */
  readonly coverage: number;
  /** Its expectation and variance: beta-binomial, Vovk 2012. */
  readonly expected: number;
  readonly variance: number;
  readonly size: number;
}

/** 100 labels to learn from, 50 audit draws to choose the threshold by, the held-out patients to count on. */
export async function conformal(truth: Truth, split: Split): Promise<Covered> {
  const order = random(split.seed, 'conformal').shuffle(Int32Array.from(split.pool.keys()));
  const groups = new Set(Array.from(order.subarray(0, AUDITS_FOR_SETS), (row) => truth.groups[split.pool[row] ?? 0]));
  const rest = order.subarray(AUDITS_FOR_SETS).filter((row) => !groups.has(truth.groups[split.pool[row] ?? 0]));
  const label = (row: number, use: 'train' | 'audit', seq: number): LabelDelta => ({
    row,
    finding: 0,
    state: truth.states[split.pool[row] ?? 0] ?? 0,
    use,
    blind: use === 'audit',
    seq,
  });
  const labels = [
    ...Array.from(order.subarray(0, AUDITS_FOR_SETS), (row, i) => label(row, 'audit', i)),
    ...Array.from(rest.subarray(0, LABELS), (row, i) => label(row, 'train', AUDITS_FOR_SETS + i)),
  ];
  const base = baseOf(truth, split);
  const prepared = unwrap(await prepare({ base, labels }, split.embeddings, split.basis));
  const { head } = unwrap(await learn(prepared, ''));
  const pool = calibratedByHead(head, await logitsOfFeatures(head, split.basis.features));
  const audit = auditOf(base, prepared.table);
  const least = proposalSets(truth.task, audit, pool, ALPHA).least[0] ?? 0;
  const held = calibratedByHead(head, await logitsOfFeatures(head, split.judged));
  let covered = 0;
  let size = 0;
  split.held.forEach((row, i) => {
    const p = held[i] ?? 0;
    if ((truth.states[row] === 1 ? p : 1 - p) >= least) covered++;
    size += (p >= least ? 1 : 0) + (1 - p >= least ? 1 : 0);
  });
  const n = AUDITS_FOR_SETS;
  const b = Math.floor(ALPHA * (n + 1));
  const a = n + 1 - b;
  const expected = a / (n + 1);
  const beta = (a * b) / ((n + 1) ** 2 * (n + 2));
  const m = split.held.length;
  return { coverage: covered / m, expected, variance: beta + (expected * (1 - expected) - beta) / m, size: size / m };
}
