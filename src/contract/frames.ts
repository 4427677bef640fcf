import type { ImageRecord } from './model';

/**
 * More frames of one file are not taken as images of their own. Tomosynthesis has about 100, long fluoroscopy some hundred; what
 * has more is a film or a damaged number, and would bury the other images of a project.
 */
export const FRAMES_LIMIT = 1000;

/** How an image is called where a person reads it: by its path, and its frame counted from 1. Tables count from 0. */
export const imageName = ({ path, frame }: Pick<ImageRecord, 'path' | 'frame'>): string =>
  frame === null ? path : `${path}, frame ${String(frame + 1)}`;
