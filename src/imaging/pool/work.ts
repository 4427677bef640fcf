import type { ImageFacts, Pixels } from '../../contract/jobs/imaging';
import { FailureError } from '../../contract/result';
import { countFrames, decodeImage } from '../formats/decode';
import type { Raster } from '../formats/raster';
import { writePhantom } from '../phantoms/file';
import { makeTile } from '../resample/tile';
import { readSource, type SourceFile } from '../source';
import { writeThumbnail } from '../thumbnails/thumbnail';
import { display, presets } from '../window/display';
import type { Job, JobValue, Reply } from './job';

/** A WebAssembly memory never shrinks: past a picture of this many bytes its thread is replaced. */
const SPENT_BYTES = 150e6;

/** Does one job. A failure that belongs to the file is a value that names it; anything else is a bug and is thrown. */
export async function work(job: Job): Promise<Reply> {
  const { file } = job.source;
  let largest = 0;
  const note = (raster: Raster) => {
    largest = Math.max(largest, raster.data.byteLength);
    return raster;
  };
  try {
    const value = await perform(job, note);
    return { result: { ok: true, value }, spent: largest > SPENT_BYTES };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { failure } = error;
    // A failed decode may have grown the memory just as well.
    return { result: { ok: false, failure: { ...failure, params: { file, ...failure.params } } }, spent: largest > SPENT_BYTES };
  }
}

async function perform(job: Job, note: (raster: Raster) => Raster): Promise<JobValue[Job['kind']]> {
  if (job.kind === 'phantom') {
    await writePhantom(job.plan, job.format, job.source.file);
    return null;
  }
  const source = await readSource(job.source.file);
  if (job.kind === 'frames') return countFrames(source.bytes);
  const raster = note(await decodeImage(source.bytes, job.source.frame));
  if (job.kind === 'pixels') return pixelsOf(raster);
  const facts = factsOf(source, raster);
  if (!job.tile && !job.thumbnail) return { facts };
  const picture = display(raster);
  if (job.thumbnail) await writeThumbnail(picture, job.thumbnail.file, job.thumbnail.size);
  return job.tile ? { facts, tile: makeTile(picture, job.tile) } : { facts };
}

function factsOf(source: SourceFile, raster: Raster): ImageFacts {
  const { format, width, height, bits, channels, orientation, patient, study, view } = raster;
  const { sha256, size: bytes, mtime } = source;
  return { sha256, bytes, mtime, format, width, height, bits, channels, orientation, patient, study, view };
}

function pixelsOf(raster: Raster): Pixels {
  const { width, height, channels, inverted } = raster;
  // No raster lies in shared memory, which the types cannot know.
  return { width, height, channels, data: raster.data as Pixels['data'], inverted, windows: presets(raster) };
}
