import type { Task } from '../../contract/model';

interface Counts {
  readonly present: number;
  readonly absent: number;
}

/**
 * The share of right answers of somebody who never looks and always gives the commoner one: what an accuracy has to beat.
 * Multi-class: the commonest class; multi-label: for each finding present or absent, over all answers. Null without labels.
 */
export function commonerShare(task: Task, findings: readonly Counts[]): number | null {
  const total = findings.reduce((sum, { present, absent }) => sum + present + (task === 'multilabel' ? absent : 0), 0);
  if (total === 0) return null;
  if (task === 'multiclass') return Math.max(...findings.map(({ present }) => present)) / total;
  return findings.reduce((sum, { present, absent }) => sum + Math.max(present, absent), 0) / total;
}
