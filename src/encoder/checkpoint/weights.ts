import { Inert, type PickleValue } from './pickle';
import { tensorInfo, type TensorInfo } from './tensors';

/** Where training scripts put the weights; the first that holds tensors is taken, the smoothed ones before the others. */
const PLACES = ['model_ema', 'state_dict_ema', 'model', 'module', 'state_dict', 'model_state_dict'];

const entriesOf = (value: PickleValue): ReadonlyMap<PickleValue, PickleValue> | null =>
  value instanceof Map ? value : value instanceof Inert && value.entries.size > 0 ? value.entries : null;

/** The tensors of a checkpoint by name. They may lie one level deeper again, e.g. state_dict inside model. */
export function findWeights(root: PickleValue, file: string, depth = 0): Map<string, TensorInfo> {
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
    if (info) weights.set(key, info);
  }
  return weights;
}
