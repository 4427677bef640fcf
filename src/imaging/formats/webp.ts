import { checkSize, corrupt } from './bounds';
import { ByteView } from './bytes';
import type { Header } from './header';
import { exifOrientation } from './tiff-directory';

/** Walks the RIFF chunks (RFC 9649). Of an animation the first frame is read. */
export function readWebpHeader(file: Uint8Array): Header {
  const view = new ByteView(file, true);
  let orientation = 1;
  let sized = false;
  let at = 12;
  while (at + 8 <= file.length) {
    const type = view.ascii(at, 4);
    const length = view.u32(at + 4);
    const body = at + 8;
    if (type === 'VP8X') {
      checkSize(u24(view, body + 4) + 1, u24(view, body + 7) + 1, 4);
      sized = true;
    } else if (type === 'VP8L') {
      const packed = view.u32(body + 1);
      checkSize((packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1, 4);
      sized = true;
    } else if (type === 'VP8 ') {
      checkSize(view.u16(body + 6) & 0x3fff, view.u16(body + 8) & 0x3fff, 4);
      sized = true;
    } else if (type === 'EXIF') {
      const block = file.subarray(body, body + length);
      orientation = exifOrientation(Buffer.from(block.subarray(0, 4)).toString('latin1') === 'Exif' ? block.subarray(6) : block);
    }
    at = body + length + (length & 1);
  }
  if (!sized) corrupt('it holds no picture data');
  return { bytes: file, bits: 8, orientation, frames: [0], whiteIsZero: false };
}

const u24 = (view: ByteView, at: number) => view.u16(at) | (view.u8(at + 2) << 16);
