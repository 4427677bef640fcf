import Vips from 'wasm-vips';
import { limits, refuse, unsupported } from './bounds';
import type { Format } from '../../files/signature';

/** The one importer of wasm-vips. One instance a thread; it is started at the first picture. */
type Instance = typeof Vips;
let instance: Promise<Instance> | null = null;

/** Loads the module: whoever expects a picture need not wait until it is there. */
export function vips(): Promise<Instance> {
  // Warnings about files would go to stderr; what matters of them comes back as an error.
  const quiet = (module: { ENV?: Record<string, string> }) => {
    if (module.ENV) module.ENV['VIPS_WARNING'] = '0';
  };
  instance ??= Vips({ dynamicLibraries: [], preRun: [quiet] }).then((loaded) => {
    loaded.concurrency(1);
    loaded.Cache.max(0);
    loaded.blockUntrusted(true);
    return loaded;
  });
  return instance;
}

/** Samples as the decoder gives them, alpha and ink channels included. */
export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly cmyk: boolean;
  readonly data: Uint8Array | Uint16Array;
}

export type CompressedFormat = Exclude<Format, 'DICOM'>;

/**
 * Decodes bytes whose header has been checked. A file that ends early or breaks off is refused: half a chest would get a
 * label for the whole.
 */
export async function decodeWithVips(format: CompressedFormat, bytes: Uint8Array, page: number): Promise<Samples> {
  const { Image } = await vips();
  const options = { access: 'sequential', fail_on: 'error' } as const;
  let image: InstanceType<typeof Vips.Image> | null = null;
  try {
    image =
      format === 'PNG'
        ? Image.pngloadBuffer(bytes, options)
        : format === 'JPEG'
          ? Image.jpegloadBuffer(bytes, options)
          : format === 'WebP'
            ? Image.webploadBuffer(bytes, options)
            : Image.tiffloadBuffer(bytes, { ...options, page });
    const { width, height, bands, interpretation } = image;
    if (width * height * bands > limits.decodedBytes) refuse('image-too-large', { width, height, limit: Math.floor(limits.pixels / 1e6) });
    if (interpretation === 'lab' || interpretation === 'labs' || interpretation === 'xyz') unsupported('a CIE colour space');
    const data: unknown = image.writeToMemory();
    if (!(data instanceof Uint8Array || data instanceof Uint16Array)) return unsupported(`${image.format} samples`);
    return { width, height, bands, cmyk: interpretation === 'cmyk', data };
  } catch (error) {
    const message = vipsMessage(error);
    if (message === null) throw error;
    const cause = reasonOf(message);
    if (notUnderstood.test(cause)) return unsupported(`${format} data that the decoder does not know (${cause})`);
    const size = image ? { width: image.width, height: image.height } : {};
    return refuse('image-corrupt', { reason: cause, ...size }, message);
  } finally {
    image?.delete();
  }
}

/** `data`: 8 bits, one or three channels. `quality` is of no account for PNG. */
export async function encodeWithVips(
  kind: 'webp' | 'jpeg' | 'png',
  picture: { width: number; height: number; channels: 1 | 3; data: Uint8Array },
  quality: number,
): Promise<Uint8Array> {
  const { Image, BandFormat } = await vips();
  const image = Image.newFromMemory(picture.data, picture.width, picture.height, picture.channels, BandFormat.uchar);
  try {
    if (kind === 'png') return image.pngsaveBuffer();
    return kind === 'webp' ? image.webpsaveBuffer({ Q: quality, effort: 2 }) : image.jpegsaveBuffer({ Q: quality });
  } finally {
    image.delete();
  }
}

/**
 * libvips reports what is wrong with the data as C++ exceptions, which Emscripten throws as objects of its own with name and
 * text in `message`. A trap of the machine code (RuntimeError) is none of them and ends the thread.
 */
function vipsMessage(error: unknown): string | null {
  const message: unknown = typeof error === 'object' && error !== null && 'message' in error ? error.message : null;
  const text = Array.isArray(message) ? message.join(': ') : message;
  return typeof text === 'string' && text.startsWith('vips::Error') ? text : null;
}

/** What a decoder says of data that may be whole and are not for it. */
const notUnderstood =
  /not (?:configured|implemented|supported)|unsupported|(?:doesn't|does not|cannot|can't) (?:support|handle)|only supports/i;

/** The last line names the cause; where it names a function instead, it is the picture data. */
function reasonOf(message: string): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  const cause = (lines.at(-1) ?? '').replace(/^(vips::Error|VipsJpeg|vipspng|tiff2vips|webp2vips|\w+load\w*):?/, '').trim();
  return cause === '' || /^libpng read error$|^unable to |^vips_/.test(cause) ? 'its picture data are wrong' : cause;
}
