import { fromHalf } from '../../contract/float16';
import { Global, Inert, Persistent, type PickleValue } from './pickle';
import { corrupt } from './source';

export type DType = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'int16' | 'int8' | 'uint8' | 'bool';

/** Class names of torch's typed storages. */
const storages = new Map<string, DType>([
  ['torch.FloatStorage', 'float32'],
  ['torch.DoubleStorage', 'float64'],
  ['torch.HalfStorage', 'float16'],
  ['torch.BFloat16Storage', 'bfloat16'],
  ['torch.LongStorage', 'int64'],
  ['torch.IntStorage', 'int32'],
  ['torch.ShortStorage', 'int16'],
  ['torch.CharStorage', 'int8'],
  ['torch.ByteStorage', 'uint8'],
  ['torch.BoolStorage', 'bool'],
]);

export const widthOf: Record<DType, number> = {
  float64: 8,
  int64: 8,
  float32: 4,
  int32: 4,
  float16: 2,
  bfloat16: 2,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** The storage that a persistent id names: ('storage', class, key, device, elements[, view]). Null where it names something else. */
export function storageOf(persistent: Persistent): Storage | null {
  const [kind, storageClass, key, , size, view] = Array.isArray(persistent.id) ? persistent.id : [];
  const dtype = storageClass instanceof Global ? storages.get(storageClass.path) : undefined;
  if (kind !== 'storage' || !dtype || typeof key !== 'string' || !isCount(size)) return null;
  if (!Array.isArray(view)) return { dtype, key, size, from: 0 };
  // Files of the old format can name a part of a storage: (key, offset, elements).
  const [, from, length] = view;
  if (!isCount(from) || !isCount(length) || from + length > size) return null;
  return { dtype, key, size, from };
}

interface Storage {
  readonly dtype: DType;
  readonly key: string;
  /** In elements. */
  readonly size: number;
  /** Where the tensors' offsets count from. */
  readonly from: number;
}

/** Where a tensor's numbers lie; strides and offset count elements, as in PyTorch. */
export interface TensorInfo {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly storage: string;
  /** Elements of the storage, as the pickle states it. */
  readonly storageSize: number;
}

/** EVA-X B has 3,145,728 numbers in its largest weight; this bounds what a lying shape can make us reserve (1 GiB). */
const MAX_NUMBERS = 2 ** 28;
const MAX_DIMENSIONS = 8;

const REBUILD = new Set(['torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_tensor']);
const WRAPPERS = new Set(['torch._utils._rebuild_parameter', 'torch._utils._rebuild_parameter_with_state']);

const isCount = (value: PickleValue | undefined): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isCounts = (value: PickleValue | undefined): value is number[] => Array.isArray(value) && value.every(isCount);

/** The tensor that a record of the pickle describes; null where it describes something else. Throws a FailureError where it is not sound. */
export function tensorInfo(value: PickleValue, name: string, file: string): TensorInfo | null {
  if (!(value instanceof Inert) || !(value.callable instanceof Global) || !Array.isArray(value.args)) return null;
  if (WRAPPERS.has(value.callable.path)) {
    const [inner = null] = value.args;
    const wrapped = inner instanceof Inert && inner.callable instanceof Global && WRAPPERS.has(inner.callable.path);
    return wrapped ? null : tensorInfo(inner, name, file);
  }
  if (!REBUILD.has(value.callable.path)) return null;
  const [persistent, start, shape, strides] = value.args;
  const storage = persistent instanceof Persistent ? storageOf(persistent) : null;
  if (!storage) return corrupt(file, `${name} has a storage of an unknown kind`);
  if (!isCount(start) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length || shape.length > MAX_DIMENSIONS) {
    return corrupt(file, `${name} has no valid shape`);
  }
  const { dtype, key, size: storageSize } = storage;
  const offset = storage.from + start;
  const info = { dtype, shape, strides, offset, storage: key, storageSize };
  const numbers = shape.reduce((product, n) => product * n, 1);
  if (numbers > MAX_NUMBERS) corrupt(file, `${name} claims ${String(numbers)} numbers`);
  if (numbers > storageSize) corrupt(file, `${name} claims more numbers than its storage holds`);
  const last = offset + shape.reduce((sum, n, i) => sum + (n - 1) * (strides[i] ?? 0), 0);
  if (numbers > 0 && last >= storageSize) corrupt(file, `${name} reaches beyond its storage`);
  return info;
}

/** The numbers of a tensor in row-major order as float32, out of the bytes of its whole storage. */
export function readNumbers(info: TensorInfo, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const count = info.shape.reduce((product, n) => product * n, 1);
  if (info.dtype === 'float32' && isContiguous(info)) {
    const start = bytes.byteOffset + info.offset * 4;
    return new Float32Array(new Float32Array(bytes.buffer, start, count));
  }
  const at = reader(info.dtype, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const out = new Float32Array(count);
  const index = info.shape.map(() => 0);
  let element = info.offset;
  for (let i = 0; i < count; i++) {
    out[i] = at(element);
    // Odometer: the last axis turns fastest.
    for (let axis = info.shape.length - 1; axis >= 0; axis--) {
      const stride = info.strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      if (next < (info.shape[axis] ?? 0)) {
        index[axis] = next;
        element += stride;
        break;
      }
      index[axis] = 0;
      element -= stride * (next - 1);
    }
  }
  return out;
}

function isContiguous({ shape, strides }: TensorInfo): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] ?? 1;
  }
  return true;
}

function reader(dtype: DType, view: DataView): (element: number) => number {
  switch (dtype) {
    case 'float32':
      return (i) => view.getFloat32(i * 4, true);
    case 'float64':
      return (i) => view.getFloat64(i * 8, true);
    case 'float16':
      return (i) => fromHalf(view.getUint16(i * 2, true));
    case 'bfloat16': {
      // The upper half of a float32.
      const word = new DataView(new ArrayBuffer(4));
      return (i) => {
        word.setUint32(0, view.getUint16(i * 2, true) << 16);
        return word.getFloat32(0);
      };
    }
    case 'int64':
      return (i) => Number(view.getBigInt64(i * 8, true));
    case 'int32':
      return (i) => view.getInt32(i * 4, true);
    case 'int16':
      return (i) => view.getInt16(i * 2, true);
    case 'int8':
      return (i) => view.getInt8(i);
    case 'uint8':
    case 'bool':
      return (i) => view.getUint8(i);
  }
}
