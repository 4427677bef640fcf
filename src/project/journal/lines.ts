import type { FileHandle } from 'node:fs/promises';
import { MAX_LINE } from './line';

/** A line without its newline; `end` is the place after the newline. */
export interface Line {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

const CHUNK = 1024 * 1024;

/**
 * Whole lines between two places of a file, in batches. The last batch may hold one line whose `end` is -1: what follows
 * the last newline, or a line that exceeds the bound (then the rest of the file is not looked at).
 */
export async function* readLines(file: FileHandle, from: number, to: number): AsyncGenerator<Line[]> {
  let parts: Buffer[] = [];
  let pending = 0;
  let start = from;
  for (let position = from; position < to;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, to - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) break;
    const batch: Line[] = [];
    let cursor = 0;
    for (let newline; (newline = chunk.indexOf(0x0a, cursor)) !== -1 && newline < bytesRead; cursor = newline + 1) {
      const piece = chunk.subarray(cursor, newline);
      const bytes = parts.length === 0 ? piece : Buffer.concat([...parts, piece]);
      const end = position + newline + 1;
      batch.push({ bytes, start, end });
      parts = [];
      pending = 0;
      start = end;
    }
    parts.push(chunk.subarray(cursor, bytesRead));
    pending += bytesRead - cursor;
    position += bytesRead;
    if (batch.length > 0) yield batch;
    if (pending > MAX_LINE) break;
  }
  if (pending > 0) yield [{ bytes: Buffer.concat(parts), start, end: -1 }];
}
