import { DISPLAY_RULE } from '../../contract/display-rule';
import type { EmbeddedItem } from '../../contract/jobs/encoder';
import type { Id, ImageRecord, Project } from '../../contract/model';
import { hashPatient } from '../metadata/rule';
import { keyOf } from '../folder/folder';
import { frameRecords } from './frames';

/** The images with what was found while they were embedded; a file that turns out to have more frames becomes more images. */
export function readImages(
  items: readonly EmbeddedItem[],
  project: Pick<Project, 'id' | 'frames'>,
  known: ReadonlyMap<Id, ImageRecord>,
): ImageRecord[] {
  const all = project.frames === 'all';
  // A file that was divided before and has changed since may have more frames now.
  const dividedAgain = all && items.some((item) => item.status === 'ok' && item.facts.frames && known.get(item.key)?.frame === 0);
  const recorded = new Set(dividedAgain ? Array.from(known.values(), frameKey) : []);
  return items.flatMap((item) => {
    const image = item.status === 'ok' ? known.get(item.key) : undefined;
    if (item.status !== 'ok' || !image) return [];
    const { sha256, width, height, patient, study, view, notes = [] } = item.facts;
    // The salt is the project's id: the same patient cannot be recognised across projects.
    const hashed = patient === null ? null : hashPatient(project.id, patient);
    const read = { ...image, sha256, width, height, patient: hashed, study, view, notes, display: DISPLAY_RULE };
    return all ? frameRecords(read, item.facts.frames ?? [], (frame) => recorded.has(frameKey({ ...image, frame }))) : [read];
  });
}

const frameKey = (image: ImageRecord) => `${String(image.frame)} ${keyOf(image)}`;
