import { corrupt, unsupported } from '../bounds';
import { ByteView } from '../bytes';

/** What the header of a compressed frame states. It is compared with the data set before a decoder sees the frame. */
export interface Codestream {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Bits per sample. */
  readonly precision: number;
  /** The decoder gives two's complement numbers (JPEG 2000 alone). */
  readonly signed: boolean;
  /** Each component is a scan of its own, and the decoder gives them one after the other (JPEG-LS alone). */
  readonly planar: boolean;
  /** What the stream itself says of its colours; null: nothing. */
  readonly colour: 'rgb' | 'ybr' | null;
  /** The stream's own process: the low byte of its frame marker (ITU-T T.81 table B.1), 0 for JPEG 2000. */
  readonly process: number;
}

/** SOF55, the frame marker of ITU-T T.87. */
export const JPEG_LS = 0xf7;

/** The marker segments of ITU-T T.81 (JPEG) and T.87 (JPEG-LS) up to the first scan. */
export function readJpegStream(bytes: Uint8Array): Codestream {
  const view = new ByteView(bytes, false);
  if (view.u16(0) !== 0xffd8) corrupt('its frame does not begin like a JPEG');
  let frame: Pick<Codestream, 'width' | 'height' | 'components' | 'precision' | 'process'> | null = null;
  let colour: Codestream['colour'] = null;
  let at = 2;
  for (;;) {
    // Fill bytes may stand before every marker (B.1.1.2).
    while (view.u8(at) === 0xff && view.u8(at + 1) === 0xff) at += 1;
    if (view.u8(at) !== 0xff) corrupt('a JPEG marker is missing');
    const marker = view.u8(at + 1);
    if (marker === 0xd9) corrupt('its JPEG ends before the picture begins');
    const length = view.u16(at + 2);
    if (length < 2) corrupt('a segment without a length');
    if (marker === JPEG_LS || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))) {
      frame = {
        process: marker,
        precision: view.u8(at + 4),
        height: view.u16(at + 5),
        width: view.u16(at + 7),
        components: view.u8(at + 9),
      };
    }
    // Adobe's APP14: transform 0 is RGB, 1 is YCbCr. JFIF's APP0: YCbCr.
    if (marker === 0xee && length >= 14 && view.ascii(at + 4, 5) === 'Adobe') colour = view.u8(at + 15) === 0 ? 'rgb' : 'ybr';
    if (marker === 0xe0 && length >= 7 && view.ascii(at + 4, 4) === 'JFIF') colour ??= 'ybr';
    if (marker === 0xda) {
      if (!frame) return corrupt('its frame header is missing');
      const planar = frame.process === JPEG_LS && frame.components > 1 && view.u8(at + 4) === 1;
      return { bytes, ...frame, signed: false, planar, colour };
    }
    at += 2 + length;
  }
}

/** The main header of ITU-T T.800 annex A, alone or inside the boxes of a JP2 file (annex I), which DICOM does not allow but archives hold. */
export function readJpeg2000Stream(file: Uint8Array): Codestream {
  const bytes = withoutBoxes(file);
  const view = new ByteView(bytes, false);
  if (view.u16(0) !== 0xff4f || view.u16(2) !== 0xff51) corrupt('its frame does not begin like a JPEG 2000 code stream');
  // A.5.1, SIZ: Xsiz, Ysiz, XOsiz, YOsiz, tile size and offset, then Ssiz, XRsiz, YRsiz of each component.
  const width = view.u32(8) - view.u32(16);
  const height = view.u32(12) - view.u32(20);
  const components = view.u16(40);
  const [first] = Array.from({ length: Math.min(components, 4) }, (_, i) => {
    if (view.u8(43 + 3 * i) !== 1 || view.u8(44 + 3 * i) !== 1) unsupported('JPEG 2000 with components of different sizes');
    if (view.u8(42 + 3 * i) !== view.u8(42)) unsupported('JPEG 2000 with components of different depths');
    return view.u8(42);
  });
  if (first === undefined) return corrupt('its JPEG 2000 has no component');
  const common = { bytes, width, height, components, precision: (first & 0x7f) + 1, signed: first >= 0x80, planar: false, process: 0 };
  let at = 4 + view.u16(4);
  for (;;) {
    const marker = view.u16(at);
    // A.6.1, COD: the multiple component transformation of annex G is undone by the decoder.
    if (marker === 0xff52) return { ...common, colour: components === 3 && view.u8(at + 8) === 1 ? 'rgb' : null };
    if (marker === 0xff90 || marker < 0xff00) corrupt('its JPEG 2000 header is incomplete');
    at += 2 + view.u16(at + 2);
  }
}

function withoutBoxes(file: Uint8Array): Uint8Array {
  const view = new ByteView(file, false);
  if (view.u32(0) !== 12 || view.ascii(4, 4) !== 'jP  ') return file;
  let at = 12;
  for (;;) {
    const length = view.u32(at);
    if (view.ascii(at + 4, 4) === 'jp2c') return file.subarray(at + 8, length === 0 ? undefined : at + length);
    if (length < 8) corrupt('its JP2 boxes hold no code stream');
    at += length;
  }
}
