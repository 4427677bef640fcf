import { crc32 } from 'node:zlib';

/** Behind the bytes of a file that can be made again: a mark and the CRC-32 of what stands before, by which damage is found. */
const MARK = Buffer.from('CLMC');
const TAIL = 8;

export function seal(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const sealed = new Uint8Array(bytes.length + TAIL);
  sealed.set(bytes);
  sealed.set(MARK, bytes.length);
  new DataView(sealed.buffer).setUint32(bytes.length + 4, crc32(bytes), true);
  return sealed;
}

/** What was sealed; null where it is not what was. */
export function unseal(sealed: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  const length = sealed.length - TAIL;
  if (length < 0 || !MARK.equals(sealed.subarray(length, length + 4))) return null;
  const bytes = sealed.subarray(0, length);
  const stated = new DataView(sealed.buffer, sealed.byteOffset + length + 4, 4).getUint32(0, true);
  return crc32(bytes) === stated ? bytes : null;
}
