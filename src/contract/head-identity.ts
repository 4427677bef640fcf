import type { HeadFile, Tensor } from './head';

const encoder = new TextEncoder();

async function sha256(parts: readonly Uint8Array[]): Promise<string> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const textBytes = (text: string) => encoder.encode(text);

/** SHA-256 over the pool's embedding names in their order. */
export const poolDigest = (names: readonly string[]) => sha256([textBytes(names.join('\n'))]);

/** Rows of the pool that are trained on, and their states [rows, findings]. */
interface LearntRows {
  readonly rows: Int32Array;
  readonly y: Int8Array;
  readonly findings: number;
}

/** SHA-256 over embedding name and states of every row trained on, in the pool's order. */
export function labelHash(names: readonly string[], { rows, y, findings: k }: LearntRows): Promise<string> {
  const lines = Array.from(rows, (row, i) => `${names[row] ?? ''} ${y.subarray(i * k, (i + 1) * k).join(' ')}\n`);
  return sha256([textBytes(lines.join(''))]);
}

/** The id of a head: the first 16 hex digits of SHA-256 over its file without `id` and `created`, and its tensors by name. */
export async function headId(file: Omit<HeadFile, 'id' | 'created'>, tensors: Readonly<Record<string, Tensor>>): Promise<string> {
  const parts: Uint8Array[] = [textBytes(canonical({ ...file, id: undefined, created: undefined }))];
  for (const name of Object.keys(tensors).sort()) {
    const tensor = tensors[name] as Tensor;
    parts.push(textBytes(`${name} ${tensor.shape.join('x')}`));
    parts.push(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
  }
  return (await sha256(parts)).slice(0, 16);
}

/** JSON with sorted keys, so that the order in which a file was put together does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
