import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { inflateRawSync } from 'node:zlib';

/**
 * Unpacks the regular files of a zip archive (PKWARE APPNOTE 6.3, stored or deflated, not zip64) whose place `target` names, with their Unix modes.
 * @param {string} archive
 * @param {string} folder
 * @param {(name: string) => string | undefined} target path below the folder; undefined leaves the file out
 */
export function unzip(archive, folder, target) {
  const bytes = readFileSync(archive);
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw new Error(`${archive} is not a zip archive`);
  const count = bytes.readUInt16LE(end + 10);
  let entry = bytes.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    if (bytes.readUInt32LE(entry) !== 0x02014b50) throw new Error(`${archive}: entry ${index} of ${count} is broken`);
    const method = bytes.readUInt16LE(entry + 10);
    const packed = bytes.readUInt32LE(entry + 20);
    const nameLength = bytes.readUInt16LE(entry + 28);
    const mode = bytes.readUInt32LE(entry + 38) >>> 16;
    const local = bytes.readUInt32LE(entry + 42);
    const name = bytes.toString('utf8', entry + 46, entry + 46 + nameLength);
    entry += 46 + nameLength + bytes.readUInt16LE(entry + 30) + bytes.readUInt16LE(entry + 32);

    const place = name.endsWith('/') ? undefined : target(name);
    if (place === undefined) continue;
    const path = resolve(folder, place);
    if (!path.startsWith(resolve(folder) + sep)) throw new Error(`${archive}: ${name} points outside`);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const body = bytes.subarray(start, start + packed);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, method === 0 ? body : inflateRawSync(body));
    if (mode !== 0) chmodSync(path, mode & 0o777);
  }
}
