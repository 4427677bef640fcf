import { csvText } from '../../files/csv';

/** An image by its place. */
export interface Place {
  readonly path: string;
  readonly frame: number | null;
}

const placeCells = ({ path, frame }: Place) => [path, frame === null ? '' : String(frame)];

/** The shortest text that gives the same float32 again. */
export function probabilityText(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

/** PROPOSALS.csv: `probabilities` is [places.length, findings.length], row after row. */
export function proposalsText(findings: readonly string[], places: readonly Place[], probabilities: Float32Array): string {
  const k = findings.length;
  const body = places.map((place, row) => [
    ...placeCells(place),
    ...Array.from(probabilities.subarray(row * k, (row + 1) * k), probabilityText),
  ]);
  return csvText([['path', 'frame', ...findings], ...body]);
}

/** Null probabilities: the file failed, for the reason in `message`. */
export interface PredictionRow extends Place {
  readonly message: string;
  readonly probabilities: Float32Array | null;
}

/** PREDICTIONS.csv. */
export function predictionsText(findings: readonly string[], rows: readonly PredictionRow[]): string {
  const body = rows.map((row) => [
    ...placeCells(row),
    row.probabilities ? 'ok' : 'failed',
    row.message,
    ...(row.probabilities ? Array.from(row.probabilities, probabilityText) : findings.map(() => '')),
  ]);
  return csvText([['path', 'frame', 'status', 'message', ...findings], ...body]);
}

export interface QueueRow extends Place {
  readonly score: number;
  readonly audit: boolean;
  readonly code: string;
  readonly reason: string;
}

/** QUEUE.csv, ranked from 1. */
export function queueText(rows: readonly QueueRow[]): string {
  const body = rows.map((row, at) => [
    String(at + 1),
    ...placeCells(row),
    probabilityText(row.score),
    row.audit ? '1' : '0',
    row.code,
    row.reason,
  ]);
  return csvText([['rank', 'path', 'frame', 'score', 'audit', 'reason_code', 'reason'], ...body]);
}

export interface SuspectRow extends Place {
  readonly finding: string;
  readonly label: 'present' | 'absent';
  /** Of what was answered, by a head that never saw the patient. */
  readonly probability: number;
  readonly score: number;
}

/** SUSPECTS.csv, ranked from 1. */
export function suspectsText(rows: readonly SuspectRow[]): string {
  const body = rows.map((row, at) => [
    String(at + 1),
    ...placeCells(row),
    row.finding,
    row.label,
    probabilityText(row.probability),
    probabilityText(row.score),
  ]);
  return csvText([['rank', 'path', 'frame', 'finding', 'label', 'probability', 'score'], ...body]);
}
