import type { SuspectLabel } from '../../contract/views';
import type { Finding, Kept, Task } from '../../contract/model';
import { percent } from '../controls/figures';
import type { CellView } from '../labels/labels';

/** What has become of a suspect label. */
export type Standing = 'open' | 'kept' | 'changed';

/** Near 0 and 1 a probability says less than its odds pretend. */
const SURE = 0.01;
/** The odds against a kept label have to grow by this factor before anybody is asked again. */
const FACTOR = 3;

const oddsAgainst = (probability: number): number => {
  const p = Math.min(1 - SURE, Math.max(SURE, probability));
  return (1 - p) / p;
};

/** Whether the head says something else against a kept label than it said then: another class, or at far longer odds. */
export const isNewEvidence = (kept: Pick<Kept, 'probability' | 'other'>, suspect: SuspectLabel): boolean =>
  kept.other !== suspect.other.finding || oddsAgainst(suspect.probability) > FACTOR * oddsAgainst(kept.probability);

export function standingOf(suspect: SuspectLabel, cell: CellView): Standing {
  if (cell.state !== suspect.state) return 'changed';
  return cell.kept && !isNewEvidence(cell.kept, suspect) ? 'kept' : 'open';
}

const nameOf = (findings: readonly Finding[], id: Finding['id']): string => findings.find((finding) => finding.id === id)?.name ?? '';

/** What was answered, in a few words. */
export const given = (task: Task, findings: readonly Finding[], { finding, state }: SuspectLabel): string =>
  task === 'multiclass' ? nameOf(findings, finding) : `${nameOf(findings, finding)}: ${state}`;

/** What the head would have answered. */
export const instead = (task: Task, findings: readonly Finding[], { other }: SuspectLabel): string =>
  task === 'multiclass' ? nameOf(findings, other.finding) : `${nameOf(findings, other.finding)}: ${other.state}`;

/** Why the label is suspect, in sentences. */
export function why(task: Task, findings: readonly Finding[], suspect: SuspectLabel, kept: Kept | null): string[] {
  const { other, probability } = suspect;
  const answer = task === 'multiclass' ? nameOf(findings, other.finding) : `${nameOf(findings, other.finding)} ${other.state}`;
  const said = `A head fitted without this patient’s labels gives ${answer} ${percent(other.probability)}, the label ${percent(probability)}.`;
  const usual =
    other.usual === null ? [] : [`Images labelled ${answer} get ${percent(other.usual)} for it on average; this one gets more.`];
  const again = kept
    ? [
        kept.other === other.finding
          ? `You kept this label when the head gave it ${percent(kept.probability)}; the odds against it have grown since.`
          : `You kept this label when the head held it for ${nameOf(findings, kept.other)}.`,
      ]
    : [];
  return [said, ...usual, ...again];
}
