import { checkSize, corrupt, unsupported } from './bounds';
import { ByteView } from './bytes';
import type { Header } from './header';
import { exifOrientation } from './tiff-directory';

/** Walks the marker segments of ITU-T T.81 up to the first scan. */
export function readJpegHeader(file: Uint8Array): Header {
  const view = new ByteView(file, false);
  let orientation = 1;
  let sized = false;
  let at = 2;
  for (;;) {
    while (at < file.length && file[at] !== 0xff) at++;
    while (at < file.length && file[at] === 0xff) at++;
    if (at >= file.length) corrupt('it ends before the picture begins');
    const marker = view.u8(at++);
    if (marker === 0xd9) corrupt('it ends before the picture begins');
    // Standalone markers, and the stuffed zero that damaged files show outside of scans.
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const length = view.u16(at);
    if (length < 2) corrupt('a segment without a length');
    const body = file.subarray(at + 2, at + length);
    if (isFrame(marker)) {
      const precision = view.u8(at + 2);
      checkSize(view.u16(at + 5), view.u16(at + 3), view.u8(at + 7));
      if (marker === 0xc3 || marker === 0xc7 || marker === 0xcb || marker === 0xcf) unsupported('lossless JPEG');
      if (precision !== 8) unsupported(`JPEG with ${String(precision)} bits`);
      if (![1, 3, 4].includes(view.u8(at + 7))) unsupported(`JPEG with ${String(view.u8(at + 7))} components`);
      sized = true;
    }
    if (marker === 0xe1 && body.length > 14 && Buffer.from(body.subarray(0, 4)).toString('latin1') === 'Exif') {
      orientation = exifOrientation(body.subarray(6));
    }
    if (marker === 0xda) break;
    at += length;
  }
  if (!sized) corrupt('its frame header is missing');
  return { bytes: file, bits: 8, orientation, frames: [0], whiteIsZero: false };
}

/** SOF0 to SOF15 without DHT, JPG and DAC, which lie between them. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
