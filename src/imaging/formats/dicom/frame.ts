import {
  createJPEGBasicOffsetTable,
  readEncapsulatedImageFrame,
  readEncapsulatedPixelDataFromFragments,
  type DataSet,
  type Element,
} from 'dicom-parser';
import { corrupt } from '../bounds';
import { readJpegHeader } from '../jpeg';
import { decodeWithVips } from '../vips';
import { syntaxes, type DicomHeader } from './header';
import type { PixelModule } from './module';
import { decodeRle } from './rle';

/** The bytes of one frame as native little-endian samples, interleaved. JPEG colour has become RGB. */
export async function frameBytes({ set, syntax }: DicomHeader, module: PixelModule, frame: number): Promise<Uint8Array> {
  const element = set.elements['x7fe00010'];
  if (!element || frame >= module.frames) return corrupt(`it holds no frame ${String(frame + 1)}`);
  const { width, height, samples, allocated } = module;
  const pixels = width * height;
  if (syntax === syntaxes.rle) return decodeRle(fragmentsOf(set, element, module, frame), pixels, samples, allocated / 8);
  if (syntax === syntaxes.jpegBaseline) {
    const jpeg = fragmentsOf(set, element, module, frame);
    readJpegHeader(jpeg);
    const image = await decodeWithVips('JPEG', jpeg, 0);
    if (image.width !== width || image.height !== height || image.bands !== samples || !(image.data instanceof Uint8Array)) {
      return corrupt(`its JPEG holds ${String(image.width)} x ${String(image.height)} pixels of ${String(image.bands)} samples`);
    }
    return image.data;
  }
  // PS3.3 C.7.6.3.1.2: YBR_FULL_422 stores one pair of colour differences for two pixels.
  const length = module.photometric === 'YBR_FULL_422' ? pixels * 2 : pixels * samples * (allocated / 8);
  const from = element.dataOffset + frame * length;
  const end = Math.min(set.byteArray.length, element.dataOffset + element.length);
  if (from + length > end) corrupt(`its pixel data end ${String(from + length - end)} bytes early`);
  const bytes = set.byteArray.subarray(from, from + length);
  return syntax === syntaxes.bigEndian && allocated === 16 ? swapped(bytes) : bytes;
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

function swapped(bytes: Uint8Array): Uint8Array {
  return Buffer.from(bytes).swap16();
}
