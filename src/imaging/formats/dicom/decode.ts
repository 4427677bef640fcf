import type { DataSet } from 'dicom-parser';
import { FRAMES_LIMIT } from '../../../contract/frames';
import { greyIfEqual } from '../channels';
import { unstated, type Raster } from '../raster';
import { rgbSamples } from './colour';
import { statedFacts } from './facts';
import { readFrame, type Frame } from './frame';
import { greyRaster } from './grey';
import { readDicomHeader } from './header';
import { readPixelModule, type PixelModule } from './module';
import { readPalette } from './palette';
import { greySamples } from './samples';
import { lookUp } from './tables';

export async function decodeDicom(file: Uint8Array, frame: number): Promise<Raster> {
  const header = readDicomHeader(file);
  const { set } = header;
  const { bigEndian } = header.syntax;
  const module = readPixelModule(set);
  const read = await readFrame(header, module, frame);
  const { width, height, stored: bits } = module;
  const common = { ...unstated, width, height, bits, format: 'DICOM', orientation: 1, frames: framesOf(module), ...statedFacts(set) };
  if (module.photometric === 'PALETTE COLOR') return { ...common, ...paletteColours(set, module, read, bigEndian) };
  if (module.samples === 3) return { ...common, ...greyIfEqual({ channels: 3, data: rgbSamples(read, module) }) };
  return { ...common, ...greyRaster(set, module, read, frame, bigEndian) };
}

export function dicomFrames(file: Uint8Array): number {
  return framesOf(readPixelModule(readDicomHeader(file).set)).length;
}

/** As the header states them; that a frame is not there shows when it is read. */
const framesOf = ({ frames }: PixelModule) => Array.from({ length: Math.min(frames, FRAMES_LIMIT + 1) }, (_, frame) => frame);

/** PALETTE COLOR (PS3.3 C.7.6.3.1.2): each sample is an index into three tables. Entries of 16 bits give their upper eight. */
function paletteColours(set: DataSet, module: PixelModule, read: Frame, bigEndian: boolean) {
  const { data: samples, base } = greySamples(read, module);
  const tables = readPalette(set, module.signed, bigEndian);
  const bytes = tables.map((table) =>
    Uint8Array.from(
      { length: samples instanceof Uint8Array ? 256 : 65536 },
      (_, sample) => lookUp(table, sample + base) >>> (table.bits > 8 ? 8 : 0),
    ),
  );
  const data = new Uint8Array(samples.length * 3);
  bytes.forEach((table, channel) => {
    for (let i = 0; i < samples.length; i++) data[3 * i + channel] = table[samples[i] as number] as number;
  });
  return greyIfEqual({ channels: 3, data });
}
