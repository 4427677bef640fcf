import type { ImageNote, ImageRecord, Stated } from './model';

type Facts = Stated & Pick<ImageRecord, 'stated' | 'notes'>;

/** Patient, study and view that hold for an image: what a table or its name states goes before the file's header. */
export const factsOf = ({ patient, study, view, stated }: Facts): Stated => ({
  patient: stated?.patient ?? patient,
  study: stated?.study ?? study,
  view: stated?.view ?? view,
});

/**
 * The defined terms of View Position for what is no frontal view (DICOM PS3.3 C.8.1.2, C.8.11.5: lateral, decubitus, oblique),
 * and what people and data sets write instead.
 */
export const isLateral = (view: string | null): boolean =>
  view !== null && (/^(L|LL|RL|LLD|RLD|LAT|LLO|RLO)$/i.test(view) || /(^|[^a-z])lateral/i.test(view));

/** What to tell of an image: what was noted when its file was read, and what its view says, whoever stated it. */
export function notesOf(image: Facts): ImageNote[] {
  const others = (image.notes ?? []).filter((note) => note !== 'view-lateral');
  return isLateral(factsOf(image).view) ? ['view-lateral', ...others] : others;
}
