import { appendFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { earlierIds } from '../../contract/encoder-identity';
import { ok, type Result } from '../../contract/result';
import { writeFailure } from '../../files/failures';

const FACTS = 'facts.jsonl';

/**
 * Moves what `profile` keeps of images under earlier ids of the encoder to its present one, so that nothing is embedded again, and removes the encoder that
 * had the earlier id. May be interrupted and repeated; segments stay as they are. Failures: those of writing.
 */
export async function takeOverEarlier(profile: string, id: string): Promise<Result<void>> {
  for (const earlier of earlierIds(id)) {
    const from = join(profile, 'embeddings', earlier);
    try {
      await moveStore(from, join(profile, 'embeddings', id), earlier.slice(0, 8));
      await rm(join(profile, 'encoders', earlier), { recursive: true, force: true });
    } catch (error) {
      return writeFailure(error, from, from);
    }
  }
  return ok();
}

/** `mark` keeps the names of its segments apart from those that are there. */
async function moveStore(from: string, to: string, mark: string): Promise<void> {
  const files = await readdir(from).catch(() => null);
  if (!files) return;
  await mkdir(to, { recursive: true });
  // Vectors before names, as they are written: a segment without names is not counted, names without vectors would be lost.
  const segments = files
    .filter((file) => /^\d+\.(?:vectors|names)$/.test(file))
    .sort((a, b) => (a.endsWith('.vectors') ? 0 : 1) - (b.endsWith('.vectors') ? 0 : 1));
  for (const file of segments) await renamed(join(from, file), join(to, file.replace('.', `-${mark}.`)));
  if (files.includes(FACTS)) await appendFile(join(to, FACTS), `\n${await readFile(join(from, FACTS), 'utf8')}`);
  await rm(from, { recursive: true, force: true });
}

/** Another process may be doing the same. */
const renamed = (from: string, to: string): Promise<void> =>
  rename(from, to).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
