import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readDead } from './dead';
import { HEADER, RECORD } from './segment';

/** What a store takes on the disk, told by the sizes of its files and what is noted as damaged: it is not opened. A folder that is not there takes nothing. */
export async function storeSize(folder: string): Promise<{ bytes: number; rows: number }> {
  const files = await readdir(folder).catch(() => []);
  let bytes = 0;
  let rows = 0;
  for (const file of files) {
    const size = await stat(join(folder, file)).then(
      (facts) => (facts.isFile() ? facts.size : 0),
      () => 0,
    );
    bytes += size;
    if (file.endsWith('.dead')) rows -= (await readDead(join(folder, file))).size;
    if (file.endsWith('.names')) rows += Math.max(0, Math.floor((size - HEADER) / RECORD));
  }
  return { bytes, rows: Math.max(0, rows) };
}
