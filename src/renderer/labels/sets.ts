import type { Metrics } from '../../contract/jobs/trainer';
import type { Finding, Task } from '../../contract/model';
import type { Probabilities } from './answers';

export interface ProposalSet {
  /** Multi-class: the findings that cannot be ruled out. Multi-label: those of which neither answer can be. */
  readonly findings: readonly Finding[];
  /** Share of images whose truth such sets miss. */
  readonly alpha: number;
  /** Audit draws of the finding with the fewest. */
  readonly n: number;
}

/** What the head cannot rule out, at the error rate that audit draws vouch for; null while there are too few of them. */
export function proposalSet(
  task: Task,
  findings: readonly Finding[],
  columnOf: (finding: Finding['id']) => number | null,
  probabilities: Probabilities,
  sets: NonNullable<Metrics['sets']>,
): ProposalSet | null {
  const open: Finding[] = [];
  const counts: number[] = [];
  for (const finding of findings) {
    const column = columnOf(finding.id);
    const p = probabilities.get(finding.id);
    const least = column === null ? null : sets.least[column];
    // Without a bound nothing can be ruled out, so that a set over the other findings would promise too much.
    if (column === null || p === undefined || least === null || least === undefined) {
      if (task === 'multiclass') return null;
      continue;
    }
    counts.push(sets.n[column] ?? 0);
    if (task === 'multiclass' ? p >= least : p >= least && 1 - p >= least) open.push(finding);
  }
  return counts.length === 0 ? null : { findings: open, alpha: sets.alpha, n: Math.min(...counts) };
}

/** The set as a sentence. */
export function setSentence(task: Task, { findings, alpha, n }: ProposalSet): string {
  const names = findings.map(({ name }) => name).join(', ');
  const vouched = `right in ${String(Math.round((1 - alpha) * 100))} % of cases, from ${String(n)} blind audits`;
  if (task === 'multilabel') return names === '' ? `Nothing is left open (${vouched}).` : `Left open: ${names} (${vouched}).`;
  return names === ''
    ? `Unlike anything audited: no finding is likely (${vouched}).`
    : `${findings.length === 1 ? 'Only' : 'One of'} ${names} (${vouched}).`;
}
