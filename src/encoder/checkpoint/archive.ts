import { fail, FailureError } from '../../contract/result';
import { readPickle } from './pickle';
import { corrupt, type Source } from './source';
import { MAX_PICKLE, MAX_STORAGE, type StoredTensors } from './stored';
import { findWeights } from './weights';
import { readDirectory, readEntry } from './zip';

/** The zip archive of torch.save since version 1.6: <name>/data.pkl and one entry a storage, <name>/data/<key>. */
export async function openArchive(source: Source): Promise<StoredTensors> {
  const entries = await readDirectory(source);
  const pickle = [...entries.values()].find((entry) => entry.name.split('/').length === 2 && entry.name.endsWith('/data.pkl'));
  if (!pickle) throw new FailureError(fail('checkpoint-not-one', { file: source.name }).failure);
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const order = entries.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(await readEntry(source, order, 16)) === 'big') {
    throw new FailureError(fail('checkpoint-format-unsupported', { file: source.name, format: 'big-endian numbers' }).failure);
  }
  const { value } = readPickle(await readEntry(source, pickle, MAX_PICKLE), source.name);
  return {
    weights: findWeights(value, source.name),
    storage: async ({ storage }) => {
      const entry = entries.get(`${folder}data/${storage}`);
      return entry ? readEntry(source, entry, MAX_STORAGE) : corrupt(source.name, `data/${storage} is missing`);
    },
  };
}
