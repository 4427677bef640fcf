import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Result } from '../../../src/contract/result';
import { createImaging } from '../../../src/imaging/service';
import { encode, type Encoder } from '../../unit/imaging/formats/dicom/encode';
import { dicomFile, greyFile, type Elements } from '../../unit/imaging/formats/dicom/write';
import { tiffFile } from '../../unit/imaging/formats/write-tiff';
import { workerUrl } from '../../unit/imaging/worker-build';

const data = resolve(import.meta.dirname, '../../../../shared/data');
const LARGEST = 200_000;
const SECONDS = 20;
const SLOW_SECONDS = 5;
const MEMORY = 1.5e9;
const THREADS = 2;

/**
 * `count` mutated files, by `seed`, through two worker threads: every question that can be asked of a file. Prints what crashed, hung,
 * was slow or took too much memory, with the file kept; returns the exit code.
 */
export async function fuzz(count: number, seed: number): Promise<number> {
  const random = generator(seed);
  const corpus = await seeds();
  const kept = mkdtempSync(join(tmpdir(), 'collimate-fuzz-'));
  const imaging = createImaging({ workerUrl: await workerUrl(), threads: THREADS, seconds: SECONDS });
  const { signal } = new AbortController();
  const outcomes = new Map<string, number>();
  const found: string[] = [];
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const begun = performance.now();

  const ask = async (n: number): Promise<void> => {
    const { name, bytes } = mutant(corpus, random);
    const file = join(kept, `${String(n)}-${name.replaceAll(/[^A-Za-z0-9.]/g, '_').slice(-80)}`);
    writeFileSync(file, bytes);
    const source = { file, frame: null };
    const tile = { crop: 'official', resize: 256, size: 224, colour: 'keep', filter: 'pillow-bicubic' } as const;
    const questions: Record<string, () => Promise<Result<unknown>>> = {
      read: () => imaging.read({ source, priority: 2, tile, thumbnail: { file: `${file}.webp`, size: 256 } }, { signal }),
      pixels: () => imaging.pixels({ source: { file, frame: n % 3 }, priority: 0 }, { signal }),
      header: () => imaging.header({ file }, { signal }),
      identify: () => imaging.identify({ source, priority: 2 }, { signal }),
      frames: () => imaging.frames({ file }, { signal }),
    };
    let suspect = false;
    for (const [question, put] of Object.entries(questions)) {
      const start = performance.now();
      const before = (peak = process.memoryUsage.rss());
      const answer = await put();
      const seconds = (performance.now() - start) / 1000;
      const code = answer.ok ? 'ok' : answer.failure.code;
      outcomes.set(`${question} ${code}`, (outcomes.get(`${question} ${code}`) ?? 0) + 1);
      const expected = /^(ok|image-(corrupt|unsupported|none|too-large|format-unknown))$/.test(code);
      if (expected && seconds < SLOW_SECONDS && peak < MEMORY) continue;
      suspect = true;
      const detail = answer.ok ? '' : (answer.failure.detail ?? '').split('\n')[0];
      const memory = `${(before / 1e6).toFixed(0)} to ${(peak / 1e6).toFixed(0)} MB`;
      found.push(`${file}: ${question} ${code}, ${seconds.toFixed(1)} s, ${memory} ${String(detail)}`);
      console.log(found.at(-1));
    }
    rmSync(`${file}.webp`, { force: true });
    if (!suspect) rmSync(file);
  };

  let next = 0;
  const worker = async () => {
    while (next < count) await ask(next++);
  };
  await Promise.all(Array.from({ length: THREADS }, worker));
  clearInterval(watch);
  await imaging.close();
  console.log(`${String(count)} files from ${String(corpus.length)}, ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  for (const [outcome, times] of [...outcomes].sort(([a], [b]) => a.localeCompare(b))) console.log(`${outcome}: ${String(times)}`);
  console.log(found.length === 0 ? 'Nothing crashed, hung or grew.' : `${String(found.length)} findings; their files are in ${kept}`);
  if (found.length === 0) rmSync(kept, { recursive: true });
  return found.length === 0 ? 0 : 1;
}

interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}
type Random = (below: number) => number;

/** mulberry32 */
function generator(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Small files of every format and transfer syntax: real ones, and one of our own for each syntax, grey and colour. */
async function seeds(): Promise<Seed[]> {
  const real = ['dicom', 'hostile'].flatMap((folder) =>
    existsSync(join(data, folder))
      ? readdirSync(join(data, folder), { recursive: true, withFileTypes: true, encoding: 'utf8' })
          .filter(
            (entry) => entry.isFile() && !/\.(csv|md|toml|json|sh|txt|svg)$/i.test(entry.name) && !entry.parentPath.endsWith('render'),
          )
          .map((entry) => join(entry.parentPath, entry.name))
          .filter((file) => statSync(file).size <= LARGEST)
          .map((file) => ({ name: file.slice(data.length + 1), bytes: readFileSync(file) }))
      : [],
  );
  return [...real, ...(await made())];
}

const [WIDTH, HEIGHT] = [48, 40];

async function made(): Promise<Seed[]> {
  const out: Seed[] = [];
  const methods: [name: string, tail: string, method: Encoder | null, lossy: boolean][] = [
    ['implicit', '', null, false],
    ['explicit', '.1', null, false],
    ['big', '.2', null, false],
    ['deflated', '.1.99', null, false],
    ['rle', '.5', 'encodeRle', false],
    ['baseline', '.4.50', 'encodeJpeg', true],
    ['lossless', '.4.70', 'encodeJpeg', false],
    ['jpegls', '.4.80', 'encodeJpegLs', false],
    ['near', '.4.81', 'encodeJpegLs', true],
    ['j2k', '.4.90', 'encodeJpeg2000', false],
    ['j2k-lossy', '.4.91', 'encodeJpeg2000', true],
    ['htj2k', '.4.201', 'encodeHtJpeg2000', false],
  ];
  for (const [name, tail, method, lossy] of methods) {
    for (const channels of [1, 3] as const) {
      const bits = channels === 3 || name === 'baseline' ? 8 : 12;
      const words = Uint16Array.from({ length: WIDTH * HEIGHT * channels }, (_, i) => (i * 37 + (i % 97) ** 2) % 2 ** bits);
      const samples = bits === 8 ? Uint8Array.from(words) : words;
      const options = { lossy, quality: 80, allowedLossyError: 2, rate: 10 };
      const one =
        method === null ? new Uint8Array(samples.buffer) : await encode(method, { samples, width: WIDTH, channels, bits }, options);
      for (const frames of [1, 3]) {
        const parts = Array.from({ length: frames }, () => one);
        const elements: Elements = {
          '00100020': ['LO', 'P1'],
          '00280002': ['US', [channels]],
          '00280004': ['CS', channels === 3 ? 'RGB' : 'MONOCHROME2'],
          '00280006': ['US', [0]],
          '00280008': ['IS', String(frames)],
          '00280010': ['US', [HEIGHT]],
          '00280011': ['US', [WIDTH]],
          '00280100': ['US', [bits === 8 ? 8 : 16]],
          '00280101': ['US', [bits]],
          '00280102': ['US', [bits - 1]],
          '00281050': ['DS', '500\\200'],
          '00281051': ['DS', '1000\\400'],
          '7fe00010': method === null ? ['OW', Buffer.concat(parts)] : ['OB', [new Uint8Array(0), ...parts]],
        };
        out.push({ name: `${name}-${String(channels)}-${String(frames)}.dcm`, bytes: dicomFile(elements, `1.2.840.10008.1.2${tail}`) });
      }
    }
  }
  const table = (first: number) => new Uint8Array(Uint16Array.from({ length: 16 }, (_, i) => first + i * 256).buffer);
  const lut: Elements = { '00283002': ['US', [16, 0, 16]], '00283006': ['OW', table(0)] };
  out.push({ name: 'luts.dcm', bytes: greyFile([1, 2, 3, 4], { '00283000': ['SQ', [lut]], '00283010': ['SQ', [lut]] }) });
  const palette = Object.fromEntries(
    [1, 2, 3].flatMap((c) => [
      [`0028110${String(c)}`, ['US', [16, 0, 16]]],
      [`0028122${String(c)}`, ['OW', table(c)]],
    ]),
  ) as Elements;
  out.push({ name: 'palette.dcm', bytes: greyFile([1, 2, 3, 4], { '00280004': ['CS', 'PALETTE COLOR'], ...palette }) });
  const page = { width: 20, data: new Uint16Array(400).fill(7) };
  out.push({ name: 'pages.tif', bytes: tiffFile([page, page, { ...page, subfile: 1 }]) });
  return out;
}

const extremes = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

function mutant(corpus: readonly Seed[], random: Random): Seed {
  const pick = () => corpus[random(corpus.length)] as Seed;
  const base = pick();
  let bytes = Buffer.from(base.bytes);
  const ways: string[] = [];
  for (let n = 1 + random(3); n > 0 && bytes.length > 0; n--) {
    // Headers lie at the beginning: half of the changes go to the first kilobyte.
    const at = random(2) === 0 ? random(Math.min(bytes.length, 1024)) : random(bytes.length);
    const way = ['flip', 'extreme', 'cut', 'splice', 'repeat', 'drop', 'pixels'][random(7)] ?? 'flip';
    ways.push(way);
    if (way === 'flip') {
      for (let k = 1 + random(12); k > 0; k--) {
        const where = k % 2 === 0 ? random(bytes.length) : Math.min(bytes.length - 1, at + random(64));
        bytes[where] = (bytes[where] as number) ^ (1 << random(8));
      }
    } else if (way === 'extreme') {
      const value = extremes[random(extremes.length)] ?? 0;
      const wide = random(2) === 0 && at + 4 <= bytes.length;
      const little = random(2) === 0;
      if (wide) bytes[little ? 'writeUInt32LE' : 'writeUInt32BE'](value, at);
      else if (at + 2 <= bytes.length) bytes[little ? 'writeUInt16LE' : 'writeUInt16BE'](value & 0xffff, at);
    } else if (way === 'cut') bytes = bytes.subarray(0, at);
    else if (way === 'splice') {
      const other = pick().bytes;
      bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(random(2) === 0 ? Math.min(at, other.length) : random(other.length))]);
    } else if (way === 'repeat') {
      const length = random(Math.min(4096, bytes.length - at)) + 1;
      bytes = Buffer.concat([
        bytes.subarray(0, at + length),
        ...Array.from({ length: random(20) }, () => bytes.subarray(at, at + length)),
        bytes.subarray(at + length),
      ]);
    } else if (way === 'drop') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + random(64)))]);
    else imageModule(bytes, random);
  }
  bytes = Buffer.from(bytes.subarray(0, 4_000_000));
  if (random(2) === 0) mendPng(bytes);
  return { name: `${ways.join('-')}-${base.name}`, bytes };
}

/** A value of the Image Pixel Module of a DICOM file (group 0028 or the meta group, short form) is set to another. */
function imageModule(bytes: Buffer, random: Random): void {
  const places: number[] = [];
  for (let at = 0; at + 10 < bytes.length; at += 2)
    if (bytes[at] === 0x28 && bytes[at + 1] === 0 && (bytes[at + 3] ?? 9) <= 0x30) places.push(at);
  const at = places[random(places.length)];
  if (at === undefined) return;
  bytes.writeUInt16LE((extremes[random(extremes.length)] ?? 0) & 0xffff, Math.min(bytes.length - 2, at + 8));
}

/** Checksums that are right again, so that the damage is met by what comes after their check. */
function mendPng(bytes: Buffer): void {
  if (bytes.length < 8 || bytes.readUInt32BE(0) !== 0x89504e47) return;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) return;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end - 4)), end - 4);
    at = end;
  }
}
