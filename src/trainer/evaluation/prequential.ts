import type { Metrics, SnapshotBase } from '../../contract/jobs/trainer';
import { emptyLinear, logitsOf, makeDesign, type Linear } from '../heads/design';
import { fitGda } from '../heads/gda';
import { targetsOf, type LabelTable, type Targets } from '../labels';
import type { Matrix } from '../matrix';
import { pause } from '../pause';

/** The head is refitted when the labels have grown by this factor: blocks small enough to follow the curve. */
const GROWTH = 1.2;
const FIRST = 4;

/** Answers that were scored, and how many of them were right. */
interface Tally {
  n: number;
  correct: number;
}

interface Block {
  readonly key: string;
  readonly tally: Tally;
}

/** Blocks of earlier snapshots: a new label at the end changes none of them. Holds no result that is not recomputed alike. */
export type PrequentialCache = Map<number, Block>;

/**
 * Each image scored by a discriminant head fitted on the labels given before it (in blocks), then used. Multi-class counts
 * images whose first class is right, multi-label cells on the right side of one half. What is kept out of training is left out.
 * The labels are those that the queue picked, so that the rate says nothing of the pool and carries no interval.
 */
export async function prequential(
  base: SnapshotBase,
  table: LabelTable,
  features: Matrix,
  cache: PrequentialCache,
  signal?: AbortSignal,
): Promise<Metrics['prequential']> {
  const trained = new Set(table.train);
  const targets = targetsOf(
    base,
    table,
    table.labelled.filter((row) => trained.has(row)),
  );
  const count = targets.rows.length;
  let key = '';
  const total: Tally = { n: 0, correct: 0 };
  const curve: { n: number; accuracy: number }[] = [];
  for (let from = FIRST, counted = 0; from < count;) {
    const to = Math.min(count, Math.max(from + 1, Math.floor(from * GROWTH)));
    key = fingerprint(key, targets, counted, to);
    counted = to;
    let block = cache.get(to);
    if (block?.key !== key) {
      block = { key, tally: score(base, features, targets, from, to) };
      cache.set(to, block);
      await pause(signal);
    }
    total.n += block.tally.n;
    total.correct += block.tally.correct;
    if (block.tally.n > 0) curve.push({ n: to, accuracy: total.correct / total.n });
    from = to;
  }
  return total.n === 0 ? null : { ...total, curve };
}

/** FNV-1a over what the labels from..to say, chained to what came before. */
function fingerprint(before: string, targets: Targets, from: number, to: number): string {
  let h = 0x811c9dc5;
  const add = (value: number) => {
    h = Math.imul(h ^ value, 0x01000193);
  };
  for (let i = from; i < to; i++) {
    add(targets.rows[i]);
    for (let f = 0; f < targets.findings; f++) add(targets.y[i * targets.findings + f] + 7);
  }
  return `${before}/${(h >>> 0).toString(36)}`.slice(-200);
}

function score(base: SnapshotBase, features: Matrix, targets: Targets, from: number, to: number): Tally {
  const k = targets.findings;
  const linear = fitOn(base, features, slice(targets, 0, from));
  const block = slice(targets, from, to);
  const logits = logitsOf(linear, makeDesign(features, block));
  const tally: Tally = { n: 0, correct: 0 };
  const add = (right: boolean) => {
    tally.n++;
    if (right) tally.correct++;
  };
  for (let i = 0; i < to - from; i++) {
    const row = logits.subarray(i * k, (i + 1) * k);
    if (base.task === 'multiclass') {
      if (!linear.fitted.includes(true)) continue;
      const candidates = Array.from(row, (value, f) => (linear.fitted[f] ? value : -Infinity));
      add(block.y[i * k + candidates.indexOf(Math.max(...candidates))] === 1);
      continue;
    }
    for (let f = 0; f < k; f++) {
      const state = block.y[i * k + f];
      if (state < 0 || !linear.fitted[f]) continue;
      add(row[f] > 0 === (state === 1));
    }
  }
  return tally;
}

function fitOn(base: SnapshotBase, features: Matrix, targets: Targets): Linear {
  return targets.rows.length === 0 ? emptyLinear(targets.findings, features.columns) : fitGda(makeDesign(features, targets), base.task);
}

function slice({ rows, groups, findings, y }: Targets, from: number, to: number): Targets {
  return { rows: rows.slice(from, to), groups: groups.slice(from, to), findings, y: y.slice(from * findings, to * findings) };
}
