import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refuse } from '../formats/bounds';
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
  await writeNew(file, encode(samples, plan, format));
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

/** Writes a file that must not exist yet. */
export async function writeNew(file: string, bytes: Uint8Array | string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(file, 'wx');
    try {
      await handle.writeFile(bytes);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '') throw error;
    const folder = dirname(file);
    if (code === 'EEXIST') refuse('output-exists', { file });
    if (code === 'ENOSPC' || code === 'EDQUOT') refuse('disk-full', { folder });
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') refuse('folder-not-writable', { folder, reason: 'permission denied' });
    refuse('write-failed', { file, reason: code });
  }
}
