import {
  createJPEGBasicOffsetTable,
  readEncapsulatedImageFrame,
  readEncapsulatedPixelDataFromFragments,
  type DataSet,
  type Element,
} from 'dicom-parser';
import { checkSize, corrupt, unsupported } from '../bounds';
import { decodeStream } from './codec';
import { JPEG_LS, readJpeg2000Stream, readJpegStream, type Codestream } from './codestream';
import type { DicomHeader } from './header';
import type { PixelModule } from './module';
import { decodeRle } from './rle';
import { pixelTags } from './syntax';

/** The samples of one frame as words of the file, before bits are masked, signs extended and colours converted. */
export interface Frame {
  readonly words: Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;
  /** `halved`: YBR_FULL_422, two luminances and one pair of differences for two pixels (PS3.3 C.7.6.3.1.2). */
  readonly layout: 'interleaved' | 'planar' | 'halved';
  /** What the compressed stream says of its colours, where it does. */
  readonly colour: 'rgb' | 'ybr' | null;
  /** The bit of the words in which the lowest stored bit lies. */
  readonly shift: number;
  /** Bits of a sample as the compressed stream has them; null where nothing but the data set says. */
  readonly precision: number | null;
}

export async function readFrame(header: DicomHeader, module: PixelModule, frame: number): Promise<Frame> {
  const { set, syntax } = header;
  if (frame >= module.frames) return corrupt(`it holds no frame ${String(frame + 1)}`);
  const tag = module.float ? (pixelTags.float in set.elements ? pixelTags.float : pixelTags.double) : pixelTags.integer;
  const element = set.elements[tag];
  if (!element) return corrupt('its pixel data are missing');
  const shift = module.highBit + 1 - module.stored;
  if (syntax.coding === 'native' || module.float)
    return { ...nativeFrame(header, element, module, frame), colour: null, shift, precision: null };
  // A data set may have been packed or unpacked under the name of the other kind.
  if (element.hadUndefinedLength !== true) return unsupported(`uncompressed pixel data under the name of ${syntax.name}`);
  const fragments = fragmentsOf(set, element, module, frame);
  const { width, height, samples, allocated } = module;
  if (syntax.coding === 'rle') {
    if (allocated === 1) return unsupported('RLE with samples of 1 bit');
    const bytes = decodeRle(fragments, width * height, samples, allocated / 8);
    return { words: words(bytes, module), layout: 'interleaved', colour: null, shift, precision: null };
  }
  const stream = syntax.coding === 'jpeg' || syntax.coding === 'jpeg-ls' ? readJpegStream(fragments) : readJpeg2000Stream(fragments);
  agree(stream, module);
  // The module's OpenJPEG gives the low byte of each sample, and no complaint.
  if (syntax.coding === 'jpeg-2000' && module.samples === 3 && stream.precision > 8)
    return unsupported(`JPEG 2000 with colour of ${String(stream.precision)} bits`);
  // CharLS looks for the end of a stream that has none for half a minute, OpenJPH makes up what is missing.
  if ((stream.process === JPEG_LS || syntax.coding === 'htj2k') && !ends(stream.bytes)) corrupt('its picture data break off');
  const bytes = await decodeStream(decoderOf(stream, syntax.coding === 'htj2k'), stream);
  return {
    words: stream.precision > 8 ? new Uint16Array(bytes.buffer) : bytes,
    layout: stream.planar ? 'planar' : 'interleaved',
    colour: stream.colour,
    // Decoders give the samples from bit 0 on, wherever the data set would have them.
    shift: 0,
    precision: stream.precision,
  };
}

/** End marker FFD9 of JPEG, JPEG-LS and JPEG 2000, before the zeros that fill the fragment up (PS3.5 A.4 asks for one). */
function ends(bytes: Uint8Array): boolean {
  let last = bytes.length - 1;
  while (last > 0 && bytes[last] === 0) last -= 1;
  return bytes[last - 1] === 0xff && bytes[last] === 0xd9;
}

/** A header that lies about the stream, or a stream about the picture, is refused: decoders believe what they read. */
function agree(stream: Codestream, module: PixelModule): void {
  const { width, height, components, precision } = stream;
  if (width !== module.width || height !== module.height || components !== module.samples) {
    corrupt(`its frame holds ${String(width)} x ${String(height)} pixels of ${String(components)} samples, its header states otherwise`);
  }
  if (precision > 16) unsupported(`compressed samples of ${String(precision)} bits`);
  // OpenJPEG computes in 32 bits, and holds the picture twice.
  if (stream.process === 0) checkSize(width, height, components * 8);
}

