import { crc32 } from 'node:zlib';
import { checkSize, corrupt, unsupported } from './bounds';
import { ByteView } from './bytes';
import type { Header } from './header';
import { exifOrientation } from './tiff-directory';

const depths: Readonly<Record<number, readonly number[]>> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
const samples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 4, 4: 2, 6: 4 };

/**
 * The chunks that make the picture (IHDR, PLTE, tRNS, IDAT) and nothing else go to the decoder: compressed texts, profiles
 * and animation frames are never expanded, because they are not there.
 */
export function readPngHeader(file: Uint8Array): Header {
  const view = new ByteView(file, false);
  const kept: Uint8Array[] = [file.subarray(0, 8)];
  let bits = 0;
  let colour = 0;
  let orientation = 1;
  let palette = false;
  let data = false;
  let at = 8;
  while (at < file.length) {
    if (at + 12 > file.length && data) break;
    const length = view.u32(at);
    const type = view.ascii(at + 4, 4);
    const end = at + 12 + length;
    if (end > file.length) corrupt(`it ends inside the chunk ${printable(type)}`);
    if ((at === 8) !== (type === 'IHDR')) corrupt(at === 8 ? 'it does not begin with an IHDR chunk' : 'it has two IHDR chunks');
    const body = file.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      if (length !== 13 || crc32(file.subarray(at + 4, at + 8 + length)) !== view.u32(end - 4))
        corrupt('the checksum of its header is wrong');
      bits = view.u8(at + 16);
      colour = view.u8(at + 17);
      if (depths[colour]?.includes(bits) !== true) corrupt(`colour type ${String(colour)} with ${String(bits)} bits does not exist`);
      checkSize(view.u32(at + 8), view.u32(at + 12), (samples[colour] ?? 4) * (bits > 8 ? 2 : 1));
    }
    if (type === 'eXIf') orientation = exifOrientation(body);
    if (type === 'PLTE') palette = true;
    if (type === 'IDAT') data = true;
    if (['IHDR', 'PLTE', 'tRNS', 'IDAT'].includes(type)) kept.push(file.subarray(at, end));
    else if (type === 'IEND') break;
    // Bit 5 of the first letter: upper case marks a chunk without which the picture cannot be understood.
    else if (type.charCodeAt(0) < 0x60) unsupported(`the PNG chunk ${printable(type)}`);
    at = end;
  }
  if (!data) corrupt('it holds no picture data');
  if (colour === 3 && !palette) corrupt('its palette is missing');
  kept.push(new Uint8Array([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]));
  return { bytes: Buffer.concat(kept), bits, orientation, frames: [0], whiteIsZero: false };
}

const printable = (type: string) => type.replaceAll(/[^A-Za-z]/g, '?');
