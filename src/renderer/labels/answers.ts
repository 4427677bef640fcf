import type { CellState, Finding, Id, Task } from '../../contract/model';
import { cellOf, type ImageView } from './labels';

/** One cell that is to be set. */
export interface Answer {
  readonly finding: Id;
  readonly state: CellState;
}

/** Probability of `present` by finding; a finding without one is not there. */
export type Probabilities = ReadonlyMap<Id, number>;

/** What the newest full round lets Enter take over of one finding (the contract's Acceptance). */
export interface Rule {
  /** The model is better at it than the prevalence, on patients that it had not seen. */
  readonly skill: boolean;
  /** Multi-class: there are labels enough of this class. */
  readonly enough: boolean;
  /** Multi-label: present from here on, absent below; null: never. */
  readonly present: number | null;
  readonly absent: number | null;
}

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
 * What Enter will write, outlined beforehand, by the newest round's rule and by nothing else: a finding without skill stays unread. Only cells
 * that nobody has read are proposed; an answered multi-class image has no proposal.
 */
export function proposed(
  task: Task,
  findings: readonly Finding[],
  view: ImageView,
  probabilities: Probabilities | null,
  ruleOf: (finding: Id) => Rule | null,
): Answer[] {
  if (!probabilities) return [];
  if (task === 'multiclass') {
    if (view.answered) return [];
    const [first, second] = ranked(findings, probabilities);
    if (!first || !second || first.probability < LIKELY) return [];
    const [rule, next] = [ruleOf(first.finding), ruleOf(second.finding)];
    return rule?.skill && rule.enough && next?.enough ? onlyPresent(findings, view, first.finding) : [];
  }
  return findings.flatMap(({ id }): Answer[] => {
    const p = probabilities.get(id);
    const rule = ruleOf(id);
    if (p === undefined || !rule?.skill || cellOf(view, id).state !== 'none') return [];
    if (rule.present !== null && p >= rule.present) return [{ finding: id, state: 'present' }];
    return rule.absent !== null && p < rule.absent ? [{ finding: id, state: 'absent' }] : [];
  });
}

interface Likely {
  readonly finding: Id;
  readonly probability: number;
}

/** The likeliest first; equal ones in the order of the findings. */
const ranked = (findings: readonly Finding[], probabilities: Probabilities): Likely[] =>
  findings
    .flatMap(({ id }): Likely[] => {
      const probability = probabilities.get(id);
      return probability === undefined ? [] : [{ finding: id, probability }];
    })
    .sort((a, b) => b.probability - a.probability);

export const likeliest = (findings: readonly Finding[], probabilities: Probabilities): Likely | null =>
  ranked(findings, probabilities)[0] ?? null;

/** The unread finding of which the head knows least (nearest to one half); without a head, the first unread one. */
export function leastCertain(findings: readonly Finding[], view: ImageView, probabilities: Probabilities | null): Id | null {
  const unread = findings.filter(({ id }) => cellOf(view, id).state === 'none');
  const distance = ({ id }: Finding) => Math.abs((probabilities?.get(id) ?? 0.5) - 0.5);
  return unread.reduce<Finding | null>((best, finding) => (best && distance(best) <= distance(finding) ? best : finding), null)?.id ?? null;
}
