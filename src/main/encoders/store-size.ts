import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sizeOf } from '../../files/look';
import { rowsIn } from '../../contract/store-files';

/** What a store takes on the disk, told by the sizes of its files: it is not opened. A folder that is not there takes nothing. */
export async function storeSize(folder: string): Promise<{ bytes: number; rows: number }> {
  const files = await readdir(folder).catch(() => []);
  let bytes = 0;
  let rows = 0;
  for (const file of files) {
    const size = await sizeOf(join(folder, file));
    bytes += size;
    if (file.endsWith('.names')) rows += rowsIn(size);
  }
  return { bytes, rows };
}
