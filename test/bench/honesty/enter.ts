import type { Acceptance } from '../../../src/contract/jobs/trainer';
import type { Split, Truth } from '../../../src/trainer/evaluation/simulate';
import { sidesOf } from './figures';
import type { Standing } from './labeling';

/** What Enter would write on many images, counted by finding. */
export interface Pressed {
  /** Multi-label: images with and without the finding, and those of either that are accepted as absent. */
  readonly present: number;
  readonly missed: number;
  readonly absent: number;
  readonly accepted: number;
  /** Accepted as present (multi-class: as this class), and how many of them are not. */
  readonly said: number;
  readonly wrong: number;
  /** The interval shown of the share of accepted absents that have the finding. */
  readonly shown: { readonly n: number; readonly low: number; readonly high: number } | null;
}

export interface Entered {
  readonly labels: number;
  /** Other patients' images, and those of the pool that nobody has answered and that are not reserved. */
  readonly others: readonly Pressed[];
  readonly open: readonly Pressed[];
  /** Images with each finding among those answered already: they cannot be missed any more. */
  readonly found: readonly number[];
}

export async function enter(truth: Truth, split: Split, standing: Standing): Promise<Entered> {
  const { round, prepared, count } = standing;
  const { others, pool } = await sidesOf(truth, split, standing);
  const k = truth.findings.length;
  const shut = new Set([...prepared.table.labelled]);
  const rows = Array.from(split.pool.keys()).filter(
    (row) => !shut.has(row) && !prepared.table.keptOut.has(prepared.snapshot.base.groups[row] ?? -1),
  );
  const found = truth.findings.map((_, f) => prepared.table.train.filter((row) => prepared.table.states[row * k + f] === 1).length);
  return {
    labels: count,
    found,
    others: press(truth, round.acceptance, others.p, others.states),
    open: press(
      truth,
      round.acceptance,
      Float32Array.from(rows.flatMap((row) => [...pool.p.subarray(row * k, (row + 1) * k)])),
      Int8Array.from(rows.flatMap((row) => [...pool.states.subarray(row * k, (row + 1) * k)])),
    ),
  };
}

function press({ task, findings }: Truth, acceptance: Acceptance | null, p: Float32Array, states: Int8Array): Pressed[] {
  const k = findings.length;
  const out = findings.map((_, f) => {
    const wrong = acceptance?.wrong[f] ?? null;
    return {
      present: 0,
      missed: 0,
      absent: 0,
      accepted: 0,
      said: 0,
      wrong: 0,
      shown: wrong && { n: wrong.n, low: wrong.low, high: wrong.high },
    };
  });
  for (let from = 0; from < p.length; from += k) {
    const row = p.subarray(from, from + k);
    const written = acceptance ? accepted(task, acceptance, row) : [];
    out.forEach((count, f) => {
      const state = states[from + f] ?? -1;
      if (state < 0) return;
      count[state === 1 ? 'present' : 'absent']++;
      if (written[f] === 0) count[state === 1 ? 'missed' : 'accepted']++;
      if (written[f] === 1) {
        count.said++;
        if (state !== 1) count.wrong++;
      }
    });
  }
  return out;
}

/** The cells that Enter writes: 1, 0, or null where it leaves the cell unread (contract/jobs/trainer). */
export function accepted(task: Truth['task'], { skill, enough, present, absent }: Acceptance, p: Float32Array): (0 | 1 | null)[] {
  if (task === 'multilabel') {
    return Array.from(p, (value, f) => {
      const [from, below] = [present[f] ?? null, absent[f] ?? null];
      return from !== null && value >= from ? 1 : below !== null && value < below ? 0 : null;
    });
  }
  const [first = 0, second = 0] = Array.from(p.keys()).sort((a, b) => (p[b] ?? 0) - (p[a] ?? 0));
  const sure = skill[0] === true && enough[first] === true && enough[second] === true && (p[first] ?? 0) >= 0.5;
  return Array.from(p, (_, f) => (sure ? (f === first ? 1 : 0) : null));
}
