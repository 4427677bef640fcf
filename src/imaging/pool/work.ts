import type { FileFacts, ImageFacts, Pixels } from '../../contract/jobs/imaging';
import { fail, FailureError } from '../../contract/result';
import { countFrames, decodeImage, readHeader, readStated } from '../formats/decode';
import type { Raster, StatedFacts } from '../formats/raster';
import { writePhantom } from '../phantoms/file';
import { makeTile } from '../resample/tile';
import { recall, remember } from './recall';
import type { SourceFile } from '../source';
import { writePicture, writeThumbnail } from '../thumbnails/thumbnail';
import { defaultView, display, presets } from '../window/display';
import type { Job, JobValue, Reply } from './job';

/** A WebAssembly memory never shrinks: past a picture of this many pixels its thread is replaced. */
const SPENT_PIXELS = 80e6;

/** Does one job. A failure that belongs to the file is a value that names it; anything else is a bug and is thrown. */
export async function work(job: Job): Promise<Reply> {
  let largest = 0;
  try {
    const value = await perform(job, ({ width, height }) => {
      largest = width * height;
    });
    return { result: { ok: true, value }, spent: largest > SPENT_PIXELS };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { code, params, detail } = error.failure;
    const { width = 0, height = 0 } = params;
    // A picture that breaks off has taken its memory too; one that is too large was never begun.
    const begun = code === 'image-corrupt' ? Number(width) * Number(height) : largest;
    return { result: fail(code, { file: job.source.file, ...params }, detail), spent: begun > SPENT_PIXELS };
  }
}

async function perform(job: Job, note: (raster: Raster) => void): Promise<JobValue[Job['kind']]> {
  if (job.kind === 'phantom') {
    await writePhantom(job.plan, job.format, job.source.file);
    return null;
  }
  const source = recall(job.source.file, job.source.root);
  if (job.kind === 'hash') return source.sha256;
  if (job.kind === 'frames') return countFrames(source.bytes);
  if (job.kind === 'header') return readHeader(source.bytes);
  if (job.kind === 'identify') return fileFacts(source, readStated(source.bytes));
  const raster = await decodeImage(source.bytes, job.source.frame);
  note(raster);
  remember(job.source.file, source, raster);
  if (job.kind === 'pixels') return pixelsOf(raster);
  const several = (job.source.frame ?? 0) === 0 && raster.frames.length > 1;
  const view = defaultView(raster);
  const facts = { ...factsOf(source, { ...raster, notes: view.notes }), ...(several && { frames: [...raster.frames] }) };
  if (!job.tile && !job.thumbnail && !job.picture) return { facts };
  const picture = display(raster, view);
  if (job.picture) await writePicture(picture, job.picture.file);
  if (job.thumbnail) await writeThumbnail(picture, job.thumbnail.file, job.thumbnail.size);
  return job.tile ? { facts, tile: makeTile(picture, job.tile) } : { facts };
}

function factsOf(source: SourceFile, raster: Raster): ImageFacts {
  const { format, width, height, bits, channels, orientation } = raster;
  return { ...fileFacts(source, raster), format, width, height, bits, channels, orientation };
}

function fileFacts({ sha256, size: bytes, mtime }: SourceFile, stated: StatedFacts): FileFacts {
  const { patient, study, view, studyDate, manufacturer, notes } = stated;
  return { sha256, bytes, mtime, patient, study, view, studyDate, manufacturer, notes: [...notes] };
}

function pixelsOf(raster: Raster): Pixels {
  const { width, height, channels, inverted, rescale, bits: stored } = raster;
  // No raster lies in shared memory, which the types cannot know.
  return { width, height, channels, data: raster.data as Pixels['data'], stored, inverted, windows: presets(raster), rescale };
}
