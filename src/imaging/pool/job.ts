import type { TileRecipe } from '../../contract/encoder-card';
import type { ImageFacts, ImageSource, Pixels, Tile } from '../../contract/jobs/imaging';
import type { Result } from '../../contract/result';

/** What a worker thread is asked for, one at a time. */
export type Job =
  | { readonly kind: 'read'; readonly source: ImageSource; readonly tile?: TileRecipe; readonly thumbnail?: { file: string; size: number } }
  | { readonly kind: 'pixels'; readonly source: ImageSource }
  | { readonly kind: 'frames'; readonly source: ImageSource };

export type JobValue = {
  read: { facts: ImageFacts; tile?: Tile };
  pixels: Pixels;
  frames: number;
};

export interface Reply {
  readonly result: Result<JobValue[Job['kind']]>;
  /** The decoder's memory has grown and never shrinks: replace the thread. */
  readonly spent: boolean;
}
