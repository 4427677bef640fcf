import { FRAMES_LIMIT } from '../../contract/frames';
import { checkSize, corrupt, unsupported } from './bounds';
import type { Header } from './header';
import { directories, orientationOf, type Directory } from './tiff-directory';

/** Values of Compression (tag 259) that libtiff reads as it is built here: none, CCITT, LZW, JPEG, Deflate, CCITT RLE with words, PackBits, Deflate, WebP. */
const read: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 7, 8, 32771, 32773, 32946, 50001]);

/** Names of those that it does not, for the sentence. */
const others: Readonly<Record<number, string>> = {
  6: 'old-style JPEG compression',
  9: 'JBIG compression',
  10: 'JBIG compression',
  32766: 'NeXT compression',
  32809: 'ThunderScan compression',
  32909: 'PixarLog compression',
  33003: 'JPEG 2000 compression',
  33004: 'JPEG 2000 compression',
  33005: 'JPEG 2000 compression',
  34661: 'JBIG compression',
  34676: 'SGI LogLuv compression',
  34677: 'SGI LogLuv compression',
  34712: 'JPEG 2000 compression',
  34887: 'LERC compression',
  34892: 'lossy JPEG compression of raw images',
  34925: 'LZMA compression',
  50000: 'ZSTD compression',
  50002: 'JPEG XL compression',
  52546: 'JPEG XL compression',
};

/** TIFF 6.0 and BigTIFF. Every page is an image; `frame` names the one that is read. */
export function readTiffHeader(file: Uint8Array, frame: number): Header {
  const pages: Directory[] = [];
  for (const page of pagesOf(file)) pages.push(page);
  const page = pages[frame];
  if (!page) return corrupt(frame === 0 ? 'it holds no page' : `it holds no page ${String(frame + 1)}`);
  const value = (tag: number, otherwise: number) => page.get(tag)?.[0] ?? otherwise;
  const bits = value(258, 1);
  const samples = value(277, 1);
  checkSize(value(256, 0), value(257, 0), Math.max(samples, 1) * Math.max(bits / 8, 1));
  checkSize(Math.max(value(322, 1), 1), Math.max(value(323, 1), 1), Math.max(samples, 1) * Math.max(bits / 8, 1));
  if (value(339, 1) === 3) unsupported('TIFF with floating-point samples');
  if (value(339, 1) === 2) unsupported('TIFF with signed samples');
  if (bits > 16) unsupported(`TIFF with ${String(bits)} bits`);
  const coding = value(259, 1);
  if (!read.has(coding)) unsupported(`TIFF with ${others[coding] ?? `the compression ${String(coding)}`}`);
  return { bytes: file, bits, orientation: orientationOf(page), frames: pictures(pages), whiteIsZero: value(262, 1) === 0 };
}

/**
 * NewSubfileType (TIFF 6.0, section 8): bit 0 marks a smaller copy of another page, bit 2 a mask. Neither is an image of its own.
 * The first page always is, since it is the one that everybody shows.
 */
const pictures = (pages: readonly Directory[]) =>
  pages.flatMap((page, at) => (at === 0 || ((page.get(254)?.[0] ?? 0) & 0b101) === 0 ? [at] : [])).slice(0, FRAMES_LIMIT + 1);

/** A damaged link to a later page does not take the earlier ones with it. */
function* pagesOf(file: Uint8Array): Generator<Directory> {
  const all = directories(file);
  for (let n = 0; ; n++) {
    try {
      const { value, done } = all.next();
      if (done === true) return;
      yield value;
    } catch (error) {
      if (n === 0) throw error;
      return;
    }
  }
}
