import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { csvText } from '../../files/csv';
import { Priority } from '../../contract/jobs/imaging';
import { attempt, fail, FailureError, type Result, unwrap } from '../../contract/result';
import type { Pool } from '../pool/pool';
import { extensionOf, writeSampleFile, writePhantom, type SampleFormat } from './file';
import { findingNames } from './findings';
import { planSample, type PlannedImage } from './plan';

export { sampleFormats, type SampleFormat } from './file';
export { findingNames } from './findings';

export interface SampleOptions {
  /** A folder that is not there yet or empty. */
  readonly out: string;
  readonly count: number;
  readonly format: SampleFormat;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** The pictures are then drawn in its threads. Without it they are drawn here, about 80 ms each. */
  readonly pool?: Pick<Pool, 'run'>;
}

/**
 * Writes out/images/ and out/labels.csv: synthetic chest radiographs with known findings, the same bytes for the same seed.
 * labels.csv (columns path, patient and one a finding, 1 or 0) has paths relative to out/images, the folder to be opened.
 * Fails with output-exists, folder-not-writable, disk-full, write-failed, stopped; what was written by then stays.
 */
export async function makeSample(options: SampleOptions): Promise<Result<{ images: number }>> {
  const { out, count, format, seed, signal, onProgress, pool } = options;
  const images = planSample(count, seed);
  let done = 0;
  const draw = async (image: PlannedImage) => {
    if (signal?.aborted === true) throw new FailureError(fail('stopped').failure);
    const file = join(out, 'images', `${image.name}.${extensionOf(format)}`);
    if (pool)
      unwrap(await pool.run({ kind: 'phantom', source: { file, frame: null }, plan: image.plan, format }, Priority.thumbnail, signal));
    else {
      await writePhantom(image.plan, format, file);
      await setImmediate();
    }
    done += 1;
    onProgress?.(done, images.length);
  };
  return attempt(async () => {
    if (await occupied(out)) throw new FailureError(fail('output-exists', { file: out }).failure);
    if (pool) await Promise.all(images.map(draw));
    else for (const image of images) await draw(image);
    await writeSampleFile(join(out, 'labels.csv'), labelsCsv(images, format));
    return { images: images.length };
  });
}

const occupied = (folder: string) =>
  readdir(folder).then(
    (names) => names.length > 0,
    () => false,
  );

function labelsCsv(images: readonly PlannedImage[], format: SampleFormat): string {
  const rows = images.map(({ name, patientId, labels }) => [
    `${name}.${extensionOf(format)}`,
    patientId,
    ...findingNames.map((finding) => (labels[finding] ? '1' : '0')),
  ]);
  return csvText([['path', 'patient', ...findingNames], ...rows]);
}
