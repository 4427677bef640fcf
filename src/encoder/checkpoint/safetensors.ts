import { parseHeader, type SafetensorsType } from '../../onnx/safetensors';
import { corrupt, type Source } from './source';
import { MAX_PICKLE, type StoredTensors } from './stored';
import { widthOf, type DType, type TensorInfo } from './tensors';

const dtypes: Partial<Record<SafetensorsType, DType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

/** Files of huggingface/safetensors: every tensor is contiguous and its own storage. */
export async function openSafetensors(source: Source): Promise<StoredTensors> {
  const length = Number(new DataView((await source.read(0, 8)).buffer).getBigUint64(0, true));
  if (length > MAX_PICKLE) corrupt(source.name, `its header claims ${String(length)} bytes`);
  const header = parseHeader(await source.read(8, length));
  if (typeof header === 'string') return corrupt(source.name, header);
  const start = 8 + length;
  const weights = new Map<string, TensorInfo>();
  const places = new Map<string, { at: number; length: number }>();
  for (const [name, { dtype: type, shape, from, to }] of header) {
    const dtype = dtypes[type];
    if (!dtype) return corrupt(source.name, `${name} holds numbers of type ${type}`);
    const numbers = shape.reduce((product, n) => product * n, 1);
    if (to - from !== numbers * widthOf[dtype]) corrupt(source.name, `${name} has ${String(to - from)} bytes for [${shape.join(', ')}]`);
    if (start + to > source.size) corrupt(source.name, `expected ${String(start + to - source.size)} more bytes for ${name}`);
    places.set(name, { at: start + from, length: to - from });
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1));
    weights.set(name, { dtype, shape, strides, offset: 0, storage: name, storageSize: numbers });
  }
  return {
    weights,
    storage: ({ storage }) => {
      const place = places.get(storage);
      return place ? source.read(place.at, place.length) : corrupt(source.name, `${storage} is missing`);
    },
  };
}
