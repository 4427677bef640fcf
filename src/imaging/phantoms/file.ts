import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, unwrap } from '../../contract/result';
import { writeNew } from '../../files/atomic';
import { systemCode, writeFailure } from '../../files/failures';
import { encodeDicom } from './dicom';
import { SIZE } from './field';
import { drawPhantom, type PhantomPlan } from './plan';
import { encodePng } from './png';

export const sampleFormats = ['png', 'png16', 'dicom'] as const;
export type SampleFormat = (typeof sampleFormats)[number];

export const extensionOf = (format: SampleFormat) => (format === 'dicom' ? 'dcm' : 'png');

/** Draws one phantom and writes it. Throws FailureError: disk-full, folder-not-writable, output-exists, write-failed. */
export async function writePhantom(plan: PhantomPlan, format: SampleFormat, file: string): Promise<void> {
  const samples = drawPhantom(plan);
  await writeSampleFile(file, encode(samples, plan, format));
}

function encode(samples: Uint16Array, { seed, patient, visit }: PhantomPlan, format: SampleFormat): Buffer {
  if (format === 'png') return encodePng(toEightBits(samples), SIZE, SIZE);
  // As detectors write them: 12 bits in 16, not stretched.
  if (format === 'png16') return encodePng(samples, SIZE, SIZE);
  return encodeDicom(samples, SIZE, SIZE, { patientId: `P${String(patient).padStart(5, '0')}`, visit, seed, inverted: patient % 4 === 0 });
}

function toEightBits(samples: Uint16Array): Uint8Array {
  const out = new Uint8Array(samples.length);
  for (let i = 0; i < out.length; i++) out[i] = (samples[i] as number) >> 4;
  return out;
}

/** Writes a file that must not exist yet. Not flushed: a sample is made again. */
export async function writeSampleFile(file: string, bytes: Uint8Array | string): Promise<void> {
  const folder = dirname(file);
  try {
    await mkdir(folder, { recursive: true });
    await writeNew(file, bytes, false);
  } catch (error) {
    unwrap(systemCode(error) === 'EEXIST' ? fail('output-exists', { file }) : writeFailure(error, file, folder));
  }
}
