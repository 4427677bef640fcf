import type { ImageNote, ImageRecord } from './model';

/**
 * The defined terms of View Position for what is no frontal view (DICOM PS3.3 C.8.1.2, C.8.11.5: lateral, decubitus, oblique),
 * and what people and data sets write instead.
 */
export const isLateral = (view: string | null): boolean =>
  view !== null && (/^(L|LL|RL|LLD|RLD|LAT|LLO|RLO)$/i.test(view) || /(^|[^a-z])lateral/i.test(view));

/** What to tell of an image: what was noted when its file was read, and what its view says, whoever stated it. */
export function notesOf({ notes = [], view }: Pick<ImageRecord, 'notes' | 'view'>): ImageNote[] {
  const others = notes.filter((note) => note !== 'view-lateral');
  return isLateral(view) ? ['view-lateral', ...others] : others;
}
