import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDicomHeader } from '../../../src/imaging/formats/dicom/header';
import { readFrame } from '../../../src/imaging/formats/dicom/frame';
import { readPixelModule } from '../../../src/imaging/formats/dicom/module';
import { greySamples } from '../../../src/imaging/formats/dicom/samples';
import { encode, type Encoder } from '../../unit/imaging/formats/dicom/encode';
import { greyFile, type Elements } from '../../unit/imaging/formats/dicom/write';

// Writes one picture in every transfer syntax into the folder given, then the best of twelve times from file to samples, in
// milliseconds of the processor (other work on the machine counts for less than on the clock), as JSON.
const [folder = '', shared = ''] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const [width, height] = [2500, 2000];

/** Broad shadows, ribs and the noise of a detector: 12 bits, compressed without loss to about 6.5 bits a pixel like a radiograph. */
let state = 1;
const noise = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32 - 0.5;
};
const samples = Uint16Array.from({ length: width * height }, (_, i) => {
  const [x, y] = [(i % width) / width, Math.floor(i / width) / height];
  const lungs = Math.exp(-40 * (x - 0.3) ** 2 - 8 * (y - 0.45) ** 2) + Math.exp(-40 * (x - 0.7) ** 2 - 8 * (y - 0.45) ** 2);
  return Math.min(4095, Math.max(0, 800 + 2400 * lungs + 150 * Math.sin(40 * y + 9 * x) + 30 * (noise() + noise() + noise())));
});

async function encoded(method: Encoder, options: object, bits: 8 | 12): Promise<Elements> {
  const picture = bits === 8 ? Uint8Array.from(samples, (sample) => sample >> 4) : samples;
  const stream = await encode(method, { samples: picture, width, channels: 1, bits }, options);
  return { '7fe00010': ['OB', [new Uint8Array(0), stream]], ...(bits === 8 ? { '00280100': ['US', [8]] } : {}) };
}

const uid = (tail: string) => `1.2.840.10008.1.2${tail}`;
const native: Elements = { '7fe00010': ['OW', new Uint8Array(samples.buffer)] };
const syntaxes: [name: string, uid: string, elements: () => Elements | Promise<Elements>, bits: 8 | 12][] = [
  ['Explicit VR Little Endian', uid('.1'), () => native, 12],
  ['Deflated Explicit VR', uid('.1.99'), () => native, 12],
  ['RLE Lossless', uid('.5'), () => encoded('encodeRle', {}, 12), 12],
  ['JPEG Baseline, 8 bits', uid('.4.50'), () => encoded('encodeJpeg', { lossy: true, quality: 90 }, 8), 8],
  ['JPEG Lossless, predictor 4', uid('.4.57'), () => encoded('encodeJpeg', { lossy: false, predictor: 4 }, 12), 12],
  ['JPEG Lossless SV1', uid('.4.70'), () => encoded('encodeJpeg', { lossy: false }, 12), 12],
  ['JPEG-LS Lossless', uid('.4.80'), () => encoded('encodeJpegLs', { lossy: false }, 12), 12],
  ['JPEG-LS Near-lossless, 2', uid('.4.81'), () => encoded('encodeJpegLs', { lossy: true, allowedLossyError: 2 }, 12), 12],
  ['JPEG 2000 Lossless', uid('.4.90'), () => encoded('encodeJpeg2000', { lossy: false }, 12), 12],
  ['JPEG 2000, 10 to 1', uid('.4.91'), () => encoded('encodeJpeg2000', { lossy: true, rate: 10 }, 12), 12],
  ['HTJ2K Lossless', uid('.4.201'), () => encoded('encodeHtJpeg2000', { lossy: false }, 12), 12],
];

async function write(): Promise<void> {
  for (const [name, syntax, elements, bits] of syntaxes) {
    const size: Elements = {
      '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.1'],
      '00080018': ['UI', '1.2.3'],
      '00280010': ['US', [height]],
      '00280011': ['US', [width]],
      '00280101': ['US', [bits]],
      '00280102': ['US', [bits - 1]],
    };
    writeFileSync(join(folder, `${name}.dcm`), greyFile([], { ...size, ...(await elements()) }, syntax));
  }
  // The module has no encoder for lossy JPEG of 12 bits.
  const extended = join(shared, 'data/dicom/pylibjpeg-data/RG2_JPLY_fixed.dcm');
  if (existsSync(extended)) copyFileSync(extended, join(folder, 'JPEG Extended, 12 bits (2,140 x 1,760).dcm'));
}

async function milliseconds(file: string): Promise<number> {
  let best = Infinity;
  for (let n = 0; n < 12; n++) {
    const start = process.cpuUsage();
    const header = readDicomHeader(readFileSync(file));
    const module = readPixelModule(header.set);
    greySamples(await readFrame(header, module, 0), module);
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

await write();
const results: Record<string, { megabytes: number; milliseconds: number }> = {};
for (const name of readdirSync(folder).sort()) {
  const file = join(folder, name);
  results[name.replace(/\.dcm$/, '')] = { megabytes: statSync(file).size / 1e6, milliseconds: await milliseconds(file) };
}
console.log(JSON.stringify(results));
