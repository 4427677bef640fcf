import type { DataSet } from 'dicom-parser';
import { FRAMES_LIMIT } from '../../../contract/frames';
import type { ImageNote } from '../../../contract/model';
import { greyIfEqual } from '../channels';
import { unstated, type Raster } from '../raster';
import { rgbSamples } from './colour';
import { storedBits } from './depth';
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
  const stated = readPixelModule(set);
  const read = await readFrame(header, stated, frame);
  const module = { ...stated, stored: storedBits(read, stated) };
  const { width, height, stored: bits } = module;
  const facts = statedFacts(set);
  const notes: ImageNote[] = [...facts.notes];
  if (module.oddHighBit || module.stored !== stated.stored) notes.push('depth-differs');
  if (header.damaged) notes.push('part-damaged');
  const common = { ...unstated, ...facts, width, height, bits, format: 'DICOM', orientation: 1, frames: framesOf(module) };
  if (module.samples === 3) return { ...common, ...greyIfEqual({ channels: 3, data: rgbSamples(read, module) }), notes };
  const isPalette = module.photometric === 'PALETTE COLOR';
  const grey = isPalette ? paletteColours(set, module, read, bigEndian) : greyRaster(set, module, read, frame, bigEndian);
  return { ...common, ...grey, notes: [...new Set([...notes, ...grey.notes])] };
}

export function dicomFrames(file: Uint8Array): number {
  return framesOf(readPixelModule(readDicomHeader(file).set)).length;
}

/** As the header states them; that a frame is not there shows when it is read. */
const framesOf = ({ frames }: PixelModule) => Array.from({ length: Math.min(frames, FRAMES_LIMIT + 1) }, (_, frame) => frame);

/** PALETTE COLOR (PS3.3 C.7.6.3.1.2): each sample is an index into three tables. Of entries of more than eight bits the upper eight are shown, unless all of them are 0. */
function paletteColours(set: DataSet, module: PixelModule, read: Frame, bigEndian: boolean) {
  const { data: samples, base } = greySamples(read, module);
  const tables = readPalette(set, module.signed, bigEndian);
  const isNarrow = tables.every(({ values }) => values.every((value) => value <= 255));
  const bytes = tables.map((table) =>
    Uint8Array.from(
      { length: samples instanceof Uint8Array ? 256 : 65536 },
      (_, sample) => lookUp(table, sample + base) >>> (table.bits > 8 && !isNarrow ? 8 : 0),
    ),
  );
  const data = new Uint8Array(samples.length * 3);
  bytes.forEach((table, channel) => {
    for (let i = 0; i < samples.length; i++) data[3 * i + channel] = table[samples[i] as number] as number;
  });
  const notes: ImageNote[] = isNarrow && tables.some(({ bits }) => bits > 8) ? ['lut-scaled'] : [];
  return { ...greyIfEqual({ channels: 3, data }), notes };
}
