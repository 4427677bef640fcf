import type { ImageNote } from './model';

/**
 * How a file becomes the picture that is shown and embedded, as a number: whatever changes the picture of a file that could be read before
 * raises it. Rows of the store, facts and image records carry it. What has none is from before it was counted, and has rule 0.
 */
export const DISPLAY_RULE = 1;

/** The notes that a reading leaves (others come from what the header states), and the rule that brought each: before, the picture was another one. */
const broughtBy: Partial<Record<ImageNote, number>> = {
  'window-empty': 1,
  'lut-scaled': 1,
  'depth-differs': 1,
  'part-damaged': 1,
  // Shown by percentiles before as well: only the word is new.
  'window-invalid': 0,
};

/** Whether a file of this format may be another picture than under an earlier rule: only reading it tells. */
export const mayBeRedrawn = (rule: number, format: string): boolean => rule < 1 && format === 'DICOM';

export const readingNotes = (notes: readonly ImageNote[] = []): ImageNote[] => notes.filter((note) => note in broughtBy);

/** Whether an image with these notes was another picture under an earlier rule. */
export const redrawnSince = (rule: number, notes: readonly ImageNote[] = []): boolean =>
  notes.some((note) => (broughtBy[note] ?? 0) > rule);
