import type { CellState, Finding, Id, Task } from '../../contract/model';
import { cellOf, type ImageView } from './labels';

/** One cell that is to be set. */
export interface Answer {
  readonly finding: Id;
  readonly state: CellState;
}

/** Calibrated probability of `present` by finding; a finding without one is not there. */
export type Probabilities = ReadonlyMap<Id, number>;

/** From here on a multi-label proposal counts as confident; below 1 - this, as a confident absence. */
export const CONFIDENT = 0.9;
/** A multi-class proposal is the likeliest finding, if it is likelier than all others together. */
export const LIKELY = 0.5;

/** present -> absent -> not read -> present; unsure goes to present. */
export const cycled = (state: CellState): CellState =>
  (({ none: 'present', present: 'absent', absent: 'none', unsure: 'present' }) as const)[state];

/**
 * A finding's key. Multi-class: this finding is present and all others are absent (one answer an image).
 * Multi-label: the cell goes one step around.
 */
export function keyAnswer(task: Task, findings: readonly Finding[], view: ImageView, finding: Id): Answer[] {
  if (task === 'multilabel') return [{ finding, state: cycled(cellOf(view, finding).state) }];
  return onlyPresent(findings, view, finding);
}

export const onlyPresent = (findings: readonly Finding[], view: ImageView, finding: Id): Answer[] =>
  findings
    .map(({ id }) => ({ finding: id, state: id === finding ? ('present' as const) : ('absent' as const) }))
    .filter(({ finding: id, state }) => id === finding || cellOf(view, id).state !== state);

/** Shift and a finding's key; a second time takes it back. */
export const unsureAnswer = (view: ImageView, finding: Id): Answer[] => [
  { finding, state: cellOf(view, finding).state === 'unsure' ? 'none' : 'unsure' },
];

/** Multi-class "0": nobody can tell what this image shows, so every finding is unsure. */
export const allUnsure = (findings: readonly Finding[]): Answer[] => findings.map(({ id }) => ({ finding: id, state: 'unsure' }));

/** Multi-label "A": what nobody has read is absent. */
export const absentRest = (findings: readonly Finding[], view: ImageView): Answer[] =>
  findings.flatMap(({ id }) => (cellOf(view, id).state === 'none' ? [{ finding: id, state: 'absent' as const }] : []));

export const cleared = (findings: readonly Finding[], view: ImageView): Answer[] =>
  findings.flatMap(({ id }) => (cellOf(view, id).state === 'none' ? [] : [{ finding: id, state: 'none' as const }]));

/**
 * What Enter would set, shown beforehand as ghosts (in multi-class only the finding that would be present). Only cells that nobody has read are proposed; an answered
 * multi-class image has no proposal.
 */
export function proposed(task: Task, findings: readonly Finding[], view: ImageView, probabilities: Probabilities | null): Answer[] {
  if (!probabilities) return [];
  if (task === 'multiclass') {
    if (view.answered) return [];
    const best = likeliest(findings, probabilities);
    return best && best.probability >= LIKELY ? onlyPresent(findings, view, best.finding) : [];
  }
  return findings.flatMap(({ id }): Answer[] => {
    const p = probabilities.get(id);
    if (p === undefined || cellOf(view, id).state !== 'none') return [];
    if (p >= CONFIDENT) return [{ finding: id, state: 'present' }];
    return p <= 1 - CONFIDENT + 1e-9 ? [{ finding: id, state: 'absent' }] : [];
  });
}

export function likeliest(findings: readonly Finding[], probabilities: Probabilities): { finding: Id; probability: number } | null {
  let best: { finding: Id; probability: number } | null = null;
  for (const { id } of findings) {
    const probability = probabilities.get(id);
    if (probability !== undefined && (!best || probability > best.probability)) best = { finding: id, probability };
  }
  return best;
}

/** The unread finding of which the head knows least (nearest to one half); without a head, the first unread one. */
export function leastCertain(findings: readonly Finding[], view: ImageView, probabilities: Probabilities | null): Id | null {
  const unread = findings.filter(({ id }) => cellOf(view, id).state === 'none');
  const distance = ({ id }: Finding) => Math.abs((probabilities?.get(id) ?? 0.5) - 0.5);
  return unread.reduce<Finding | null>((best, finding) => (best && distance(best) <= distance(finding) ? best : finding), null)?.id ?? null;
}
