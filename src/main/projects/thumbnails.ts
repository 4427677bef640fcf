import { join } from 'node:path';
import type { Id, ImageRecord } from '../../contract/model';

/** Longest side in pixels: sharp at the largest grid size on a screen of double density. */
export const THUMBNAIL_SIZE = 384;

/** The name carries size and time of the file, so that a changed image gets a new thumbnail. */
export const thumbnailFile = (profile: string, project: Id, image: ImageRecord) =>
  join(profile, 'thumbnails', project, `${image.id}-${image.bytes.toString(36)}-${Math.round(image.mtime).toString(36)}.webp`);
