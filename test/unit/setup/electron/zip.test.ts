import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { crc32, deflateRawSync } from 'node:zlib';
import { unzip } from '../../../../setup/electron/zip.mjs';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'zip-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A zip archive by the layout of APPNOTE 4.3, of stored or deflated files with Unix modes. */
function zipOf(files: readonly { name: string; body: string; mode: number; deflate: boolean }[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, body, mode, deflate } of files) {
    const raw = Buffer.from(body);
    const data = deflate ? deflateRawSync(raw) : raw;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt32LE(crc32(raw), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(raw.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, rest, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

test('unpacks what is asked for, in its place and with its mode', () => {
  const archive = join(folder, 'a.zip');
  const text = 'a long line, '.repeat(1000);
  writeFileSync(
    archive,
    zipOf([
      { name: 'top/program', body: text, mode: 0o100755, deflate: true },
      { name: 'top/notes', body: 'plain', mode: 0o100644, deflate: false },
      { name: 'top/dropped', body: 'unwanted', mode: 0o100644, deflate: true },
    ]),
  );
  unzip(archive, join(folder, 'out'), (name) => (name === 'top/dropped' ? undefined : name.replace('top/', 'deep/')));
  expect(readFileSync(join(folder, 'out/deep/program'), 'utf8')).toBe(text);
  expect(readFileSync(join(folder, 'out/deep/notes'), 'utf8')).toBe('plain');
  // Windows keeps no such bits.
  expect(statSync(join(folder, 'out/deep/program')).mode & 0o777).toBe(process.platform === 'win32' ? 0o666 : 0o755);
  expect(() => statSync(join(folder, 'out/top/dropped'))).toThrow('ENOENT');
});

test('refuses a place outside the folder, and what is no archive', () => {
  const archive = join(folder, 'a.zip');
  writeFileSync(archive, zipOf([{ name: '../escaped', body: 'x', mode: 0o100644, deflate: false }]));
  expect(() => unzip(archive, join(folder, 'out'), (name) => name)).toThrow('points outside');
  writeFileSync(archive, 'no archive');
  expect(() => unzip(archive, join(folder, 'out'), (name) => name)).toThrow('not a zip archive');
});
