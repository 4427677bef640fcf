import { z } from 'zod';
import type { Tensor } from '../contract/head';
import { fail, ok, type Result } from '../contract/result';

const types = ['F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8', 'BOOL', 'F8_E4M3', 'F8_E5M2'] as const;
export type SafetensorsType = (typeof types)[number];

/** The format of huggingface/safetensors: u64 header length, JSON header, tensor bytes. */
const Entry = z.object({
  dtype: z.enum(types),
  shape: z.array(z.int().nonnegative()).max(8),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const Header = z.record(z.string(), z.unknown());
const MAX_HEADER = 16 * 2 ** 20;

export interface SafetensorsEntry {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  /** Where its bytes lie, counted from the end of the header; that they lie inside the file is not checked here. */
  readonly from: number;
  readonly to: number;
}

/** The JSON header by name, or what is wrong with it. */
export function parseHeader(bytes: Uint8Array): Map<string, SafetensorsEntry> | string {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return 'the header of its tensor file cannot be read';
  }
  const header = Header.safeParse(json);
  if (!header.success) return 'the header of its tensor file cannot be read';
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, raw] of Object.entries(header.data)) {
    if (name === '__metadata__') continue;
    const entry = Entry.safeParse(raw);
    if (!entry.success) return `the tensor ${name.slice(0, 200)} is not described in full`;
    const [from, to] = entry.data.data_offsets;
    if (from > to) return `the tensor ${name.slice(0, 200)} ends before it begins`;
    entries.set(name, { dtype: entry.data.dtype, shape: entry.data.shape, from, to });
  }
  return entries;
}

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

/** Of files of our own, which hold float32 alone. `folder` only serves the sentence of a failure. */
export function readSafetensors(bytes: Uint8Array, folder: string): Result<Record<string, Tensor>> {
  const bad = (reason: string) => fail('head-invalid', { folder, reason });
  if (bytes.length < 8) return bad('the tensor file is cut short');
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > MAX_HEADER || Number(length) + 8 > bytes.length) return bad('the tensor file is cut short or is none');
  const start = 8 + Number(length);
  const header = parseHeader(bytes.subarray(8, start));
  if (typeof header === 'string') return bad(header);
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, from, to }] of header) {
    const count = shape.reduce((product, n) => product * n, 1);
    if (dtype !== 'F32') return bad(`the tensor ${name} is not float32`);
    if (start + to > bytes.length || to - from !== count * 4) return bad(`the tensor ${name} does not fit its file`);
    // Copied, since the bytes need not be aligned. Not by slice: that of a Buffer is no copy.
    const data = new Float32Array(count);
    new Uint8Array(data.buffer).set(bytes.subarray(start + from, start + to));
    tensors.set(name, { shape, data });
  }
  return ok(Object.fromEntries(tensors));
}
