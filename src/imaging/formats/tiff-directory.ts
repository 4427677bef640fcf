import { corrupt } from './bounds';
import { ByteView } from './bytes';

/** Tags of one image file directory (TIFF 6.0, section 2) with short or long values: enough for headers and EXIF. */
export type Directory = ReadonlyMap<number, number[]>;

const sizes: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};
const MAXIMUM_PAGES = 10_000;

/** The directories of a TIFF file or of an EXIF block, in their order, as far as they do not point back at themselves. */
export function* directories(bytes: Uint8Array): Generator<Directory> {
  const order = new ByteView(bytes, true).ascii(0, 2);
  const view = new ByteView(bytes, order === 'II');
  const big = view.u16(2) === 43;
  const offset = (at: number) => (big ? view.u64(at) : view.u32(at));
  let at = offset(big ? 8 : 4);
  const seen = new Set<number>();
  while (at !== 0 && !seen.has(at) && seen.size < MAXIMUM_PAGES) {
    seen.add(at);
    const count = big ? view.u64(at) : view.u16(at);
    const start = at + (big ? 8 : 2);
    const entry = big ? 20 : 12;
    if (count > 4096) corrupt(`a directory of ${String(count)} entries`);
    const tags = new Map<number, number[]>();
    for (let i = 0; i < count; i++) readEntry(view, start + i * entry, big, tags);
    yield tags;
    at = offset(start + count * entry);
  }
}

function readEntry(view: ByteView, at: number, big: boolean, tags: Map<number, number[]>): void {
  const type = view.u16(at + 2);
  const count = big ? view.u64(at + 4) : view.u32(at + 4);
  const size = sizes[type];
  if (size === undefined || ![1, 3, 4, 16].includes(type)) return;
  const inline = big ? 8 : 4;
  const field = at + (big ? 12 : 8);
  const from = count * size <= inline ? field : big ? view.u64(field) : view.u32(field);
  // Only the first values matter here (dimensions, bits per sample); strip tables stay where they are.
  const values: number[] = [];
  for (let i = 0; i < Math.min(count, 8); i++) {
    const position = from + i * size;
    if (position + size > view.length) break;
    values.push(size === 1 ? view.u8(position) : size === 2 ? view.u16(position) : size === 4 ? view.u32(position) : view.u64(position));
  }
  tags.set(view.u16(at), values);
}

/** The orientation 1..8 that an EXIF block states; 1 where it is damaged or states none. */
export function exifOrientation(block: Uint8Array): number {
  try {
    for (const directory of directories(block)) return orientationOf(directory);
  } catch {
    // A damaged EXIF block does not make the picture unreadable.
  }
  return 1;
}

export function orientationOf(directory: Directory): number {
  const value = directory.get(274)?.[0] ?? 1;
  return value >= 1 && value <= 8 ? value : 1;
}
