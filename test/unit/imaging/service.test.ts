import { createHash } from 'node:crypto';
import { appendFile, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Result } from '../../../src/contract/result';
import { decodeImage } from '../../../src/imaging/formats/decode';
import { writePhantom } from '../../../src/imaging/phantoms/file';
import { encodePng } from '../../../src/imaging/phantoms/png';
import { createImaging, type Imaging } from '../../../src/imaging/service';
import { display } from '../../../src/imaging/window/display';
import { makeTile } from '../../../src/imaging/resample/tile';
import { tiffFile } from './formats/write-tiff';
import { workerUrl } from './worker-build';

let folder: string;
let imaging: Imaging;
const signal = new AbortController().signal;
const recipe = { crop: 'squash', resize: 128, size: 128, colour: 'luma', filter: 'pillow-bicubic' } as const;
const ramp = Uint8Array.from({ length: 300 * 200 }, (_, i) => (i * 7) % 256);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'collimate-imaging-'));
  imaging = createImaging({ workerUrl: await workerUrl(), threads: 2 });
  await writeFile(join(folder, 'a.png'), encodePng(ramp, 300, 200));
});
afterAll(async () => {
  await imaging.close();
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string) => ({ file: join(folder, name), frame: null });

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.failure.code} ${result.failure.detail ?? ''}`);
  return result.value;
}

test('one pass gives hash, facts, tile and thumbnail', async () => {
  const thumbnail = { file: join(folder, 'thumbs/deep/a.webp'), size: 128 };
  const { facts, tile } = value(await imaging.read({ source: at('a.png'), priority: 2, tile: recipe, thumbnail }, { signal }));
  const bytes = await readFile(join(folder, 'a.png'));
  expect(facts).toMatchObject({
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    format: 'PNG',
    width: 300,
    height: 200,
    bits: 8,
    channels: 1,
  });
  expect(tile?.data).toEqual(makeTile({ width: 300, height: 200, channels: 1, data: ramp }, recipe).data);
  const small = await decodeImage(await readFile(thumbnail.file), null);
  expect([small.width, small.height, small.format]).toEqual([128, 85, 'WebP']);
  // Nothing but the thumbnail is left in its folder.
  expect(await readdir(join(folder, 'thumbs/deep'))).toEqual(['a.webp']);
});

test('identify tells of the bytes and the header what read tells, and decodes nothing', async () => {
  await writePhantom({ seed: 3, patient: 7, visit: 1 }, 'dicom', join(folder, 'phantom.dcm'));
  for (const [name, patient] of [
    ['a.png', null],
    ['phantom.dcm', 'P00007'],
  ] as const) {
    const { facts } = value(await imaging.read({ source: at(name), priority: 2 }, { signal }));
    const found = value(await imaging.identify({ source: at(name), priority: 2 }, { signal }));
    expect(facts).toMatchObject(found);
    expect(found.patient).toBe(patient);
  }
  // Half a picture has a hash, too.
  await writeFile(join(folder, 'half.png'), encodePng(ramp, 300, 200).subarray(0, 900));
  expect((await imaging.read({ source: at('half.png'), priority: 2 }, { signal })).ok).toBe(false);
  expect((await imaging.identify({ source: at('half.png'), priority: 2 }, { signal })).ok).toBe(true);
});

test('a thumbnail named .jpg is a JPEG, and is never larger than the picture', async () => {
  const thumbnail = { file: join(folder, 'a.jpg'), size: 1024 };
  value(await imaging.read({ source: at('a.png'), priority: 1, thumbnail }, { signal }));
  const small = await decodeImage(await readFile(thumbnail.file), null);
  expect([small.width, small.height, small.format]).toEqual([300, 200, 'JPEG']);
});

test('pixels keep 16 bits and offer windows', async () => {
  const deep = Uint16Array.from(ramp, (v) => v * 200);
  await writeFile(join(folder, 'deep.png'), encodePng(deep, 300, 200));
  const pixels = value(await imaging.pixels({ source: at('deep.png'), priority: 0 }, { signal }));
  expect(pixels.data).toEqual(deep);
  expect(pixels.stored).toBe(16);
  expect(pixels.windows.length).toBeGreaterThan(1);
  expect(pixels.inverted).toBe(false);
});

test('a file is counted in frames', async () => {
  expect(value(await imaging.frames({ file: join(folder, 'a.png') }, { signal }))).toBe(1);
});

describe('failures are values that name the file', () => {
  test.each([
    ['gone.png', 'file-missing'],
    ['empty.png', 'image-corrupt'],
    ['text.png', 'image-format-unknown'],
    ['.', 'file-unreadable'],
  ])('%s: %s', async (name, code) => {
    await writeFile(join(folder, 'empty.png'), '');
    await writeFile(join(folder, 'text.png'), 'This is no picture at all.');
    const result = await imaging.read({ source: at(name), priority: 2 }, { signal });
    expect(result).toMatchObject({ ok: false, failure: { code, params: { file: join(folder, name) } } });
  });

  test('a thumbnail that cannot be written', async () => {
    const result = await imaging.read(
      { source: at('a.png'), priority: 1, thumbnail: { file: join(folder, 'a.png/x.webp'), size: 64 } },
      { signal },
    );
    expect(result).toMatchObject({ ok: false, failure: { code: 'folder-not-writable' } });
  });

  test('a file that is too large is refused unread', async () => {
    await writeFile(join(folder, 'huge.png'), '');
    await truncate(join(folder, 'huge.png'), 5e9);
    expect(await imaging.read({ source: at('huge.png'), priority: 2 }, { signal })).toMatchObject({
      ok: false,
      failure: { code: 'file-too-large' },
    });
  });

  test('a file that grows while it is read', async () => {
    const file = join(folder, 'growing.png');
    await writeFile(file, '');
    await truncate(file, 400e6);
    const reading = imaging.hash({ file }, { signal });
    const growing = setInterval(() => void appendFile(file, 'more'), 2);
    expect(await reading).toMatchObject({ ok: false, failure: { code: 'file-changed', params: { file } } });
    clearInterval(growing);
  });
});

describe.skipIf(process.platform === 'win32')('links that came after the scan', () => {
  test.each<[string, (root: string) => Promise<void>]>([
    ['the file is one', async (root) => symlink(join(folder, 'a.png'), join(root, 'sub/x.png'))],
    [
      'its folder is one',
      async (root) => {
        await rm(join(root, 'sub'), { recursive: true });
        await copyFile(join(folder, 'a.png'), join(folder, 'elsewhere', 'x.png'));
        await symlink(join(folder, 'elsewhere'), join(root, 'sub'));
      },
    ],
  ])('nothing outside of the folder is read: %s', async (name, place) => {
    const root = join(folder, `root, ${name}`);
    await mkdir(join(root, 'sub'), { recursive: true });
    await mkdir(join(folder, 'elsewhere'), { recursive: true });
    await place(root);
    const source = { file: join(root, 'sub/x.png'), root, frame: null };
    const refused = { ok: false, failure: { code: 'file-unreadable', params: { reason: 'it is a link that leads out of the folder' } } };
    expect(await imaging.read({ source, priority: 1 }, { signal })).toMatchObject(refused);
    expect(await imaging.pixels({ source, priority: 1 }, { signal })).toMatchObject(refused);
    expect(await imaging.header(source, { signal })).toMatchObject(refused);
    expect(await imaging.hash({ file: join(root, '../a.png'), root }, { signal })).toMatchObject(refused);
    // Without a folder it is read: what the person chose may be a link. So may the folder, and links that stay in it.
    expect(await imaging.read({ source: { ...source, root: undefined }, priority: 1 }, { signal })).toMatchObject({ ok: true });
    await copyFile(join(folder, 'a.png'), join(root, '..b.png'));
    await symlink(join(root, '..b.png'), join(root, 'inside.png'));
    const alias = join(folder, `alias, ${name}`);
    await symlink(root, alias);
    expect(await imaging.hash({ file: join(alias, 'inside.png'), root: alias }, { signal })).toMatchObject({ ok: true });
  });
});

test('frames are images of their own: facts list them once, and each has its own picture', async () => {
  const pages = [10, 20, 30].map((grey) => ({ width: 6, data: new Uint8Array(6 * 4).fill(grey) }));
  const [whole, second, third] = pages;
  if (!whole || !second || !third) throw new Error('three pages');
  // A smaller copy of a page is none; the numbers stay those of the pages, as other programs count them.
  await writeFile(join(folder, 'pages.tif'), tiffFile([whole, { ...second, subfile: 1 }, third]));
  const read = async (frame: number | null) =>
    value(
      await imaging.read(
        { source: { file: join(folder, 'pages.tif'), frame }, priority: 1, picture: { file: join(folder, 'page.png') } },
        { signal },
      ),
    );
  expect((await read(null)).facts.frames).toEqual([0, 2]);
  expect((await read(2)).facts.frames).toBeUndefined();
  expect(new Set((await decodeImage(await readFile(join(folder, 'page.png')), null)).data)).toEqual(new Set([30]));
  expect(value(await imaging.frames({ file: join(folder, 'pages.tif') }, { signal }))).toBe(2);
  const { facts } = value(await imaging.read({ source: at('a.png'), priority: 1 }, { signal }));
  expect(facts.frames).toBeUndefined();
});

test('a file with frames that changes between two of them is read again', async () => {
  const file = join(folder, 'changing.tif');
  const pages = (grey: number) => tiffFile([grey, grey + 1].map((value) => ({ width: 6, data: new Uint8Array(6 * 4).fill(value) })));
  const frame = async (n: number) => {
    const { data } = value(await imaging.pixels({ source: { file, frame: n }, priority: 0 }, { signal }));
    return data[0];
  };
  await writeFile(file, pages(10));
  expect([await frame(0), await frame(1)]).toEqual([10, 11]);
  await setTimeout(20);
  await writeFile(file, pages(50));
  expect([await frame(0), await frame(1)]).toEqual([50, 51]);
});

test('colour of 16 bits keeps them in PNG and TIFF, and is windowed by the percentiles of all its samples', async () => {
  const samples = Uint16Array.from({ length: 30 * 20 * 3 }, (_, i) => (i * 7919) % 60_001);
  const rows = Buffer.alloc(20 * (1 + 30 * 6));
  samples.forEach((value, i) => rows.writeUInt16BE(value, Math.floor(i / 90) * 181 + 1 + (i % 90) * 2));
  const chunk = (type: string, body: Uint8Array) => {
    const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(type), body, Buffer.alloc(4)]);
    bytes.writeUInt32BE(body.length, 0);
    bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
    return bytes;
  };
  const header = [chunk('IHDR', Uint8Array.from([0, 0, 0, 30, 0, 0, 0, 20, 16, 2, 0, 0, 0])), chunk('IDAT', deflateSync(rows))];
  const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...header, chunk('IEND', new Uint8Array(0))]);
  const sorted = samples.toSorted();
  const [low = 0, high = 0] = [sorted[17], sorted[1781]];
  const shown = Array.from(samples, (value) =>
    value <= low ? 0 : value > high ? 255 : Math.floor(((value - low) / (high - low)) * 255 + 0.5),
  );
  for (const file of [png, tiffFile([{ width: 30, data: samples, channels: 3 }])]) {
    const raster = await decodeImage(file, null);
    expect([raster.channels, Array.from(raster.data)]).toEqual([3, Array.from(samples)]);
    expect(Array.from(display(raster).data)).toEqual(shown);
  }
});
