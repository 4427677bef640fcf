import { z } from 'zod';
import type { Tensor } from '../contract/head';
import { fail, ok, type Result } from '../contract/result';

/** The format of huggingface/safetensors: u64 header length, JSON header, tensor bytes. Only float32 here. */
const Entry = z.object({
  dtype: z.literal('F32'),
  shape: z.array(z.int().nonnegative()).max(8),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const Header = z.record(z.string(), z.unknown());
const MAX_HEADER = 16 * 2 ** 20;

/** Same tensors, same bytes: names are sorted, and the header is padded with spaces to a multiple of 8. */
export function writeSafetensors(tensors: Readonly<Record<string, Tensor>>): Uint8Array {
  const names = Object.keys(tensors).sort();
  const header: Record<string, z.infer<typeof Entry>> = {};
  let end = 0;
  for (const name of names) {
    const { shape, data } = tensors[name] as Tensor;
    header[name] = { dtype: 'F32', shape: [...shape], data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + padded);
  let at = 8 + padded;
  for (const name of names) {
    const { data } = tensors[name] as Tensor;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** `folder` only serves the sentence of a failure. */
export function readSafetensors(bytes: Uint8Array, folder: string): Result<Record<string, Tensor>> {
  const bad = (reason: string) => fail('head-invalid', { folder, reason });
  if (bytes.length < 8) return bad('the tensor file is cut short');
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > MAX_HEADER || Number(length) + 8 > bytes.length) return bad('the tensor file is cut short or is none');
  const start = 8 + Number(length);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start)));
  } catch {
    return bad('the header of its tensor file cannot be read');
  }
  const header = Header.safeParse(json);
  if (!header.success) return bad('the header of its tensor file cannot be read');
  const tensors = new Map<string, Tensor>();
  for (const [name, raw] of Object.entries(header.data)) {
    if (name === '__metadata__') continue;
    const entry = Entry.safeParse(raw);
    if (!entry.success) return bad(`the tensor ${name} is not described as float32`);
    const [from, to] = entry.data.data_offsets;
    const count = entry.data.shape.reduce((product, n) => product * n, 1);
    if (from > to || start + to > bytes.length || to - from !== count * 4) return bad(`the tensor ${name} does not fit its file`);
    // Copied, since the bytes need not be aligned. Not by slice: that of a Buffer is no copy.
    const data = new Float32Array(count);
    new Uint8Array(data.buffer).set(bytes.subarray(start + from, start + to));
    tensors.set(name, { shape: entry.data.shape, data });
  }
  return ok(Object.fromEntries(tensors));
}
