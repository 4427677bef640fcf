import { StateCode, type LabelDelta, type SnapshotBase } from '../contract/jobs/trainer';
import { fail, ok, type Result } from '../contract/result';

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
  /** Audit draws, kept out of training. Ascending. */
  readonly audit: readonly number[];
  /** Rows that may be trained on: read, no audit draw, and of no audit draw's patient. Ascending. */
  readonly train: readonly number[];
}

export function readLabels({ base, labels }: Snapshot): Result<LabelTable> {
  const rows = base.embeddings.length;
  const findings = base.findings.length;
  const states = new Int8Array(rows * findings).fill(StateCode.none);
  const last = new Map<number, LabelDelta>();
  for (const label of labels) {
    const { row, finding } = label;
    if (row < 0 || row >= rows || finding < 0 || finding >= findings) {
      return fail('labels-invalid', { file: 'labels', reason: `there is no row ${row} or no finding ${finding}` });
    }
    last.set(row * findings + finding, label);
  }
  const drawn = new Set<number>();
  const first = new Map<number, number>();
  for (const [cell, { row, state, use, seq }] of last) {
    if (state === StateCode.none) continue;
    states[cell] = state;
    if (use === 'audit') drawn.add(row);
    first.set(row, Math.min(first.get(row) ?? Infinity, seq));
  }
  const labelled = [...first.keys()].sort((a, b) => a - b);
  const audit = labelled.filter((row) => drawn.has(row));
  const patients = new Set(audit.map((row) => base.groups[row]));
  const train = labelled.filter((row) => !drawn.has(row) && !patients.has(base.groups[row]));
  labelled.sort((a, b) => (first.get(a) ?? 0) - (first.get(b) ?? 0) || a - b);
  return ok({ rows, findings, states, labelled, audit, train });
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
export function targetsOf(base: SnapshotBase, table: LabelTable, rows: readonly number[]): Targets {
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
