import type { SuspectLabel } from '../../contract/views';
import type { Suspect } from '../../contract/jobs/trainer';
import type { Finding, Id } from '../../contract/model';

/** The trainer's suspects, which it knows by row and column, as labels of the project. */
export function suspectLabels(suspects: readonly Suspect[], pool: readonly Id[], findings: readonly Finding[]): SuspectLabel[] {
  return suspects.flatMap(({ row, finding, state, probability, other, score }): SuspectLabel[] => {
    const image = pool[row];
    const own = findings[finding]?.id;
    const instead = findings[other.finding]?.id;
    if (image === undefined || own === undefined || instead === undefined) return [];
    return [{ image, finding: own, state, probability, other: { ...other, finding: instead }, score }];
  });
}

/** Rows of the pool with their similarity, as images. */
export const similarImages = (rows: readonly { row: number; similarity: number }[], pool: readonly Id[]) =>
  rows.flatMap(({ row, similarity }) => {
    const image = pool[row];
    return image === undefined ? [] : [{ image, similarity }];
  });
