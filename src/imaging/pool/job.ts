import type { TileRecipe } from '../../contract/encoder-card';
import type { FileFacts, HeaderField, ImageFacts, ImageSource, Pixels, Tile } from '../../contract/jobs/imaging';
import type { Result } from '../../contract/result';
import type { SampleFormat } from '../phantoms/file';
import type { PhantomPlan } from '../phantoms/plan';

/** What a worker thread is asked for, one at a time. */
export type Job =
  | {
      readonly kind: 'read';
      readonly source: ImageSource;
      readonly tile?: TileRecipe;
      readonly thumbnail?: { file: string; size: number };
      readonly picture?: { file: string };
    }
  | { readonly kind: 'identify'; readonly source: ImageSource }
  | { readonly kind: 'pixels'; readonly source: ImageSource }
  | { readonly kind: 'frames'; readonly source: ImageSource }
  | { readonly kind: 'hash'; readonly source: ImageSource }
  | { readonly kind: 'header'; readonly source: ImageSource }
  /** Draws a phantom into the file. */
  | { readonly kind: 'phantom'; readonly source: ImageSource; readonly plan: PhantomPlan; readonly format: SampleFormat };

export type JobValue = {
  read: { facts: ImageFacts; tile?: Tile };
  identify: FileFacts;
  pixels: Pixels;
  frames: number;
  hash: string;
  header: HeaderField[];
  phantom: null;
};

export interface Reply {
  readonly result: Result<JobValue[Job['kind']]>;
  /** The decoder's memory has grown and never shrinks: replace the thread. */
  readonly spent: boolean;
}
