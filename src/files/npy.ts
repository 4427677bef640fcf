import { open } from 'node:fs/promises';
import { fail, ok, type Result } from '../contract/result';
import { reasonOf } from './failures';

/** A float32 array [rows, columns], row after row. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** NumPy's format, versions 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const MAX_HEADER = 64 * 1024;
/** Node reads and writes at most 2 GiB at once. */
const CHUNK = 256 * 1024 * 1024;

/** The file in parts that follow each other, so that a large array is not copied. */
export function encodeNpy({ rows, columns, data }: Rows): Uint8Array[] {
  if (data.length !== rows * columns) throw new Error(`${String(data.length)} values for [${String(rows)}, ${String(columns)}]`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const parts = [npyHeader('<f4', [rows, columns])];
  for (let at = 0; at < bytes.length; at += CHUNK) parts.push(bytes.subarray(at, at + CHUNK));
  return parts;
}

/** What comes before the values of an array in C order; `<f2` is float16, `<f4` float32, both little-endian. */
export function npyHeader(type: '<f2' | '<f4', shape: readonly number[]): Uint8Array {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  // The data start at a multiple of 64, and the header ends in a newline.
  const header = Buffer.from(
    `${text.padEnd(Math.ceil((MAGIC.length + 4 + text.length + 1) / 64) * 64 - MAGIC.length - 4 - 1)}\n`,
    'latin1',
  );
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([MAGIC, Buffer.from([1, 0]), length, header]);
}

/** Reads a two-dimensional float32 array in C order, all of whose values are finite. Fails: file-unreadable, array-invalid. */
export async function readNpy(file: string): Promise<Result<Rows>> {
  const bad = (reason: string) => fail('array-invalid', { file, reason });
  try {
    const handle = await open(file, 'r');
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) return bad('it is not a file');
      const head = Buffer.alloc(Math.min(facts.size, 12));
      await handle.read(head, 0, head.length, 0);
      if (head.length < 12 || !head.subarray(0, 6).equals(MAGIC)) return bad('it is not in the format of NumPy');
      const version = head.readUInt8(6);
      if (version < 1 || version > 3) return bad(`version ${String(version)} of the format is unknown`);
      const start = version === 1 ? 10 : 12;
      const length = version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8);
      if (length > MAX_HEADER || start + length > facts.size) return bad('its header is cut short');
      const header = Buffer.alloc(length);
      await handle.read(header, 0, length, start);
      const shape = parseHeader(header.toString('latin1'));
      if (!shape.ok) return bad(shape.reason);
      const [rows, columns] = shape.value;
      const expected = start + length + rows * columns * 4;
      if (expected !== facts.size) return bad(`expected ${String(expected)} bytes, found ${String(facts.size)}`);
      const data = new Float32Array(rows * columns);
      const bytes = new Uint8Array(data.buffer);
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(CHUNK, bytes.length - at), start + length + at);
        if (bytesRead === 0) return bad('it became shorter while it was read');
        at += bytesRead;
      }
      const odd = data.findIndex((value) => !Number.isFinite(value));
      if (odd !== -1) return bad(`row ${String(Math.floor(odd / columns))} holds a value that is no number`);
      return ok({ rows, columns, data });
    } finally {
      await handle.close();
    }
  } catch (error) {
    return fail('file-unreadable', { file, reason: reasonOf(error) });
  }
}

type Shape = { ok: true; value: readonly [number, number] } | { ok: false; reason: string };

/** The three entries that matter, without evaluating the Python literal. */
function parseHeader(text: string): Shape {
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(\s*(\d{1,15})\s*,\s*(\d{1,15})\s*,?\s*\)/.exec(text);
  if (descr === undefined || order === undefined) return { ok: false, reason: 'its header cannot be read' };
  if (descr !== '<f4') return { ok: false, reason: `its values are of type ${descr}, expected <f4 (float32)` };
  if (order !== 'False') return { ok: false, reason: 'its values are in Fortran order' };
  if (!shape) return { ok: false, reason: 'it has not two dimensions' };
  const [rows, columns] = [Number(shape[1]), Number(shape[2])];
  // Checked before anything of that size is allocated; the length of the file is checked next.
  if (columns < 1 || columns > 1_000_000 || rows * columns > 2 ** 33) return { ok: false, reason: 'its shape is out of bounds' };
  return { ok: true, value: [rows, columns] };
}