/** The stream's own marker decides between JPEG and JPEG-LS: data sets have been seen to state the one and hold the other. */
function decoderOf({ process, precision }: Codestream, highThroughput: boolean) {
  if (process === 0) return highThroughput ? 'DecodeHtJpeg2000' : 'DecodeJpeg2000';
  if (process === JPEG_LS) return 'DecodeJpegLs';
  // ITU-T T.81 table B.1: baseline, extended, progressive and lossless with Huffman codes; baseline and progressive with arithmetic ones.
  if (![0xc0, 0xc1, 0xc2, 0xc3].includes(process)) return unsupported(`the JPEG process of marker FF${process.toString(16).toUpperCase()}`);
  if (process !== 0xc3 && precision !== 8 && precision !== 12) return unsupported(`lossy JPEG with ${String(precision)} bits`);
  return 'DecodeJpeg';
}

function nativeFrame({ set, syntax }: DicomHeader, element: Element, module: PixelModule, frame: number): Pick<Frame, 'words' | 'layout'> {
  const { width, height, samples, allocated, photometric } = module;
  if (photometric === 'YBR_PARTIAL_420') return unsupported('uncompressed YBR_PARTIAL_420');
  const pixels = width * height;
  const halved = photometric === 'YBR_FULL_422' || photometric === 'YBR_PARTIAL_422';
  const bits = halved ? pixels * 16 : pixels * samples * allocated;
  const start = (frame * bits) % 8;
  const from = element.dataOffset + Math.floor((frame * bits) / 8);
  const length = Math.ceil((start + bits) / 8);
  const end = Math.min(set.byteArray.length, element.dataOffset + element.length);
  if (element.fragments) return unsupported(`compressed pixel data under the name of ${syntax.name}`);
  if (from + length > end) corrupt(`its pixel data end ${String(Math.max(from + length - end, 1))} bytes early`);
  const stored = set.byteArray.subarray(from, from + length);
  const bytes = syntax.bigEndian ? littleEndian(stored, element.vr === 'OW' ? Math.max(allocated, 16) : allocated) : stored;
  if (allocated === 1) return { words: unpackBits(bytes, start, pixels), layout: 'interleaved' };
  return { words: words(bytes, module), layout: halved ? 'halved' : module.planar && samples === 3 ? 'planar' : 'interleaved' };
}

/** PS3.5 A.4: a frame may be spread over several fragments. */
function fragmentsOf(set: DataSet, element: Element, module: PixelModule, frame: number): Uint8Array {
  const fragments = element.fragments ?? [];
  if (fragments.length === 0) corrupt('its pixel data hold no fragment');
  try {
    if (module.frames === 1) return readEncapsulatedPixelDataFromFragments(set, element, 0, fragments.length);
    if (fragments.length === module.frames) return readEncapsulatedPixelDataFromFragments(set, element, frame, 1);
    const table = element.basicOffsetTable?.length ? element.basicOffsetTable : createJPEGBasicOffsetTable(set, element);
    return readEncapsulatedImageFrame(set, element, frame, table);
  } catch (error) {
    return corrupt('its pixel data are not divided into frames', error instanceof Error ? error.message : String(error));
  }
}

/** PS3.5 8.1.1 and 8.2: with one bit allocated, pixels follow each other from the least significant bit on, across frames too. */
function unpackBits(bytes: Uint8Array, start: number, pixels: number): Uint8Array {
  const out = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) out[i] = ((bytes[(start + i) >> 3] as number) >> ((start + i) & 7)) & 1;
  return out;
}

/** The bytes as numbers. Every machine that this runs on is little-endian. */
function words(bytes: Uint8Array, { allocated, float }: PixelModule): Frame['words'] {
  if (allocated <= 8) return bytes;
  // A copy where the bytes do not lie on a boundary (Buffer.slice would be none).
  const aligned = bytes.byteOffset % (allocated / 8) === 0 ? bytes : new Uint8Array(bytes);
  const count = Math.floor(bytes.length / (allocated / 8));
  if (float)
    return allocated === 32
      ? new Float32Array(aligned.buffer, aligned.byteOffset, count)
      : new Float64Array(aligned.buffer, aligned.byteOffset, count);
  return allocated === 16
    ? new Uint16Array(aligned.buffer, aligned.byteOffset, count)
    : new Uint32Array(aligned.buffer, aligned.byteOffset, count);
}

/** Big-endian words turned round (PS3.5 7.3). With VR OW bytes of 8 bits come in pairs, the second first (annex A.2 and D). */
function littleEndian(bytes: Uint8Array, bits: number): Uint8Array {
  const turned = Buffer.alloc(bytes.length + (bytes.length % 2));
  turned.set(bytes);
  if (bits === 16) return turned.swap16();
  if (bits === 32) return turned.swap32();
  return bits === 64 ? turned.swap64() : bytes;
}
