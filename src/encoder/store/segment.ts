import { readFile, stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { isSameEncoder } from '../../contract/encoder-identity';
import type { Provider } from '../../contract/jobs/encoder';
import { decodeHalves, encodeHalves } from '../../onnx/float16';

/** What all rows of a store have in common. */
export interface RowFormat {
  /** Encoder id, 64 hex digits. */
  readonly encoder: string;
  readonly d: number;
  readonly type: 'float16' | 'float32';
}

/** What rows were made by; the same for all rows of a segment. */
export interface Made {
  /** Images that went through the model at once: the bits of a row depend on it, by about 1e-6. */
  readonly batch: number;
  readonly provider: Provider;
  /** The display rule by which files became the pictures that were embedded. */
  readonly display: number;
}

export interface StoredRow {
  readonly name: string;
  /** Place in the segment. */
  readonly index: number;
  readonly crc: number;
}

const MAGIC = 'CLMTEMB1';
export const HEADER = 64;
export const RECORD = 44;

const bytesPerValue = ({ type }: RowFormat) => (type === 'float16' ? 2 : 4);
export const rowBytes = (format: RowFormat): number => format.d * bytesPerValue(format);

/** Their numbers in a header; never renumbered. */
const providers: readonly Provider[] = ['auto', 'cpu', 'webgpu', 'cuda', 'directml', 'coreml'];
/** Where the part of a header that all segments of a store share ends. */
const COMMON = 48;

export function header(format: RowFormat, made: Made): Uint8Array {
  const bytes = new Uint8Array(HEADER);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, format.d, true);
  view.setUint32(12, bytesPerValue(format), true);
  bytes.set(Buffer.from(format.encoder, 'hex'), 16);
  view.setUint32(COMMON, made.batch, true);
  view.setUint32(COMMON + 4, providers.indexOf(made.provider), true);
  // Segments from before the rule was counted have 0 here.
  view.setUint32(COMMON + 8, made.display, true);
  view.setUint32(60, crc32(bytes.subarray(0, 60)), true);
  return bytes;
}

/** What rows were made by; torn: the writer got no further; damaged: it is not what was written; foreign: of another format. */
function readHeader(bytes: Buffer, format: RowFormat): Made | 'torn' | 'damaged' | 'foreign' {
  if (bytes.length < HEADER) return 'torn';
  if (crc32(bytes.subarray(0, 60)) !== bytes.readUInt32LE(60)) return 'damaged';
  const provider = providers[bytes.readUInt32LE(COMMON + 4)] ?? 'auto';
  const made = { batch: bytes.readUInt32LE(COMMON), provider, display: bytes.readUInt32LE(COMMON + 8) };
  // Rows that were kept under an earlier id of the encoder are its own.
  const encoder = bytes.toString('hex', 16, COMMON);
  if (!isSameEncoder(encoder, format.encoder)) return 'foreign';
  return bytes.subarray(0, COMMON).equals(header({ ...format, encoder }, made).subarray(0, COMMON)) ? made : 'foreign';
}

/** `name` as embeddingName of the contract makes it; null where it is none. */
function parseName(name: string): { sha: Uint8Array; frame: number } | null {
  const match = /^([0-9a-f]{64})(?:\.(\d{1,9}))?$/.exec(name);
  return match?.[1] === undefined ? null : { sha: Buffer.from(match[1], 'hex'), frame: match[2] === undefined ? -1 : Number(match[2]) };
}

export function record(name: string, vector: Uint8Array): Uint8Array {
  const parts = parseName(name);
  if (!parts) throw new Error(`${name} is not the name of an embedding`);
  const bytes = new Uint8Array(RECORD);
  const view = new DataView(bytes.buffer);
  bytes.set(parts.sha);
  view.setInt32(32, parts.frame, true);
  view.setUint32(36, crc32(vector), true);
  view.setUint32(40, crc32(bytes.subarray(0, 40)), true);
  return bytes;
}

/** What of a segment can be used, and what of it is damaged: places, and names where those are whole. */
interface Segment {
  readonly made: Made;
  readonly rows: readonly StoredRow[];
  readonly damaged: readonly number[];
}

/**
 * The whole rows of a segment and what they were made by; without a header nothing tells that, and all its rows are damaged. Null where it is torn
 * or of another format. Rows that are `dead` are left out. Throws what the file system throws.
 */
export async function readRows(names: string, vectors: string, format: RowFormat, dead: ReadonlySet<number>): Promise<Segment | null> {
  const bytes = await readFile(names);
  const made = readHeader(bytes, format);
  if (made === 'torn' || made === 'foreign') return null;
  const { size } = await stat(vectors);
  const count = Math.floor((bytes.length - HEADER) / RECORD);
  // Vectors are on disk before their names: one that is lacking was there.
  const vectorCount = Math.floor(size / rowBytes(format));
  const rows: StoredRow[] = [];
  const damaged: number[] = [];
  for (let index = 0; index < count; index++) {
    if (dead.has(index)) continue;
    const at = HEADER + index * RECORD;
    if (made === 'damaged' || index >= vectorCount || crc32(bytes.subarray(at, at + 40)) !== bytes.readUInt32LE(at + 40)) {
      damaged.push(index);
      continue;
    }
    const sha = bytes.toString('hex', at, at + 32);
    const frame = bytes.readInt32LE(at + 32);
    rows.push({ name: frame < 0 ? sha : `${sha}.${String(frame)}`, index, crc: bytes.readUInt32LE(at + 36) });
  }
  return { made: made === 'damaged' ? { batch: 0, provider: 'auto', display: 0 } : made, rows, damaged };
}

export function encodeRow(values: Float32Array, format: RowFormat): Uint8Array {
  if (values.length !== format.d) throw new Error(`a row of ${String(values.length)} values, expected ${String(format.d)}`);
  if (format.type === 'float32') return new Uint8Array(values.slice().buffer);
  const halves = new Uint16Array(values.length);
  encodeHalves(values, halves);
  // A token beyond 65,504 stays a number, the largest that there is.
  for (let i = 0; i < halves.length; i++) if (((halves[i] ?? 0) & 0x7fff) === 0x7c00) halves[i] = (halves[i] ?? 0) - 1;
  return new Uint8Array(halves.buffer);
}

/** `bytes`: exactly one row. */
export function decodeRow(bytes: Uint8Array, format: RowFormat, into: Float32Array): void {
  // A row may lie at an odd place in a larger buffer.
  const width = bytesPerValue(format);
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  if (format.type === 'float16') decodeHalves(new Uint16Array(aligned.buffer, aligned.byteOffset, format.d), into);
  else into.set(new Float32Array(aligned.buffer, aligned.byteOffset, format.d));
}
