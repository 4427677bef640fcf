import { FRAMES_LIMIT } from '../../contract/frames';
import type { FrameChoice } from '../../contract/model';
import { compareImages } from '../../contract/order';
import { fail, ok, type Failure, type Result } from '../../contract/result';
import type { FoundImage } from './folder';

/** What came of an image, with the frames of its file where there are several. */
export interface Outcome<T> {
  readonly image: FoundImage;
  readonly value: T;
}

/** How `readFrames` looks at an outcome, and what it makes of a file with too many frames. */
export interface FrameReader<T> {
  /** One outcome an image, in their order. */
  readonly read: (images: readonly FoundImage[]) => Promise<Result<T[]>>;
  readonly framesOf: (value: T) => readonly number[];
  readonly refused: (failure: Failure) => T;
}

/**
 * Reads the files, then the further frames of those that have some: only reading shows how many there are. In canonical order. With
 * `first` every file is one image. The first frame is not read twice.
 */
export async function readFrames<T>(
  files: readonly FoundImage[],
  choice: FrameChoice,
  { read, framesOf, refused }: FrameReader<T>,
): Promise<Result<Outcome<T>[]>> {
  const firsts = await read(files);
  if (!firsts.ok) return firsts;
  const outcomes: Outcome<T>[] = [];
  const others: FoundImage[] = [];
  firsts.value.forEach((value, at) => {
    const image = files[at];
    if (!image) return;
    const [first, ...rest] = choice === 'all' ? framesOf(value) : [];
    if (first === undefined || rest.length === 0) outcomes.push({ image, value });
    else if (rest.length >= FRAMES_LIMIT)
      outcomes.push({ image, value: refused(fail('image-frames-too-many', { file: image.path, limit: FRAMES_LIMIT }).failure) });
    else {
      outcomes.push({ image: { ...image, frame: first }, value });
      others.push(...rest.map((frame) => ({ ...image, frame })));
    }
  });
  if (others.length === 0) return ok(outcomes);
  const further = await read(others);
  if (!further.ok) return further;
  outcomes.push(...further.value.flatMap((value, at) => (others[at] ? [{ image: others[at], value }] : [])));
  return ok(outcomes.sort((a, b) => compareImages(a.image, b.image)));
}
