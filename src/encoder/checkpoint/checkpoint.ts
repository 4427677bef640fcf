import { attempt, fail, ok, type Result } from '../../contract/result';
import { Inert, readPickle, type PickleValue } from './pickle';
import { corrupt, openSource, type Source } from './source';
import { readNumbers, type TensorInfo, tensorInfo, widthOf } from './tensors';
import { readDirectory, readEntry } from './zip';

/** The weights of a checkpoint by name. Numbers are read when they are asked for. */
export interface Checkpoint {
  readonly file: string;
  readonly weights: ReadonlyMap<string, TensorInfo>;
  read(name: string): Promise<Result<Float32Array<ArrayBuffer>>>;
  close(): Promise<void>;
}

/** The pickle of EVA-X B has 20 kB; one with the whole state of an optimizer a few MB. */
const MAX_PICKLE = 32 * 2 ** 20;
const MAX_STORAGE = 2 ** 31;

/** Where training scripts put the weights; the first that holds tensors is taken, the smoothed ones before the others. */
const PLACES = ['model_ema', 'model', 'module', 'state_dict'];

type Format = 'zip' | 'legacy' | 'safetensors' | 'unknown';

/** Torch's magic number 0x1950a86a20f9469cfc6c as the first object of a pickle of protocol 2. */
const LEGACY = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

async function detect(source: Source): Promise<Format> {
  const head = await source.read(0, Math.min(source.size, LEGACY.length));
  if (head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4) return 'zip';
  if (head.length === LEGACY.length && LEGACY.every((byte, i) => head[i] === byte)) return 'legacy';
  if (head.length >= 10) {
    const length = new DataView(head.buffer).getBigUint64(0, true);
    if (head[8] === 0x7b && head[9] === 0x22 && length < BigInt(source.size)) return 'safetensors';
  }
  return 'unknown';
}

/** Opens a checkpoint without running anything in it. Failures: file-*, checkpoint-*. */
export async function openCheckpoint(path: string): Promise<Result<Checkpoint>> {
  const opened = await openSource(path);
  if (!opened.ok) return opened;
  const source = opened.value;
  const result = await attempt(async () => {
    switch (await detect(source)) {
      case 'zip':
        return await openZip(source);
      case 'legacy':
        return fail('checkpoint-format-unsupported', { file: source.name, format: "PyTorch's format from before version 1.6" });
      case 'safetensors':
        return fail('checkpoint-format-unsupported', { file: source.name, format: 'safetensors' });
      case 'unknown':
        return fail('checkpoint-not-one', { file: source.name });
    }
  });
  const checkpoint = result.ok ? result.value : result;
  if (!checkpoint.ok) await source.close();
  return checkpoint;
}

async function openZip(source: Source): Promise<Result<Checkpoint>> {
  const entries = await readDirectory(source);
  const pickle = [...entries.values()].find((entry) => entry.name.split('/').length === 2 && entry.name.endsWith('/data.pkl'));
  if (!pickle) return fail('checkpoint-not-one', { file: source.name });
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const order = entries.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(await readEntry(source, order, 16)) === 'big') {
    return fail('checkpoint-format-unsupported', { file: source.name, format: 'big-endian numbers' });
  }
  const root = readPickle(await readEntry(source, pickle, MAX_PICKLE), source.name);
  const weights = findWeights(root, source.name);

  // Tensors often follow each other in one storage; keeping the last one read avoids reading a file once a tensor.
  let held: { key: string; bytes: Uint8Array } | null = null;
  async function storage(info: TensorInfo): Promise<Uint8Array> {
    if (held?.key === info.storage) return held.bytes;
    const entry = entries.get(`${folder}data/${info.storage}`);
    if (!entry) return corrupt(source.name, `data/${info.storage} is missing`);
    held = null;
    const bytes = await readEntry(source, entry, MAX_STORAGE);
    held = { key: info.storage, bytes };
    return bytes;
  }

  return ok({
    file: source.name,
    weights,
    read: (name) =>
      attempt(async () => {
        const info = weights.get(name);
        if (!info) throw new Error(`${name} was not in the list of weights`);
        const bytes = await storage(info);
        const expected = info.storageSize * widthOf[info.dtype];
        if (bytes.length < expected) corrupt(source.name, `expected ${String(expected - bytes.length)} more bytes in data/${info.storage}`);
        return readNumbers(info, bytes);
      }),
    close: () => source.close(),
  });
}

const entriesOf = (value: PickleValue): ReadonlyMap<PickleValue, PickleValue> | null =>
  value instanceof Map ? value : value instanceof Inert && value.entries.size > 0 ? value.entries : null;

/** Weights may lie one level deeper again, e.g. state_dict inside model. */
function findWeights(root: PickleValue, file: string, depth = 0): Map<string, TensorInfo> {
  const entries = entriesOf(root);
  if (!entries) return new Map();
  if (depth < 3) {
    for (const place of PLACES) {
      const found = entries.has(place) ? findWeights(entries.get(place) ?? null, file, depth + 1) : null;
      if (found && found.size > 0) return found;
    }
  }
  const weights = new Map<string, TensorInfo>();
  for (const [key, value] of entries) {
    if (typeof key !== 'string') continue;
    const info = tensorInfo(value, key, file);
    // Wrappers for training on several devices put their name before every key.
    if (info) weights.set(key.replace(/^module\./, ''), info);
  }
  return weights;
}
