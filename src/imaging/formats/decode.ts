import { corrupt, limits, refuse, unsupported } from './bounds';
import { toGreyOrRgb } from './channels';
import type { HeaderField } from '../../contract/jobs/imaging';
import { decodeDicom, dicomFrames } from './dicom/decode';
import { statedFacts } from './dicom/facts';
import { readDicomHeader } from './dicom/header';
import { listHeader } from './dicom/listing';
import type { Header } from './header';
import { readJpegHeader } from './jpeg';
import { upright } from './orientation';
import { readPngHeader } from './png';
import { unstated, type Raster, type StatedFacts } from './raster';
import { signature, type Format } from '../../files/signature';
import { readTiffHeader } from './tiff';
import { decodeWithVips, type CompressedFormat } from './vips';
import { readWebpHeader } from './webp';

const headers: Record<CompressedFormat, (file: Uint8Array, frame: number) => Header> = {
  PNG: readPngHeader,
  JPEG: readJpegHeader,
  WebP: readWebpHeader,
  TIFF: readTiffHeader,
};

/**
 * Decodes one frame (null: the only or first one). The format is that of the bytes; headers are checked against the limits
 * before a decoder sees them. Throws FailureError without the file's name: image-format-unknown, -corrupt, -too-large, -unsupported.
 */
export async function decodeImage(file: Uint8Array, frame: number | null): Promise<Raster> {
  const format = formatOf(file);
  if (format === 'DICOM') return decodeDicom(file, frame ?? 0);
  if (format !== 'TIFF' && (frame ?? 0) !== 0) corrupt(`it holds no frame ${String((frame ?? 0) + 1)}`);
  const header = headers[format](file, frame ?? 0);
  const samples = await decodeWithVips(format, header.bytes, frame ?? 0);
  const colour = toGreyOrRgb(samples);
  const { width, height } = samples;
  const raster: Raster = {
    ...unstated,
    width,
    height,
    ...colour,
    bits: header.bits,
    format,
    orientation: header.orientation,
    inverted: header.whiteIsZero,
    frames: header.frames,
  };
  // libvips turns WhiteIsZero round; the samples are wanted as stored, and the inversion comes after the window.
  if (header.whiteIsZero) turnRound(raster.data);
  return upright(raster, header.orientation);
}

export function countFrames(file: Uint8Array): number {
  const format = formatOf(file);
  return format === 'DICOM' ? dicomFrames(file) : headers[format](file, 0).frames.length;
}

/** What a DICOM header states; other formats state nothing. */
export const readStated = (file: Uint8Array): StatedFacts =>
  formatOf(file) === 'DICOM' ? statedFacts(readDicomHeader(file).set) : unstated;

/** The fields of a DICOM header; other formats have none. */
export const readHeader = (file: Uint8Array): HeaderField[] => (formatOf(file) === 'DICOM' ? listHeader(file) : []);

function formatOf(file: Uint8Array): Format {
  if (file.length === 0) corrupt('it is empty');
  if (file.length > limits.fileBytes) refuse('file-too-large', { limit: Math.floor(limits.fileBytes / 1e6) });
  const found = signature(file);
  if (found === null) return refuse('image-format-unknown');
  return found.kind === 'other' ? unsupported(found.name) : found.format;
}

function turnRound(data: Uint8Array | Uint16Array): void {
  const maximum = data instanceof Uint8Array ? 255 : 65535;
  for (let i = 0; i < data.length; i++) data[i] = maximum - (data[i] as number);
}
