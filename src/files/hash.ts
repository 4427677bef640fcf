import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** SHA-256 in hex. */
export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 of a file in hex; throws what the file system throws. */
export const hashFile = async (file: string): Promise<string> => (await addFile(createHash('sha256'), file)).digest('hex');

/** Adds the file's bytes; throws what the file system throws, and the reason of `signal`. */
export async function addFile(hash: Hash, file: string, signal?: AbortSignal): Promise<Hash> {
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 22, ...(signal ? { signal } : {}) })) hash.update(chunk as Buffer);
  return hash;
}

/** Passes the parts on; `hash` has seen all of them at the end. */
export async function* hashed(hash: Hash, parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    hash.update(part);
    yield part;
  }
}
