import { StateCode, type LabelDelta, type SnapshotBase } from '../contract/jobs/trainer';
import { fail, ok, type Result } from '../contract/result';
import { reserveOf } from '../contract/reserve-draws';

/** An immutable state of the project as the trainer sees it. */
export interface Snapshot {
  readonly base: SnapshotBase;
  /** Later entries replace earlier ones of the same cell. */
  readonly labels: readonly LabelDelta[];
}

/** The labels laid out by cell. */
export interface LabelTable {
  readonly rows: number;
  readonly findings: number;
  /** [rows, findings], codes of StateCode. */
  readonly states: Int8Array;
  /** Rows with any state but none, in the order in which they were first answered. */
  readonly labelled: readonly number[];
  /** Rows that measure the head: kept out of training and asked blind, one a patient, the first that was answered. Ascending. */
  readonly audit: readonly number[];
  /** [rows, findings]: the states that were given blind, `none` elsewhere. */
  readonly blind: Int8Array;
  /** Images kept out of training of which nothing was asked blind: they measure nothing. */
  readonly notBlind: number;
  /** Patients of whom an image was asked blind. */
  readonly asked: ReadonlySet<number>;
  /** Patients of whom nothing may be trained on: those of the reserve, and whoever has an answer kept out of training. */
  readonly keptOut: ReadonlySet<number>;
  /** Rows that may be trained on: read, and of no patient that is kept out. Ascending. */
  readonly train: readonly number[];
}

export function readLabels({ base, labels }: Snapshot): Result<LabelTable> {
  const rows = base.embeddings.length;
  const findings = base.findings.length;
  const last = new Map<number, LabelDelta>();
  for (const label of labels) {
    const { row, finding } = label;
    if (row < 0 || row >= rows || finding < 0 || finding >= findings) {
      return fail('labels-invalid', { file: 'labels', reason: `there is no row ${row} or no finding ${finding}` });
    }
    last.set(row * findings + finding, label);
  }
  const states = new Int8Array(rows * findings).fill(StateCode.none);
  const blind = states.slice();
  const keptOut = new Set(reserveOf(base).groups);
  const first = new Map<number, number>();
  const firstBlind = new Map<number, number>();
  for (const [cell, label] of last) {
    const { row, state, use, seq } = label;
    if (state === StateCode.none) continue;
    states[cell] = state;
    earlier(first, row, seq);
    if (use !== 'audit') continue;
    keptOut.add(base.groups[row]);
    if (!label.blind) continue;
    blind[cell] = state;
    earlier(firstBlind, row, seq);
  }
  const inOrder = (times: ReadonlyMap<number, number>) => [...times].sort(([a, s], [b, t]) => s - t || a - b).map(([row]) => row);
  // Two images of a patient would count as two that are alike.
  const measured = new Map<number, number>();
  for (const row of inOrder(firstBlind)) {
    const group = base.groups[row];
    if (!measured.has(group)) measured.set(group, row);
  }
  const ascending = [...first.keys()].sort((a, b) => a - b);
  const isOut = (row: number) => keptOut.has(base.groups[row]);
  return ok({
    rows,
    findings,
    states,
    labelled: inOrder(first),
    audit: [...measured.values()].sort((a, b) => a - b),
    blind,
    notBlind: ascending.filter((row) => isOut(row) && !firstBlind.has(row)).length,
    asked: new Set(measured.keys()),
    keptOut,
    train: ascending.filter((row) => !isOut(row)),
  });
}

function earlier(times: Map<number, number>, row: number, seq: number): void {
  times.set(row, Math.min(times.get(row) ?? Infinity, seq));
}

/** Rows of one problem with what is known of each: y [n, findings] is 1, 0 or -1 (not read, unsure: masked). */
export interface Targets {
  readonly rows: Int32Array;
  readonly groups: Int32Array;
  readonly findings: number;
  readonly y: Int8Array;
}

/**
 * What of `rows` a head can learn from or be judged by. Multi-class: rows with exactly one present finding, every other
 * finding absent. Multi-label: rows with any cell read as present or absent.
 */
export function targetsOf(base: SnapshotBase, table: Pick<LabelTable, 'findings' | 'states'>, rows: readonly number[]): Targets {
  const k = table.findings;
  const kept: number[] = [];
  const y: number[] = [];
  for (const row of rows) {
    const states = table.states.subarray(row * k, (row + 1) * k);
    if (base.task === 'multiclass') {
      const present = states.indexOf(StateCode.present);
      if (present < 0 || states.lastIndexOf(StateCode.present) !== present) continue;
      kept.push(row);
      for (let f = 0; f < k; f++) y.push(f === present ? 1 : 0);
    } else if (states.some((state) => state === StateCode.present || state === StateCode.absent)) {
      kept.push(row);
      for (const state of states) y.push(state === StateCode.present ? 1 : state === StateCode.absent ? 0 : -1);
    }
  }
  const index = Int32Array.from(kept);
  return { rows: index, groups: index.map((row) => base.groups[row] ?? row), findings: k, y: Int8Array.from(y) };
}

/** What the blind audits say, and nothing that was answered otherwise on the same images. */
export const auditOf = (base: SnapshotBase, { findings, blind, audit }: LabelTable): Targets =>
  targetsOf(base, { findings, states: blind }, audit);

/** Numbers of present and absent cells of one finding. */
export function countStates(targets: Targets, finding: number): { present: number; absent: number } {
  let present = 0;
  let absent = 0;
  for (let i = finding; i < targets.y.length; i += targets.findings) {
    if (targets.y[i] === 1) present++;
    else if (targets.y[i] === 0) absent++;
  }
  return { present, absent };
}
