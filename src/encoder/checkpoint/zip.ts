import { crc32 } from 'node:zlib';
import { corrupt, type Source } from './source';

/**
 * Reader of the zip archives that torch.save writes (PKWARE APPNOTE 6.3): stored entries only, so that nothing is
 * ever inflated, and zip64, which PyTorch always writes. Everything is checked against the size of the file.
 */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly stored: number;
  readonly size: number;
  /** Position of the local header. */
  readonly at: number;
}

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const MAX_ENTRIES = 100_000;
const MAX_DIRECTORY = 32 * 2 ** 20;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export async function readDirectory(source: Source): Promise<Map<string, ZipEntry>> {
  const { start, length, count } = await findDirectory(source);
  if (count > MAX_ENTRIES || length > MAX_DIRECTORY) corrupt(source.name, `its directory claims ${String(count)} entries`);
  const bytes = await source.read(start, length);
  const view = viewOf(bytes);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > length || view.getUint32(at, true) !== CENTRAL) corrupt(source.name, `entry ${String(i)} of its directory is damaged`);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > length) corrupt(source.name, `entry ${String(i)} of its directory is cut short`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const extra = new DataView(bytes.buffer, bytes.byteOffset + at + 46 + nameLength, extraLength);
    const wide = wideFields(extra);
    const field = (offset: number) => {
      const value = view.getUint32(at + offset, true);
      return value === 0xffffffff ? wide() : value;
    };
    // The order in which the zip64 extra field lists what did not fit (APPNOTE 4.5.3).
    const size = field(24);
    const stored = field(20);
    const header = field(42);
    if (!(size >= 0 && stored >= 0 && header >= 0 && header + 30 + stored <= source.size)) {
      corrupt(source.name, `entry ${name} lies outside the file`);
    }
    if (entries.has(name)) corrupt(source.name, `entry ${name} is there twice`);
    const encrypted = (view.getUint16(at + 8, true) & 1) === 1;
    entries.set(name, {
      name,
      method: view.getUint16(at + 10, true),
      encrypted,
      crc: view.getUint32(at + 16, true),
      stored,
      size,
      at: header,
    });
    at = next;
  }
  return entries;
}

/** The bytes of an entry, compared with its checksum. */
export async function readEntry(source: Source, entry: ZipEntry, limit: number): Promise<Uint8Array> {
  if (entry.method !== 0 || entry.encrypted || entry.stored !== entry.size) corrupt(source.name, `entry ${entry.name} is compressed`);
  if (entry.size > limit) corrupt(source.name, `entry ${entry.name} claims ${String(entry.size)} bytes`);
  const header = viewOf(await source.read(entry.at, 30));
  if (header.getUint32(0, true) !== LOCAL) corrupt(source.name, `entry ${entry.name} is not where the directory says`);
  const data = entry.at + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  const bytes = await source.read(data, entry.size);
  // PyTorch can be told to leave the checksum out; it is 0 then.
  if (entry.crc !== 0 && crc32(bytes) !== entry.crc) corrupt(source.name, `entry ${entry.name} does not match its checksum`);
  return bytes;
}

async function findDirectory(source: Source): Promise<{ start: number; length: number; count: number }> {
  const tail = Math.min(source.size, 22 + 0xffff);
  const bytes = await source.read(source.size - tail, tail);
  const view = viewOf(bytes);
  for (let at = tail - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== END || at + 22 + view.getUint16(at + 20, true) !== tail) continue;
    const found = { count: view.getUint16(at + 10, true), length: view.getUint32(at + 12, true), start: view.getUint32(at + 16, true) };
    const wide =
      at >= 20 && view.getUint32(at - 20, true) === LOCATOR64
        ? await findDirectory64(source, Number(view.getBigUint64(at - 12, true)))
        : found;
    if (wide.start + wide.length > source.size) corrupt(source.name, 'its directory lies outside the file');
    return wide;
  }
  return corrupt(source.name, 'it is cut short: its directory is missing');
}

async function findDirectory64(source: Source, at: number): Promise<{ start: number; length: number; count: number }> {
  const view = viewOf(await source.read(at, 56));
  if (view.getUint32(0, true) !== END64) corrupt(source.name, 'its directory is damaged');
  return {
    count: Number(view.getBigUint64(32, true)),
    length: Number(view.getBigUint64(40, true)),
    start: Number(view.getBigUint64(48, true)),
  };
}

/** Takes the 64-bit values of the zip64 extra field one after the other; NaN when there are no more. */
function wideFields(extra: DataView): () => number {
  let at = 0;
  let end = 0;
  for (let i = 0; i + 4 <= extra.byteLength;) {
    const length = extra.getUint16(i + 2, true);
    if (extra.getUint16(i, true) === 1) {
      at = i + 4;
      end = Math.min(at + length, extra.byteLength);
      break;
    }
    i += 4 + length;
  }
  return () => {
    if (at + 8 > end) return NaN;
    at += 8;
    return Number(extra.getBigUint64(at - 8, true));
  };
}
