import { FRAMES_LIMIT } from '../../contract/frames';
import type { EmbeddedItem } from '../../contract/jobs/encoder';
import type { FrameChoice, ImageRecord } from '../../contract/model';
import { newId } from './ids';

/**
 * The records that the reading of a file's first frame leads to: its own, which becomes that of the frame and keeps its id and
 * labels, and one for each frame that has none yet. `read` alone where the file is one image. What the header says of patient and
 * study holds for all frames; the size may differ.
 */
export function frameRecords(read: ImageRecord, frames: readonly number[], hasRecord: (frame: number) => boolean): ImageRecord[] {
  const [first, ...others] = frames;
  if (first === undefined || others.length === 0) return [read];
  const added = others.filter((frame) => !hasRecord(frame));
  return [{ ...read, frame: first }, ...added.map((frame) => ({ ...read, id: newId(), frame, width: null, height: null }))];
}

/** A file with more frames than are taken counts as one that could not be read. */
export function judged(item: EmbeddedItem, choice: FrameChoice, file: string): EmbeddedItem {
  if (item.status !== 'ok' || choice === 'first' || (item.facts.frames?.length ?? 1) <= FRAMES_LIMIT) return item;
  return { status: 'failed', key: item.key, failure: { code: 'image-frames-too-many', params: { file, limit: FRAMES_LIMIT } } };
}
