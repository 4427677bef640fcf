import type { FileHandle } from 'node:fs/promises';
import type { Action } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { decodeLine } from './line';
import { readLines, type Line } from './lines';

/** A line that is no action. `torn`: it is the last one and was cut off while being written, so it was never acknowledged. */
export interface Problem {
  readonly line: number;
  readonly start: number;
  readonly torn: boolean;
  readonly failure: Failure;
}

export interface Scan {
  /** Place after the last whole line that was read. */
  readonly end: number;
  readonly last: Line | null;
  /** Where reading stopped, if not at the end. */
  readonly problem: Problem | null;
}

/** Reads the journal from the line `first` (from 1), which starts at `from`, up to the first line that is none. */
export async function scan(
  file: FileHandle,
  range: { readonly from: number; readonly to: number; readonly first: number },
  visit: (action: Action, line: Line) => boolean,
): Promise<Scan> {
  let number = range.first;
  let end = range.from;
  let last: Line | null = null;
  let broken: Problem | null = null;
  for await (const batch of readLines(file, range.from, range.to)) {
    for (const line of batch) {
      if (broken) return { end, last, problem: { ...broken, torn: false } };
      const decoded = decodeLine(line.bytes, number);
      const wrong = decoded.ok ? misplaced(decoded.action, line, number) : decoded.failure;
      if (!decoded.ok || wrong) {
        const torn = line.end === -1 || (!decoded.ok && !decoded.whole);
        broken = { line: number, start: line.start, torn, failure: wrong ?? damaged(number, 'it cannot be read') };
        continue;
      }
      end = line.end;
      last = line;
      number++;
      if (!visit(decoded.action, line)) return { end, last, problem: null };
    }
  }
  return { end, last, problem: broken };
}

/** Without its newline a write did not end, and nobody was told that it had. */
function misplaced(action: Action, line: Line, number: number): Failure | null {
  if (line.end === -1) return damaged(number, 'it does not end');
  return action.seq === number ? null : damaged(number, `it carries the number ${String(action.seq)}`);
}

const damaged = (line: number, reason: string): Failure => ({ code: 'journal-damaged', params: { line, reason } });
