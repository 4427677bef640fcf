import { appendFile, readFile } from 'node:fs/promises';

/**
 * Rows of a segment that were found damaged and count no longer: `<number>.dead`, their places as decimal numbers, one a line, only ever appended to.
 * A line that is itself damaged costs at most one more embedding: of two rows of one name the newer counts.
 */
export async function readDead(file: string): Promise<Set<number>> {
  const text = await readFile(file, 'latin1').catch(() => '');
  return new Set(text.split('\n').flatMap((line) => (/^\d{1,9}$/.test(line) ? [Number(line)] : [])));
}

/** Never fails: what is not written down is found again. */
export async function addDead(file: string, rows: readonly number[]): Promise<void> {
  // A line that another process left torn ends here.
  if (rows.length > 0) await appendFile(file, `\n${rows.join('\n')}\n`).catch(() => undefined);
}
