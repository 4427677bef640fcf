import type { Metrics } from '../../../src/contract/jobs/trainer';
import { areaOf } from '../../../src/trainer/evaluation/areas';
import { areaInterval } from '../../../src/trainer/evaluation/intervals';
import { auroc } from '../../../src/trainer/evaluation/ranking';
import type { Split, Truth } from '../../../src/trainer/evaluation/simulate';
import { calibratedByHead, logitsOfFeatures } from '../../../src/trainer/heads/formula';
import { auditOf } from '../../../src/trainer/labels';
import type { Standing } from './labeling';

/** What a figure says, and what it should say: of other patients, and of the pool. */
export interface Figure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly others: number;
  readonly pool: number;
}

export interface Area extends Figure {
  readonly finding: number;
  /** Audits on either side. */
  readonly present: number;
  readonly absent: number;
}

export interface Checked {
  readonly labels: number;
  readonly audits: number;
  /** `patients`: of other patients, each of whom counts once, as in the audit. */
  readonly accuracy: (Figure & { readonly patients: number }) | null;
  readonly running: Omit<Figure, 'low' | 'high'> | null;
  /** From however few audits, so that the least number can be chosen. */
  readonly areas: readonly Area[];
  /** Out of fold, as shown. */
  readonly outOfFold: readonly (Omit<Figure, 'low' | 'high'> & { readonly finding: number })[];
  readonly sets: { readonly others: number; readonly pool: number; readonly cells: number; readonly n: number } | null;
  /** Expected gain of AUROC by 50 more labels; `last`: the curve's own value at the labels there are. */
  readonly curve: { readonly gain: number; readonly last: number } | null;
  readonly advised: boolean;
  /** Mean AUROC on other patients. */
  readonly auroc: number | null;
}

/** Answers of a place where the truth is known: probabilities [n, K] (NaN: not judged) and states [n, K]. */
interface Side {
  readonly p: Float32Array;
  readonly states: Int8Array;
  /** Of each of the n. */
  readonly groups: Int32Array;
}

export async function sidesOf(truth: Truth, split: Split, { round, learnt }: Standing): Promise<{ others: Side; pool: Side }> {
  const k = truth.findings.length;
  const statesOf = (rows: Int32Array) => Int8Array.from([...rows].flatMap((row) => [...truth.states.subarray(row * k, (row + 1) * k)]));
  const groupsOf = (rows: Int32Array) => rows.map((row) => truth.groups[row] ?? row);
  // Rows that the head was trained on are judged by heads that never saw their patient, or the pool would look easier than it is.
  const p = round.probabilities.slice();
  const { targets, probabilities } = learnt.fitted.outOfFold;
  targets.rows.forEach((row, i) => p.set(probabilities.subarray(i * k, (i + 1) * k), row * k));
  const judged = calibratedByHead(learnt.head, await logitsOfFeatures(learnt.head, split.judged));
  return {
    others: { p: judged, states: statesOf(split.held), groups: groupsOf(split.held) },
    pool: { p, states: statesOf(split.pool), groups: groupsOf(split.pool) },
  };
}

export async function check(truth: Truth, split: Split, standing: Standing): Promise<Checked> {
  const { round, prepared, count } = standing;
  const { metrics } = round;
  const { others, pool } = await sidesOf(truth, split, standing);
  const k = truth.findings.length;
  const rates = { others: accuracy(truth, others, false), pool: accuracy(truth, pool, false) };
  const areas = truth.findings.map((_, f) => ({ others: areaIn(others, f, k), pool: areaIn(pool, f, k) }));
  const audit = auditOf(prepared.snapshot.base, prepared.table);
  const said = Float32Array.from(audit.y, (_, i) => round.probabilities[(audit.rows[Math.floor(i / k)] ?? 0) * k + (i % k)] ?? NaN);
  const known = areas.flatMap(({ others: one }) => one ?? []);
  return {
    labels: count,
    audits: audit.rows.length,
    accuracy: metrics.audit && {
      value: metrics.audit.correct / metrics.audit.n,
      low: metrics.audit.low,
      high: metrics.audit.high,
      ...rates,
      patients: accuracy(truth, others, true),
    },
    running: metrics.prequential && { value: metrics.prequential.correct / metrics.prequential.n, ...rates },
    areas: areas.flatMap(({ others: one, pool: other }, finding): Area[] => {
      const area = areaOf(audit, said, finding, 1);
      if (!area || one === null || other === null) return [];
      const { auroc: value, present, absent } = area;
      return [{ finding, value, present, absent, ...areaInterval(value, present, absent), others: one, pool: other }];
    }),
    outOfFold: metrics.findings.flatMap(({ finding, auroc: value }) => {
      const { others: one = null, pool: other = null } = areas[finding] ?? {};
      return value === null || one === null || other === null ? [] : [{ finding, value, others: one, pool: other }];
    }),
    sets: metrics.sets ? coverage(truth, metrics.sets, others, pool) : null,
    curve: metrics.learningCurve ? { gain: metrics.learningCurve.gain, last: metrics.learningCurve.points.at(-1)?.auroc ?? NaN } : null,
    advised: metrics.stop?.advised ?? false,
    auroc: known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length,
  };
}

function accuracy({ task, findings }: Truth, { p, states, groups }: Side, onceEach: boolean): number {
  const k = findings.length;
  const sizes = new Map<number, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  let [n, right] = [0, 0];
  for (let from = 0; from < p.length; from += k) {
    const row = p.subarray(from, from + k);
    if (row.some(Number.isNaN)) continue;
    const weight = onceEach ? 1 / (sizes.get(groups[from / k] ?? -1) ?? 1) : 1;
    if (task === 'multiclass') {
      n += weight;
      right += states[from + row.indexOf(Math.max(...row))] === 1 ? weight : 0;
      continue;
    }
    row.forEach((value, f) => {
      if ((states[from + f] ?? -1) < 0) return;
      n += weight;
      right += value >= 0.5 === (states[from + f] === 1) ? weight : 0;
    });
  }
  return right / n;
}

function areaIn({ p, states }: Side, finding: number, k: number): number | null {
  const cells = Array.from({ length: p.length / k }, (_, i) => i * k + finding).filter(
    (cell) => (states[cell] ?? -1) >= 0 && !Number.isNaN(p[cell]),
  );
  return auroc(
    cells.map((cell) => p[cell] ?? 0),
    cells.map((cell) => states[cell] ?? 0),
  );
}

/** Share of sets that hold the truth: of images (multi-class), of cells of findings that have sets (multi-label). */
function coverage({ task, findings }: Truth, { least, n }: NonNullable<Metrics['sets']>, others: Side, pool: Side): Checked['sets'] {
  const k = findings.length;
  const of = ({ p, states }: Side) => {
    let [cells, held] = [0, 0];
    states.forEach((state, cell) => {
      const bound = least[cell % k] ?? null;
      if (bound === null || state < 0 || Number.isNaN(p[cell]) || (task === 'multiclass' && state === 0)) return;
      cells++;
      if ((state === 1 ? (p[cell] ?? 0) : 1 - (p[cell] ?? 0)) >= bound) held++;
    });
    return { cells, share: held / cells };
  };
  const [one, other] = [of(others), of(pool)];
  return one.cells === 0 ? null : { others: one.share, pool: other.share, cells: one.cells, n: Math.max(...n) };
}
