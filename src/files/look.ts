import { access, readFile, stat } from 'node:fs/promises';
import { patiently } from './drive';

/** Whether something of this name is there now, of whatever kind. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const SECONDS = 2;

/** The same for places that the person chose: a drive that does not answer counts as one that is not there. */
export const reachable = (path: string): Promise<boolean> => patiently(() => exists(path), SECONDS).catch(() => false);

/** Bytes of an ordinary file; 0 where there is none. */
export const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    (facts) => (facts.isFile() ? facts.size : 0),
    () => 0,
  );

/** A file that has more bytes than whoever reads it wants to hold. */
export class TooLarge extends Error {}

/** An ordinary file of at most `limit` bytes. Throws TooLarge (also for what is no file), and what the file system throws. */
export async function readBounded(file: string, limit: number): Promise<Buffer> {
  const facts = await stat(file);
  if (!facts.isFile() || facts.size > limit) throw new TooLarge(`${file} is no file of at most ${String(limit)} bytes`);
  return readFile(file);
}
