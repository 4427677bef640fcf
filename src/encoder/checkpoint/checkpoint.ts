import { attempt, fail, FailureError, ok, type Result } from '../../contract/result';
import { openArchive } from './archive';
import { openLegacy } from './legacy';
import { openSafetensors } from './safetensors';
import { corrupt, openSource, type Source } from './source';
import type { StoredTensors } from './stored';
import { readNumbers, type TensorInfo, widthOf } from './tensors';

/** The weights of a checkpoint by name. Numbers are read when they are asked for. */
export interface Checkpoint {
  readonly file: string;
  readonly weights: ReadonlyMap<string, TensorInfo>;
  read(name: string): Promise<Result<Float32Array<ArrayBuffer>>>;
  close(): Promise<void>;
}

/** Tells the format by the first bytes. */
async function openFormat(source: Source): Promise<StoredTensors> {
  const head = await source.read(0, Math.min(source.size, 10));
  const starts = (...bytes: number[]) => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x50, 0x4b, 3, 4)) return openArchive(source);
  if (starts(0x80)) return openLegacy(source);
  if (head.length === 10 && head[8] === 0x7b && new DataView(head.buffer).getBigUint64(0, true) < BigInt(source.size)) {
    return openSafetensors(source);
  }
  throw new FailureError(fail('checkpoint-not-one', { file: source.name }).failure);
}

/** Opens a checkpoint (zip, legacy, safetensors) without running anything in it. Failures: file-*, checkpoint-*. */
export async function openCheckpoint(path: string): Promise<Result<Checkpoint>> {
  const opened = await openSource(path);
  if (!opened.ok) return opened;
  const source = opened.value;
  const found = await attempt(() => openFormat(source));
  if (!found.ok) {
    await source.close();
    return found;
  }
  const { weights, storage } = found.value;

  // Tensors often follow each other in one storage; keeping the last one read avoids reading a file once a tensor.
  let held: { key: string; bytes: Uint8Array } | null = null;
  async function bytesOf(info: TensorInfo): Promise<Uint8Array> {
    if (held?.key === info.storage) return held.bytes;
    held = null;
    const bytes = await storage(info);
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
        const bytes = await bytesOf(info);
        const expected = info.storageSize * widthOf[info.dtype];
        if (bytes.length < expected)
          corrupt(source.name, `expected ${String(expected - bytes.length)} more bytes in storage ${info.storage}`);
        return readNumbers(info, bytes);
      }),
    close: () => source.close(),
  });
}
