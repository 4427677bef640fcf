import { fail, FailureError } from '../../contract/result';
import { readPickle, type PickleValue } from './pickle';
import { corrupt, type Source } from './source';
import { MAX_PICKLE, type StoredTensors } from './stored';
import { storageOf, widthOf } from './tensors';
import { findWeights } from './weights';

/** torch/serialization.py: MAGIC_NUMBER, PROTOCOL_VERSION of the format from before version 1.6. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * The format from before PyTorch 1.6: five pickles one after the other (magic number, protocol, system, content, keys of the
 * storages), then the storages in the order of their keys, each behind its number of elements as int64.
 */
export async function openLegacy(source: Source): Promise<StoredTensors> {
  const bytes = await source.read(0, Math.min(source.size, MAX_PICKLE));
  let at = 0;
  const next = () => {
    const pickle = readPickle(bytes, source.name, at);
    at = pickle.end;
    return pickle;
  };
  const magic = readMagic(next, source);
  if (magic !== MAGIC) throw new FailureError(fail('checkpoint-not-one', { file: source.name }).failure);
  if (next().value !== PROTOCOL) corrupt(source.name, 'its version of the old format is unknown');
  const system = next().value;
  if (system instanceof Map && system.get('little_endian') === false) {
    throw new FailureError(fail('checkpoint-format-unsupported', { file: source.name, format: 'big-endian numbers' }).failure);
  }
  const content = next();
  const keys = next().value;
  if (!Array.isArray(keys)) return corrupt(source.name, 'the list of its storages is damaged');

  const widths = new Map<string, number>();
  for (const persistent of content.persistents) {
    const storage = storageOf(persistent);
    if (storage) widths.set(storage.key, widthOf[storage.dtype]);
  }
  const places = new Map<string, { at: number; length: number }>();
  for (const key of keys) {
    const width = typeof key === 'string' ? widths.get(key) : undefined;
    if (typeof key !== 'string' || width === undefined) return corrupt(source.name, 'it lists a storage of an unknown kind');
    const header = await source.read(at, 8);
    const length = Number(new DataView(header.buffer).getBigInt64(0, true)) * width;
    if (!(length >= 0 && at + 8 + length <= source.size)) corrupt(source.name, `its storage ${key} reaches beyond the file`);
    places.set(key, { at: at + 8, length });
    at += 8 + length;
  }
  return {
    weights: findWeights(content.value, source.name),
    storage: ({ storage }) => {
      const place = places.get(storage);
      return place ? source.read(place.at, place.length) : corrupt(source.name, `its storage ${storage} is missing`);
    },
  };
}

/** Any other pickle begins with the same byte: what cannot be read up to here is no checkpoint rather than a damaged one. */
function readMagic(next: () => { value: PickleValue }, source: Source): PickleValue {
  try {
    return next().value;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    throw new FailureError(fail('checkpoint-not-one', { file: source.name }, error.message).failure);
  }
}
